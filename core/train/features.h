/* SPDX-License-Identifier: MIT
 * features.h: writes any value of a net for every image of a split, or of files, as an array. */
#ifndef FOVEA_FEATURES_H
#define FOVEA_FEATURES_H

#include "core/train/pipeline.h"
#include "core/train/session.h"
#include "core/train/weights.h"

typedef struct {
    FvPipeline *pipeline; /* its output becomes the value: for nothing else from then on */
    FvDevice *device;
    FvBeginning begin;        /* of the parameters */
    guint64 seed;             /* which samples are in which share: that of the training */
    const char *value;        /* what `as` calls it, or the path of its layer */
    FvSplit split;            /* of the pipeline's data */
    const char *const *files; /* images in the place of a split, NULL-ended; or NULL */
    const char *out;          /* .npy to write: float32 N,C,H,W, or N,C where there is one pixel */
    const char *labels;       /* .npy to write: int64 N; or NULL */
    const char *names;        /* text to write: where each image came from, one a line; or NULL */
    FvProgressBar *progress;
    const volatile sig_atomic_t *stop;
} FvFeaturesSettings;

/** Writes them batch by batch, in the order of the data, prepared but not augmented; files are whole or not there.
 * @samples, @shape: what was written. FV_ERROR_UNKNOWN: no value is called so, with the nearest name; FV_ERROR_OPTION:
 * the images have no classes. Returns FALSE with an error, or without one where it was stopped. */
gboolean fv_features(const FvFeaturesSettings *settings, gint64 *samples, FvShape *shape, GError **error);

#endif
