/* SPDX-License-Identifier: MIT
 * apply.h: a net on tensors and image files, without a data source: predictions, and the gradients of one step. */
#ifndef FOVEA_APPLY_H
#define FOVEA_APPLY_H

#include "core/graph/graph.h"
#include "core/device/device.h"
#include "core/plan/plan.h"
#include "core/sink/safetensors.h"
#include "core/train/weights.h"

typedef struct {
    const FvGraph *graph; /* borrowed, as everything here */
    FvDevice *device;
    FvBeginning begin; /* of the parameters; without a file they are as training begins with them */
    /* For fv_apply_files() alone, as are begin.others: */
    FvLink link; /* makes what is given of the output */
    int copies;  /* of each image, which are averaged: itself, and others augmented by begin.seed; 0: 1 */
} FvApplySettings;

/** The output for every sample of @in, float32 or float64 of shape N,C,H,W (trailing ones may be missing).
 * Returns N,C,H,W of float32. FV_ERROR_DATA where the shape is not that of the net's input; @name stands for the tensor
 * in messages. */
FvTensor *fv_apply_forward(const FvApplySettings *settings, const FvTensor *in, const char *name, GError **error);

/** One training step's forward and backward pass (batch statistics, no update). @target: int64 classes of shape N, or
 * numbers of the output's shape; every loss with a target gets the same one.
 * @loss: the whole loss, penalties included. @grads: the gradient of every trained parameter under its name. */
gboolean fv_apply_gradients(const FvApplySettings *settings, const FvTensor *in, const char *in_name,
                            const FvTensor *target, const char *target_name, double *loss, FvTensors **grads,
                            GError **error);

/** Whether @tensor is samples of that shape; trailing ones may be missing. Sets the number of samples. */
gboolean fv_apply_check_shape(const FvTensor *tensor, const char *name, FvShape shape, int *samples, GError **error);
/** Writes every target of the net's losses. */
gboolean fv_apply_set_targets(FvPlan *plan, const FvGraph *graph, const FvTensor *target, const char *name, int samples,
                              GError **error);

/** Called for every file, in order. @output: C,H,W of the output's shape. */
typedef void (*FvApplyFunc)(const char *file, const double *output, FvShape shape, gpointer data);

/** The output for image files, which go through the pipeline's `prepare` chain; averaged over nets and copies, where
 * settings have several.
 * @classes, unless NULL: set to the names of the classes, where the weights file tells them; g_strfreev() it. Set
 * before the first call of @func. */
gboolean fv_apply_files(const FvApplySettings *settings, const char *const *files, char ***classes, FvApplyFunc func,
                        gpointer data, GError **error);

#endif
