/* SPDX-License-Identifier: MIT
 * shakeout: dense or convolution, with randomly chosen weights turned round in training (Kang et al., 2016). */
#include "noisy_weights.h"

static const FvOption options[] = {
    NOISY_OUTPUTS,
    FV_OPT_FLOAT(NoisyWeights, rate, 0.5, 0, 0.999, "probability that a weight is turned round"),
    FV_OPT_FLOAT(NoisyWeights, c, 0.1, 0, 100, "size of the weights that are turned round"),
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
    const double rate = (double) layer->rate, c = (double) layer->c;
    g_autofree char *scale = noisy_number(1 / (1 - rate)), *turned = noisy_number(-c);
    g_autofree char *more = noisy_number(rate * c / (1 - rate));
    g_autofree char *noise = g_strdup_printf(
        "#define NOISE(w, v, d, a, b) d = CHOOSE((a) < %uu, (real) 0, %s); "
        "v = w * d + sign(w) * CHOOSE((a) < %uu, %s, %s);\n",
        (unsigned) (rate * 0x1p32), scale, (unsigned) (rate * 0x1p32), turned, more);
    return noisy_build(node, layer, noise, error);
}

static const char *const examples[] = { "shakeout(5)",
                                        "shakeout(7, 0.3, c=0.5, bias=false, init=gaussian(0.3))",
                                        "shakeout(6, 0.2, kernel=3, stride=2, pad=1, groups=3)",
                                        "shakeout(4, kernel=2, dilation=2)",
                                        "shakeout(5, 0)",
                                        NULL };

static const FvLayer shakeout = {
    .base = { FV_HEAD(FvLayer, NoisyWeights), .kind = FV_LAYER, .name = "shakeout",
              .summary = "dense or convolution, with randomly chosen weights turned round in training",
              .options = options,
              .details =
                  "In training each weight w becomes the constant -c * sign(w) with probability rate, else a * w + (a "
                  "- "
                  "1) * c * sign(w) with a = 1 / (1 - rate), so that the mean stays: the expectation of the loss then "
                  "holds penalties like l0, l1 and l2 in one. c = 0 is dropconnect. (The course writes the second "
                  "as a |w| + (1 - a) c, with a negative constant c.) The paper draws once for all weights of an "
                  "input, "
                  "here each weight is drawn. A constant weight has no gradient." NOISY_DETAILS,
              .reference = "Kang et al., Shakeout: a new regularized deep neural network training scheme, 2016",
              .examples = examples },
    .plan = plan,
    .build = build,
    NOISY_HOOKS,
};
FV_EXPORT(shakeout)
