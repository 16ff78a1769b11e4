/* SPDX-License-Identifier: MIT
 * exec.h: enqueues recorded lists; nothing here waits. */
#ifndef FOVEA_EXEC_H
#define FOVEA_EXEC_H

#include "core/plan/launch.h"

/** What changes from step to step. */
typedef struct {
    guint32 step; /* of the training, from 0 */
    int slot;     /* 0 .. slots - 1: where the results go */
    double rate;
    guint64 seed;
} FvStep;

/** Enqueues every launch of a list. FV_ERROR_OPENCL names the kernel that was refused. */
gboolean fv_exec_enqueue(FvDevice *device, const FvList *list, const FvStep *step, GError **error);

#endif
