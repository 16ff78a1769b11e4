/* SPDX-License-Identifier: MIT
 * conv_operands.c: what a convolution is computed with: the node's own values and parameters, or others. */
#include "core/plan/conv.h"
#include "core/plan/private.h"

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

FvConvOperands fv_conv_sum_operands(const FvNode *node, const FvConv *conv)
{
    FvConvOperands on = fv_conv_operands(node, conv);
    if (!conv->transposed)
        return on;
    FvBuffer *image = on.dy;
    on.dy = on.x;
    on.x = image;
    return on;
}
