/* SPDX-License-Identifier: MIT
 * l2_normalize: divides by the Euclidean norm. */
#include "norm_either.h"

enum { OVER_CHANNELS, OVER_SAMPLE };

typedef struct {
    int over;
    float epsilon;
    NormEither norm;
} L2Normalize;

static const char *const ranges[] = { "channels", "sample", NULL };

static const FvOption options[] = {
    FV_OPT_CHOICE(L2Normalize, over, OVER_CHANNELS, ranges, "the channels of each pixel by itself, or all of a sample"),
    FV_OPT_FLOAT(L2Normalize, epsilon, 1e-12, 1e-18, 1e6, "the norm that is divided by at least"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    L2Normalize *layer = self;
    NormEither *norm = &layer->norm;
    const FvShape in = fv_node_input(node, 0);
    norm->by_pixel = layer->over == OVER_CHANNELS || in.h * in.w == 1;
    norm->pixel = (NormPixel){ .weight = -1, .bias = -1, .epsilon = (double) layer->epsilon };
    norm->sample = (NormSample){ .groups = 1, .affine = NORM_PLAIN, .epsilon = (double) layer->epsilon };
    norm_either_plan(node, norm);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    norm_either_build(node, &((L2Normalize *) self)->norm);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    norm_either_forward(node, &((const L2Normalize *) self)->norm, list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    norm_either_backward(node, &((const L2Normalize *) self)->norm, list);
}

static const char *const examples[] = { "l2_normalize", "l2_normalize(sample, epsilon=1e-6)", NULL };

static const FvLayer l2_normalize = {
    .base = { FV_HEAD(FvLayer, L2Normalize), .kind = FV_LAYER, .name = "l2_normalize",
              .summary = "values divided by their Euclidean norm", .options = options,
              .details =
                  "y = x / max(norm, epsilon), where norm is the square root of the sum of x^2: over the channels "
                  "at each pixel (PyTorch's normalize), or with over=sample over all c * h * w numbers of the "
                  "sample. For a vector both are the same. Any shape, which stays.\n\n"
                  "Backward: dx = (dy - y * sum of dy * y) / norm, the sum being over what norm is of; dy / "
                  "epsilon where norm is smaller.",
              .examples = examples },
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_tail = TRUE,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(l2_normalize)
