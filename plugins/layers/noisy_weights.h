/* SPDX-License-Identifier: MIT
 * noisy_weights.h: what layers share that are a convolution, or dense, with weights that are changed at random at each
 * step of training. One draw serves the whole batch. */
#ifndef FOVEA_LAYERS_NOISY_WEIGHTS_H
#define FOVEA_LAYERS_NOISY_WEIGHTS_H

#include <fovea/plugin.h>

#include "noisy_weights.cl.h"

/** The state of all such layers; each has the options that it needs. */
typedef struct {
    FvConv conv;
    int outputs;
    FvSize kernel, stride, pad, dilation;
    int groups;
    gboolean bias;
    FvInit init;
    float rate, c, sigma, gamma, lambda;
    int noise;
    /* set by noisy_plan() and noisy_build() */
    gboolean active;  /* there is noise in this plan */
    gboolean on_bias; /* it is added to the bias, and weights stay */
    int noisy;        /* scratch: the weights, or the bias, of this step */
    FvKernel *draw, *pass_back;
} NoisyWeights;

enum { NOISY_MOST_OUTPUTS = 1 << 24, NOISY_LARGEST_KERNEL = 1024, NOISY_SOME = 2048 };

/* The layer's own options stand between these. */
#define NOISY_OUTPUTS                                                                                \
    FV_OPT_INT(NoisyWeights, outputs, 0, 1, NOISY_MOST_OUTPUTS, "numbers or channels that come out", \
               .flags = FV_REQUIRED)
#define NOISY_OPTIONS                                                                                             \
    FV_OPT_SIZE(NoisyWeights, kernel, 0, 0, NOISY_LARGEST_KERNEL,                                                 \
                "extent of a convolution's kernel; 0: all of the input, as in dense", .unit = "px"),              \
        FV_OPT_SIZE(NoisyWeights, stride, 1, 1, NOISY_LARGEST_KERNEL, "step from one output to the next",         \
                    .unit = "px"),                                                                                \
        FV_OPT_SIZE(NoisyWeights, pad, 0, 0, NOISY_LARGEST_KERNEL, "margin of zeros on each side", .unit = "px"), \
        FV_OPT_SIZE(NoisyWeights, dilation, 1, 1, NOISY_LARGEST_KERNEL, "distance between the kernel's taps",     \
                    .unit = "px"),                                                                                \
        FV_OPT_INT(NoisyWeights, groups, 1, 1, NOISY_MOST_OUTPUTS,                                                \
                   "parts of the channels that do not see each other"),                                           \
        FV_OPT_BOOL(NoisyWeights, bias, TRUE, "add a number of its own to each output"),                          \
        FV_OPT_INIT(NoisyWeights, init, "he", "how the weights begin")

/* For `details`. */
#define NOISY_DETAILS                                                                                                  \
    " Without kernel it is a dense layer: c x h x w becomes the vector of outputs; with one it is a convolution with " \
    "the options of conv. One draw serves all samples of a batch; at prediction, and in evaluation, the weights "      \
    "themselves are used, which are the expectation. What is drawn follows from the seed, the step, the layer and "    \
    "the weight's place in the file: it is the same on every device. weight is as that of dense, outputs x inputs, "   \
    "or of conv, outputs x c / groups x kernel x kernel.\n\n"                                                          \
    "Backward: dx and dbias as of dense or conv with the weights that were drawn; dweight goes through the noise."

static inline int noisy_row(const NoisyWeights *layer)
{
    return layer->conv.in.c / layer->conv.groups * layer->conv.kernel.h * layer->conv.kernel.w;
}

/** @noise: whether the options say that there is any. */
static gboolean noisy_plan(FvNode *node, NoisyWeights *layer, gboolean noise, GError **error)
{
    const FvShape in = fv_node_input(node, 0);
    const gboolean dense = layer->kernel.h == 0 && layer->kernel.w == 0;
    const FvSize *const sizes[] = { &layer->stride, &layer->dilation };
    gboolean plain = layer->pad.h == 0 && layer->pad.w == 0 && layer->groups == 1;
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
        plain &= sizes[i]->h == 1 && sizes[i]->w == 1;
    if (dense && !plain) {
        g_set_error_literal(error, FV_ERROR, FV_ERROR_OPTION,
                            "stride, pad, dilation and groups are those of a convolution: it needs a kernel");
        return FALSE;
    }
    layer->conv = (FvConv){
        .in = in,
        .out = { .c = layer->outputs },
        .kernel = { layer->kernel.h ? layer->kernel.h : in.h, layer->kernel.w ? layer->kernel.w : in.w },
        .stride = layer->stride,
        .pad = layer->pad,
        .dilation = layer->dilation,
        .groups = layer->groups,
        .bias = layer->bias,
        .flat = dense,
        .init = layer->init,
    };
    if (!fv_conv_plan(node, &layer->conv, error))
        return FALSE;
    layer->active = noise && fv_node_training(node);
    if (layer->active)
        layer->noisy = fv_node_add_scratch(
            node, layer->on_bias ? layer->outputs : (gint64) layer->outputs * noisy_row(layer), FV_LIFE_PLAN);
    return TRUE;
}

