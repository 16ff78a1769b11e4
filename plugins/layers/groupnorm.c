/* SPDX-License-Identifier: MIT
 * groupnorm: brings groups of channels of each sample to mean 0 and deviation 1 (Wu and He, 2018). */
#include "norm_params.h"
#include "norm_sample.h"

typedef struct {
    int groups;
    float epsilon;
    gboolean affine;
    NormSample norm;
} Groupnorm;

static const FvOption options[] = {
    FV_OPT_INT(Groupnorm, groups, 0, 1, 1 << 24, "groups of neighbouring channels", .flags = FV_REQUIRED),
    FV_OPT_FLOAT(Groupnorm, epsilon, 1e-5, 1e-12, 1, "added to the variance"),
    FV_OPT_BOOL(Groupnorm, affine, TRUE, "a weight and a bias for each channel"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Groupnorm *layer = self;
    const FvShape in = fv_node_input(node, 0);
    if (in.c % layer->groups != 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "groups=%d must divide the channels of %s, which is %dx%dx%d",
                    layer->groups, fv_node_input_name(node, 0), in.c, in.h, in.w);
        return FALSE;
    }
    layer->norm = (NormSample){
        .groups = layer->groups,
        .mean = TRUE,
        .affine = layer->affine ? NORM_CHANNELS : NORM_PLAIN,
        .epsilon = (double) layer->epsilon,
    };
    if (layer->affine)
        norm_params(node, FALSE, &layer->norm.weight, &layer->norm.bias);
    norm_sample_plan(node, &layer->norm);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    norm_sample_build(node, &((Groupnorm *) self)->norm);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    norm_sample_forward(node, &((const Groupnorm *) self)->norm, list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    norm_sample_backward(node, &((const Groupnorm *) self)->norm, list);
}

static const char *const examples[] = { "groupnorm(3)", "groupnorm(groups=1, epsilon=0.01)",
                                        "groupnorm(6, affine=false)", NULL };

static const FvLayer groupnorm = {
    .base = { FV_HEAD(FvLayer, Groupnorm), .kind = FV_LAYER, .name = "groupnorm", .summary = "group normalisation",
              .options = options,
              .details =
                  "y = weight * (x - mean) / sqrt(var + epsilon) + bias, with a weight and a bias for each channel. "
                  "mean "
                  "and var (divided by their count) are those of the sample alone, over all pixels of the channel's "
                  "group; so training and prediction are the same, whatever the batch. groups must divide the "
                  "channels; with as many groups as channels it is instance normalisation (Ulyanov et al., 2016), "
                  "groupnorm(c, affine=false) as PyTorch's InstanceNorm2d(c), and with one group it is layer "
                  "normalisation with a weight for each channel. Any shape, which stays. Penalties leave weight and "
                  "bias alone.\n\n"
                  "Backward: dx = (g - mean(g) - z * mean(g * z)) / sqrt(var + epsilon), where z = (x - "
                  "mean) / sqrt(var + epsilon), g = dy * weight and the means are over what mean and var "
                  "are of; dweight = sum of dy * z, dbias = sum of dy.",
              .reference = "Wu and He, Group normalization, 2018", .examples = examples },
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_tail = TRUE,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(groupnorm)
