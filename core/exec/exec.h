/* SPDX-License-Identifier: MIT
 * exec.h: enqueues recorded lists; nothing here waits but what measures. */
#ifndef FOVEA_EXEC_H
#define FOVEA_EXEC_H

#include "core/plan/launch.h"

/** What changes from step to step. */
typedef struct {
    guint32 step; /* of the training, from 0 */
    int slot;     /* 0 .. slots - 1: where the results go */
    double rate;
    guint64 seed;
    guint32 update; /* from 0: the step, where each batch has an update */
    double share;   /* of this batch in the gradient of an update that takes several */
} FvStep;

/** Enqueues every launch of a list. FV_ERROR_OPENCL names the layer and the kernel that was refused. */
gboolean fv_exec_enqueue(FvDevice *device, const FvList *list, const FvStep *step, GError **error);

/** Runs a list and waits for it, in a queue that keeps times (fv_device_set_profiling()).
 * @seconds: gets the time on the device of each launch, in the list's order. */
gboolean fv_exec_profile(FvDevice *device, const FvList *list, const FvStep *step, double *seconds, GError **error);

#endif
