/* SPDX-License-Identifier: MIT
 * conv: convolution with strides, padding, dilation and groups. */
#include "conv_hooks.h"

typedef struct {
    FvConv conv;
    int channels, groups;
    FvSize kernel, stride, pad, dilation;
    gboolean bias;
    FvInit init;
    int winograd;
} Conv;

static const FvOption options[] = {
    FV_OPT_INT(Conv, channels, 0, 1, CONV_LARGEST_CHANNELS, "channels of the output", .flags = FV_REQUIRED),
    FV_OPT_SIZE(Conv, kernel, 3, 1, CONV_LARGEST_KERNEL, "extent of the kernel", .unit = "px"),
    FV_OPT_SIZE(Conv, stride, 1, 1, CONV_LARGEST_KERNEL, "step from one output to the next", .unit = "px"),
    FV_OPT_SIZE(Conv, pad, 0, 0, CONV_LARGEST_KERNEL, "margin of zeros on each side", .unit = "px"),
    CONV_SHARED_OPTIONS(Conv),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Conv *layer = self;
    layer->conv = (FvConv){
        .in = fv_node_input(node, 0),
        .out = { .c = layer->channels },
        CONV_SHARED_MEMBERS(layer),
    };
    return fv_conv_plan(node, &layer->conv, error);
}

static const char *const examples[] = { "conv(4)",
                                        "conv(5, 3, pad=1)",
                                        "conv(3, [3, 2], stride=[2, 3], pad=[1, 0])",
                                        "conv(6, 2, dilation=2, pad=1)",
                                        "conv(6, 3, pad=1, groups=3, bias=false)",
                                        "conv(18, 1, init=xavier)",
                                        "conv(19, 3, pad=1, winograd=on)",
                                        "conv(5, 3, pad=[0, 2], bias=false, winograd=on)",
                                        "conv(20, 3, pad=1, winograd=off)",
                                        NULL };

static const FvLayer conv = {
    .base = { FV_HEAD(FvLayer, Conv), .kind = FV_LAYER, .name = "conv", .summary = "convolution", .options = options,
              .details =
                  "y[o, i, j] = bias[o] + sum over channels c and taps m, n of weight[o, c, m, n] * x[c, i * stride - "
                  "pad + m * dilation, j * stride - pad + n * dilation], zero outside the image: the cross-correlation "
                  "that the field calls convolution. c x h x w becomes channels x oh x ow, oh = (h + 2 pad - dilation "
                  "* (kernel - 1) - 1) / stride + 1 rounded down, and ow likewise. With groups, the channels of input "
                  "and output are cut into that many parts, each of which sees its own alone; groups = c is a "
                  "depthwise convolution. weight is channels x c / groups x kernel x kernel. winograd=auto takes "
                  "Winograd's F(4x4, 3x3), forward and for both gradients, where both sides have 32 channels or more, "
                  "on CPUs and where vectors run over channels: a quarter of the multiplications, with rounding "
                  "errors about three times as large.\n\n"
                  "Backward: dx is the convolution of dy with the kernel turned round; dweight[o, c, m, n] = sum over "
                  "samples and i, j of dy[o, i, j] * x[c, i * stride - pad + m * dilation, j * stride - pad + n * "
                  "dilation]; dbias[o] = sum over samples and i, j of dy[o, i, j].",
              .reference = "LeCun et al., Gradient-based learning applied to document recognition, 1998",
              .examples = examples },
    .plan = plan,
    CONV_HOOKS,
};
FV_EXPORT(conv)
