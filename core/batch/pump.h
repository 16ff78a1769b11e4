/* SPDX-License-Identifier: MIT
 * pump.h: all outputs on their way: threads that read and write, the device between, order at the end. */
#ifndef FOVEA_BATCH_PUMP_H
#define FOVEA_BATCH_PUMP_H

#include "core/batch/make.h"

/** Called for outputs in order, from the thread that called fv_pump(). FALSE with an error ends everything. @error may
 * be NULL. */
typedef gboolean (*FvPumpFunc)(FvMade *made, gpointer data, GError **error);

/** Gives what computes, when it is first needed: the kernels may be on their way until then. NULL with an error ends
 * everything. */
typedef FvAugmenter *(*FvPumpAugmenter)(gpointer data, GError **error);

/** Which outputs are shown on the sheet: the place of @index, or -1. */
typedef int (*FvPumpShow)(guint64 index, gpointer data);

typedef struct {
    const FvMaker *maker;
    FvPumpAugmenter augmenter;
    int jobs;           /* threads, at least 1 */
    int batch;          /* outputs at once on the device, at least 1 */
    FvPumpFunc on_bad;  /* an output cannot be made for its image: made->error, made->bad */
    FvPumpFunc on_done; /* an output is made, or was there before */
    FvPumpShow show;
    gpointer data;
} FvPump;

/** Makes everything, or as much as can be until settings->stop. Of several errors the first is told: outputs before one
 * that cannot be made are made. */
gboolean fv_pump(const FvPump *pump, GError **error);

#endif
