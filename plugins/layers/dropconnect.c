/* SPDX-License-Identifier: MIT
 * dropconnect: dense or convolution, with randomly chosen weights set to 0 in training (Wan et al., 2013). */
#include "noisy_weights.h"

static const FvOption options[] = {
    NOISY_OUTPUTS,
    FV_OPT_FLOAT(NoisyWeights, rate, 0.5, 0, 0.999, "probability that a weight is set to 0"),
    NOISY_OPTIONS,
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    NoisyWeights *layer = self;
    return noisy_plan(node, layer, layer->rate > 0, error);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    NoisyWeights *layer = self;
    const double rate = (double) layer->rate;
    g_autofree char *scale = noisy_number(1 / (1 - rate));
    g_autofree char *noise =
        g_strdup_printf("#define NOISE(w, v, d, a, b) d = CHOOSE((a) < %uu, (real) 0, %s); v = w * d;\n",
                        (unsigned) (rate * 0x1p32), scale);
    return noisy_build(node, layer, noise, error);
}

static const char *const examples[] = { "dropconnect(5)",
                                        "dropconnect(19, 0.3, bias=false, init=xavier)",
                                        "dropconnect(6, 0.2, kernel=3, stride=2, pad=1, groups=3)",
                                        "dropconnect(4, kernel=[2, 3], dilation=2)",
                                        "dropconnect(5, 0)",
                                        NULL };

static const FvLayer dropconnect = {
    .base = { FV_HEAD(FvLayer, NoisyWeights), .kind = FV_LAYER, .name = "dropconnect",
              .summary = "dense or convolution, with randomly chosen weights set to 0 in training", .options = options,
              .details = "In training each weight w is 0 with probability rate, else w / (1 - rate), so that the mean "
                         "stays. Where dropout takes away units, this takes away connections." NOISY_DETAILS,
              .reference = "Wan et al., Regularization of neural networks using DropConnect, 2013",
              .examples = examples },
    .plan = plan,
    .build = build,
    NOISY_HOOKS,
};
FV_EXPORT(dropconnect)
