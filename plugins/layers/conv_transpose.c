/* SPDX-License-Identifier: MIT
 * conv_transpose: transposed convolution: what a convolution's gradient does to its output, as a layer. */
#include "conv_hooks.h"

typedef struct {
    FvConv conv;
    int channels, groups;
    FvSize kernel, stride, pad, output_pad, dilation;
    gboolean bias;
    FvInit init;
    int winograd;
} ConvTranspose;

static const FvOption options[] = {
    FV_OPT_INT(ConvTranspose, channels, 0, 1, CONV_LARGEST_CHANNELS, "channels of the output", .flags = FV_REQUIRED),
    FV_OPT_SIZE(ConvTranspose, kernel, 3, 1, CONV_LARGEST_KERNEL, "extent of the kernel", .unit = "px"),
    FV_OPT_SIZE(ConvTranspose, stride, 1, 1, CONV_LARGEST_KERNEL,
                "distance in the output between neighbours of the input", .unit = "px"),
    FV_OPT_SIZE(ConvTranspose, pad, 0, 0, CONV_LARGEST_KERNEL, "margin that is cut off the output on each side",
                .unit = "px"),
    FV_OPT_SIZE(
        ConvTranspose, output_pad, 0, 0, CONV_LARGEST_KERNEL,
        "rows and columns that the output has more, on the bottom and on the right; less than the stride or the "
        "dilation",
        .unit = "px"),
    CONV_SHARED_OPTIONS(ConvTranspose),
    { 0 },
};

/* The convolution that this is the gradient of takes the output to the input. */
static gboolean plan(FvNode *node, void *self, GError **error)
{
    ConvTranspose *layer = self;
    layer->conv = (FvConv){
        .transposed = TRUE,
        .in = { .c = layer->channels },
        .out = fv_node_input(node, 0),
        .output_pad = layer->output_pad,
        CONV_SHARED_MEMBERS(layer),
    };
    return fv_conv_plan(node, &layer->conv, error);
}

static const char *const examples[] = { "conv_transpose(4)",
                                        "conv_transpose(5, 4, stride=2, pad=1)",
                                        "conv_transpose(3, [3, 2], stride=[2, 3], pad=[1, 0], output_pad=[1, 2])",
                                        "conv_transpose(6, 2, dilation=2, pad=1, output_pad=1)",
                                        "conv_transpose(6, 3, pad=1, groups=3, bias=false)",
                                        "conv_transpose(6, 3, stride=2, pad=1, groups=6)",
                                        "conv_transpose(18, 1, init=xavier)",
                                        "conv_transpose(19, 3, pad=1, winograd=on)",
                                        "conv_transpose(20, 3, pad=1, winograd=off)",
                                        NULL };

static const FvLayer conv_transpose = {
    .base = { FV_HEAD(FvLayer, ConvTranspose), .kind = FV_LAYER, .name = "conv_transpose",
              .summary = "transposed convolution: makes images larger by a learned kernel", .options = options,
              .details =
                  "y[o, a, b] = bias[o] + sum of x[c, i, j] * weight[c, o, m, n] over channels c and all i, j, m, n "
                  "with "
                  "a = i * stride - pad + m * dilation and b = j * stride - pad + n * dilation: the gradient of the "
                  "input of a convolution with the same options, as a layer. c x h x w becomes channels x oh x ow, oh "
                  "= "
                  "(h - 1) * stride - 2 pad + dilation * (kernel - 1) + output_pad + 1, and ow likewise; kernel 4, "
                  "stride 2, pad 1 doubles both. Convolutions with a stride make the same of several extents: "
                  "output_pad (PyTorch's output_padding) says which of them comes back. With groups, the channels of "
                  "input and output are cut into that many parts, each of which sees its own alone. weight is c x "
                  "channels / groups x kernel x kernel. init takes c / groups * kernel^2 / stride^2 as the numbers "
                  "that go into an output.\n\n"
                  "Backward: dx is the convolution of dy; dweight[c, o, m, n] = sum over samples and i, j of x[c, i, "
                  "j] "
                  "* dy[o, i * stride - pad + m * dilation, j * stride - pad + n * dilation]; dbias[o] = sum over "
                  "samples and a, b of dy[o, a, b].",
              .reference = "Zeiler et al., Deconvolutional networks, 2010; Dumoulin and Visin, A guide to convolution "
                           "arithmetic for deep learning, 2016",
              .examples = examples },
    .plan = plan,
    CONV_HOOKS,
};
FV_EXPORT(conv_transpose)
