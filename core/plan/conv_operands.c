/* SPDX-License-Identifier: MIT
 * conv_operands.c: what a convolution is computed with: the node's own values and parameters, or others. */
#include "core/plan/conv.h"
#include "core/plan/private.h"

#include "conv_fold.cl.h"

FvConvOperands fv_conv_operands(const FvNode *node, const FvConv *conv)
{
    static const FvConvOperands none = { 0 };
    FvConvOperands on = conv->on ? *conv->on : none;
    if (conv->passes)
        return on;
    const gboolean training = fv_node_training(node);
    on.x = on.x ? on.x : fv_node_x(node, 0);
    on.y = on.y ? on.y : fv_node_y(node);
    on.dy = on.dy ? on.dy : fv_node_dy(node);
    on.dx = on.dx || !training ? on.dx : fv_node_dx(node, 0);
    on.weight = on.weight ? on.weight : fv_node_param(node, conv->weight);
    on.weight_gradient = on.weight_gradient ? on.weight_gradient : fv_node_gradient(node, conv->weight);
    if (conv->bias) {
        on.bias = on.bias ? on.bias : fv_node_param(node, conv->bias_param);
        on.bias_gradient = on.bias_gradient ? on.bias_gradient : fv_node_gradient(node, conv->bias_param);
    }
    return on;
}

FvConvWeights fv_conv_weights(FvNode *node, const FvConv *conv, gboolean backward, FvList *list)
{
    const FvNode *norm = backward || conv->passes ? NULL : fv_fuse_folded(node);
    const FvConvOperands on = fv_conv_operands(node, conv);
    const FvConvWeights weights = { on.weight, conv->bias && !backward ? on.bias : NULL };
    if (!norm)
        return weights;
    FvFold fold = { .epsilon = 0 };
    fv_node_layer(norm)->fold(norm, norm->self, &fold);
    const FvConvWeights folded = { fv_node_scratch(node, conv->fold_scratch[0]),
                                   fv_node_scratch(node, conv->fold_scratch[1]) };
    fv_launch(
        list, conv->kernels[FV_CONV_FOLD], fv_node_grid(node, (size_t) conv->out.c, 1, 1), fv_buffer(weights.weight),
        fv_buffer(weights.bias ? weights.bias : weights.weight), fv_buffer(fv_node_param(norm, fold.weight)),
        fv_buffer(fv_node_param(norm, fold.bias)), fv_buffer(fv_node_param(norm, fold.mean)),
        fv_buffer(fv_node_param(norm, fold.var)), fv_buffer(folded.weight), fv_buffer(folded.bias),
        fv_int((int) (fv_conv_weight_count(conv) / conv->out.c)), fv_int(weights.bias != NULL), fv_real(fold.epsilon));
    return folded;
}

FvKernel *fv_conv_fold_kernel(FvNode *node)
{
    return fv_node_add_kernel(node, conv_fold_cl, "conv_fold", NULL);
}
