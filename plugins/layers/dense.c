/* SPDX-License-Identifier: MIT
 * dense: every output is a weighted sum of all inputs. */
#include "conv_hooks.h"

enum { LARGEST_OUTPUTS = 1 << 24 };

typedef struct {
    FvConv conv;
    int outputs;
    gboolean bias;
    FvInit init;
} Dense;

static const FvOption options[] = {
    FV_OPT_INT(Dense, outputs, 0, 1, LARGEST_OUTPUTS, "numbers that come out", .flags = FV_REQUIRED),
    FV_OPT_BOOL(Dense, bias, TRUE, "add a number of its own to each output"),
    FV_OPT_INIT(Dense, init, "he", "how the weights begin"),
    { 0 },
};

/* A convolution whose kernel is the whole image, so that no value need be brought into another order first. */
static gboolean plan(FvNode *node, void *self, GError **error)
{
    Dense *layer = self;
    const FvShape in = fv_node_input(node, 0);
    layer->conv = (FvConv){
        .in = in,
        .out = { .c = layer->outputs },
        .kernel = { in.h, in.w },
        .stride = { 1, 1 },
        .dilation = { 1, 1 },
        .groups = 1,
        .bias = layer->bias,
        .flat = TRUE,
        .init = layer->init,
    };
    return fv_conv_plan(node, &layer->conv, error);
}

static const char *const examples[] = { "dense(5)", "dense(19, bias=false)", "dense(3, init=gaussian(0.1))", NULL };

static const FvLayer dense = {
    .base = { FV_HEAD(FvLayer, Dense), .kind = FV_LAYER, .name = "dense",
              .summary = "fully connected: every output is a weighted sum of all inputs", .options = options,
              .details =
                  "y[o] = bias[o] + sum over i of weight[o, i] * x[i]. An image c x h x w is taken as one vector "
                  "of c * h * w numbers in C, H, W order; no flatten is needed before it. weight is outputs x "
                  "inputs.\n\n"
                  "Backward: dx[i] = sum over o of weight[o, i] * dy[o]; dweight[o, i] = sum over samples of dy[o] * "
                  "x[i]; dbias[o] = sum over samples of dy[o].",
              .examples = examples },
    .plan = plan,
    CONV_HOOKS,
};
FV_EXPORT(dense)