/** @noise: the lines that define NOISE, see noisy_weights.cl. */
static gboolean noisy_build(FvNode *node, NoisyWeights *layer, const char *noise, GError **error)
{
    if (!fv_conv_build(node, &layer->conv, error))
        return FALSE;
    if (!layer->active)
        return TRUE;
    g_autofree char *defines = g_strdup_printf("%s#define ROW %d\n#define SOME %d\n#define NODE %du\n", noise,
                                               noisy_row(layer), NOISY_SOME, fv_node_index(node));
    layer->draw = fv_node_add_kernel(node, noisy_weights_cl, layer->on_bias ? "draw_bias" : "draw", "%s", defines);
    layer->pass_back =
        fv_node_add_kernel(node, noisy_weights_cl, layer->on_bias ? "pass_back_bias" : "pass_back", "%s", defines);
    return TRUE;
}

/* A number for a define. */
static inline char *noisy_number(double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof text, "%.17e", number);
    return g_strdup_printf("((real) %s)", text);
}

static FvGrid noisy_grid(const FvNode *node, const NoisyWeights *layer)
{
    return fv_node_grid(node, (size_t) (noisy_row(layer) + NOISY_SOME - 1) / NOISY_SOME, (size_t) layer->outputs, 1);
}

/* The convolution of this list; @on keeps what it is computed with. */
static FvConv noisy_conv(const FvNode *node, const NoisyWeights *layer, const FvList *list, FvConvOperands *on)
{
    FvConv conv = layer->conv;
    *on = (FvConvOperands){ 0 };
    if (layer->active && fv_list_training(list)) {
        *(layer->on_bias ? &on->bias : &on->weight) = fv_node_scratch(node, layer->noisy);
        conv.on = on;
    }
    return conv;
}

static void noisy_pack(FvNode *node, const void *self, FvList *list)
{
    const NoisyWeights *layer = self;
    FvConvOperands on;
    const FvConv conv = noisy_conv(node, layer, list, &on);
    FvArg weight = fv_buffer(fv_node_param(node, layer->conv.weight));
    if (conv.on && layer->on_bias)
        fv_launch(list, layer->draw, fv_node_grid(node, (size_t) layer->outputs, 1, 1), weight,
                  fv_buffer(fv_node_param(node, layer->conv.bias_param)), fv_buffer(on.bias), fv_step(), fv_seed());
    else if (conv.on)
        fv_launch(list, layer->draw, noisy_grid(node, layer), weight, fv_buffer(on.weight), fv_step(), fv_seed());
    fv_conv_pack(node, &conv, list);
}

static void noisy_forward(FvNode *node, const void *self, FvList *list)
{
    FvConvOperands on;
    const FvConv conv = noisy_conv(node, self, list, &on);
    fv_conv_forward(node, &conv, list);
}

static void noisy_backward(FvNode *node, const void *self, FvList *list)
{
    const NoisyWeights *layer = self;
    FvConvOperands on;
    const FvConv conv = noisy_conv(node, layer, list, &on);
    fv_conv_backward(node, &conv, list);
    FvArg weight = fv_buffer(fv_node_param(node, layer->conv.weight));
    FvArg gradient = fv_buffer(fv_node_gradient(node, layer->conv.weight));
    if (conv.on && layer->on_bias)
        fv_launch(list, layer->pass_back, noisy_grid(node, layer), weight,
                  fv_buffer(fv_node_gradient(node, layer->conv.bias_param)), gradient, fv_step(), fv_seed());
    else if (conv.on)
        fv_launch(list, layer->pass_back, noisy_grid(node, layer), weight, gradient, fv_step(), fv_seed());
}

#define NOISY_HOOKS                                                                                         \
    .backward_reads = FV_READS_X, .pack = noisy_pack, .forward = noisy_forward, .backward = noisy_backward, \
    .takes_tail = TRUE, .takes_gradient_tail = TRUE

#endif
