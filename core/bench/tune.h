/* SPDX-License-Identifier: MIT
 * tune.h: tiles of the kernels for GPUs, found by trying, and kept in the user's cache folder. */
#ifndef FOVEA_TUNE_H
#define FOVEA_TUNE_H

#include "core/bench/bench.h"

/** What was found for a product of a net. */
typedef struct {
    char *layer, *kernel;          /* "conv1", "conv_forward" */
    char *text;                    /* FvPlanProduct.text */
    int tile, usual;               /* numbers of the fastest tile, and of the one that was taken before */
    double seconds, usual_seconds; /* of a launch, with each of them; 0: it could not be had */
} FvTuned;

/** Tries every tile with the convolutions and dense layers of a net, in training where it trains. What each takes is
 * what launches of several steps take, as the driver tells.
 * Returns an array of FvTuned, empty where the device's kernels have no such tiles (FV_FAMILY_CPU), or NULL. */
GArray *fv_tune(const FvBenchSettings *settings, GError **error);

/** The file of a device: $XDG_CACHE_HOME/fovea/tiles-KEY, of its name, its driver and the kernels; g_free() it. */
char *fv_tiles_file(const FvDevice *device);
/** Reads it for the plans on this device. FALSE, with the file's name and the reason, where it is there and cannot be
 * used: plans then choose by themselves, as they do where there is none, or where FOVEA_CACHE=0. */
gboolean fv_tiles_read(FvDevice *device, GError **error);
/** Adds what was found to it, and to the device. */
gboolean fv_tiles_write(FvDevice *device, const GArray *tuned, GError **error);

#endif
