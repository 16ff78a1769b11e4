/* SPDX-License-Identifier: MIT
 * match: brings a value to another's shape by a 1x1 convolution, where shapes differ, and passes it on where not. */
#include "conv_hooks.h"

typedef struct {
    FvConv conv;
    FvRef value;
    FvInit init;
} Match;

static const FvOption options[] = {
    FV_OPT_VALUE(Match, value, "the value whose shape is wanted"),
    FV_OPT_INIT(Match, init, "he", "how the weights begin"),
    { 0 },
};

/* The step that makes `out` of `in`: in is out * step, less up to step - 1. */
static gboolean step_between(int in, int out, int *step)
{
    *step = (in + out - 1) / out;
    return (in - 1) / *step + 1 == out;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Match *layer = self;
    const FvShape in = fv_node_input(node, 0), want = fv_node_input(node, 1);
    FvSize stride;

    if (fv_shape_equal(in, want)) {
        fv_node_pass_through(node);
        return TRUE;
    }
    if (!step_between(in.h, want.h, &stride.h) || !step_between(in.w, want.w, &stride.w)) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, %s is %dx%dx%d: no stride makes one of the other",
                    fv_node_input_name(node, 0), in.c, in.h, in.w, fv_node_input_name(node, 1), want.c, want.h, want.w);
        return FALSE;
    }
    layer->conv = (FvConv){
        .in = in,
        .out = { .c = want.c },
        .kernel = { 1, 1 },
        .stride = stride,
        .dilation = { 1, 1 },
        .groups = 1,
        .bias = TRUE,
        .init = layer->init,
    };
    return fv_conv_plan(node, &layer->conv, error);
}

static const FvLayer match = {
    .base = { FV_HEAD(FvLayer, Match), .kind = FV_LAYER, .name = "match",
              .summary = "a 1x1 convolution to another value's shape, only where shapes differ", .options = options,
              .details =
                  "Where the shapes are equal, the value itself: no parameters, no work. Else a convolution with "
                  "bias, a 1x1 kernel, as many output channels as the other value has, and the stride that makes "
                  "its height and width: the shortcut of residual nets. No gradient goes to the other value.\n\n"
                  "Backward: as a convolution's; dx = dy where the shapes are equal.",
              .reference = "He et al., Deep residual learning for image recognition, 2016" },
    .min_inputs = 2,
    .max_inputs = 2,
    .shape_inputs = 1,
    .plan = plan,
    CONV_HOOKS,
};
FV_EXPORT(match)
