/* SPDX-License-Identifier: MIT
 * layernorm: brings each sample, or each of its pixels, to mean 0 and deviation 1 (Ba et al., 2016). */
#include "norm_either.h"
#include "norm_params.h"

enum { OVER_SAMPLE, OVER_CHANNELS };

typedef struct {
    int over;
    float epsilon;
    gboolean affine;
    NormEither norm;
} Layernorm;

static const char *const ranges[] = { "sample", "channels", NULL };

static const FvOption options[] = {
    FV_OPT_CHOICE(Layernorm, over, OVER_SAMPLE, ranges, "all of a sample, or the channels of each pixel by itself"),
    FV_OPT_FLOAT(Layernorm, epsilon, 1e-5, 1e-12, 1, "added to the variance"),
    FV_OPT_BOOL(Layernorm, affine, TRUE, "a weight and a bias for each number that is normalised together"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Layernorm *layer = self;
    NormEither *norm = &layer->norm;
    const FvShape in = fv_node_input(node, 0);
    int weight = -1, bias = -1;

    norm->by_pixel = layer->over == OVER_CHANNELS || in.h * in.w == 1;
    if (layer->affine)
        norm_params(node, !norm->by_pixel, &weight, &bias);
    norm->pixel = (NormPixel){ .mean = TRUE, .weight = weight, .bias = bias, .epsilon = (double) layer->epsilon };
    norm->sample = (NormSample){
        .groups = 1,
        .mean = TRUE,
        .affine = layer->affine ? NORM_ELEMENTS : NORM_PLAIN,
        .weight = weight,
        .bias = bias,
        .epsilon = (double) layer->epsilon,
    };
    norm_either_plan(node, norm);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    norm_either_build(node, &((Layernorm *) self)->norm);
    return TRUE;
}

static void pack(FvNode *node, const void *self, FvList *list)
{
    const NormEither *norm = &((const Layernorm *) self)->norm;
    if (!norm->by_pixel)
        norm_sample_pack(node, &norm->sample, list);
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    norm_either_forward(node, &((const Layernorm *) self)->norm, list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    norm_either_backward(node, &((const Layernorm *) self)->norm, list);
}

static const char *const examples[] = { "layernorm", "layernorm(over=channels, epsilon=0.01)",
                                        "layernorm(affine=false)", "layernorm(channels, affine=false)", NULL };

static const FvLayer layernorm = {
    .base = { FV_HEAD(FvLayer, Layernorm), .kind = FV_LAYER, .name = "layernorm", .summary = "layer normalisation",
              .options = options,
              .details =
                  "y = weight * (x - mean) / sqrt(var + epsilon) + bias. With over=sample mean and var (divided by "
                  "their "
                  "count) are those of all c * h * w numbers of the sample, and each of these has a weight and a bias "
                  "of its own: PyTorch's LayerNorm([c, h, w]). With over=channels they are those of the c channels at "
                  "each pixel, with a weight and a bias for each channel: PyTorch's LayerNorm(c) on values whose "
                  "channels come last. For a vector both are the same. Any shape, which stays. Penalties leave weight "
                  "and bias alone.\n\n"
                  "Backward: dx = (g - mean(g) - z * mean(g * z)) / sqrt(var + epsilon), where z = (x - "
                  "mean) / sqrt(var + epsilon), g = dy * weight and the means are over what mean and var "
                  "are of; dweight = sum of dy * z, dbias = sum of dy.",
              .reference = "Ba et al., Layer normalization, 2016", .examples = examples },
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .takes_tail = TRUE,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(layernorm)
