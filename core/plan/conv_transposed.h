/* SPDX-License-Identifier: MIT
 * conv_transposed.h: what transposed convolutions need beside the passes of the convolution that they turn round. */
#ifndef FOVEA_CONV_TRANSPOSED_H
#define FOVEA_CONV_TRANSPOSED_H

#include "core/plan/conv.h"

/** Sets the extents of the layer's output, conv->in. Errors: FV_ERROR_OPTION, FV_ERROR_SHAPE. */
gboolean fv_transposed_set_extents(FvConv *conv, GError **error);

/** The gradient of the bias: dy added up over the pixels of the batch. */
void fv_transposed_bias_plan(FvNode *node, FvConv *conv);
void fv_transposed_bias_build(FvNode *node, FvConv *conv);
void fv_transposed_bias_gradient(FvNode *node, const FvConv *conv, FvList *list);

#endif
