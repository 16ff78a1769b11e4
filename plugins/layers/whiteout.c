/* SPDX-License-Identifier: MIT
 * whiteout: dense or convolution, with Gaussian noise on each connection that depends on its weight (Li et al., 2016).
 */
#include "noisy_weights.h"

/* Weights nearer to 0 count as these: their noise would grow without bound. */
#define LEAST_WEIGHT 1e-4

enum { NOISE_MULTIPLY, NOISE_ADD };
static const char *const noises[] = { "multiply", "add", NULL };

static const FvOption options[] = {
    NOISY_OUTPUTS,
    FV_OPT_FLOAT(NoisyWeights, sigma, 0.1, 0, 100, "deviation of the noise where |w| = 1 and lambda = 0"),
    FV_OPT_FLOAT(NoisyWeights, gamma, 1, 0, 2, "how fast the noise grows as weights become smaller"),
    FV_OPT_FLOAT(NoisyWeights, lambda, 0, 0, 100, "variance that does not depend on the weight"),
    FV_OPT_CHOICE(NoisyWeights, noise, NOISE_MULTIPLY, noises, "the signal is multiplied by it, or it is added"),
    NOISY_OPTIONS,
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    NoisyWeights *layer = self;
    layer->on_bias = layer->noise == NOISE_ADD;
    if (layer->on_bias && !layer->bias) {
        g_set_error_literal(error, FV_ERROR, FV_ERROR_OPTION,
                            "noise=add is added to the bias, which bias=false takes away");
        return FALSE;
    }
    return noisy_plan(node, layer, layer->sigma > 0 || layer->lambda > 0, error);
}

/* With e ~ N(0, 1) and the deviation s of noise on weight w: v = w (1 + e s), and dv/dw = 1 + e (s + w ds/dw).
 * A sigma whose square is 0 in the numbers of the device makes s and part 0: then there is no noise, not 0 / 0. */
static gboolean build(FvNode *node, void *self, GError **error)
{
    NoisyWeights *layer = self;
    g_autofree char *sigma = noisy_number((double) layer->sigma * (double) layer->sigma);
    g_autofree char *gamma = noisy_number((double) layer->gamma), *lambda = noisy_number((double) layer->lambda);
    g_autofree char *least = noisy_number(LEAST_WEIGHT);
    g_autofree char *noise = g_strdup_printf(
        "#define NOISE(w, v, d, a, b) { FV_NAME(number) size = fmax(fabs(w), %s), part = %s * exp(-%s * log(size)), "
        "s = sqrt(part + %s), e = GAUSSIAN(a, b); v = w + w * e * s; "
        "d = 1 + e * (s - sign(size - %s) * (real) 0.5 * %s * part / fmax(s, (real) 1e-30)); }\n",
        least, sigma, gamma, lambda, least, gamma);
    return noisy_build(node, layer, noise, error);
}

static const char *const examples[] = {
    "whiteout(5)",
    "whiteout(7, 0.3, gamma=0.5, lambda=0.1, bias=false, init=xavier)",
    "whiteout(6, 0.2, noise=add)",
    "whiteout(6, 0.2, kernel=3, stride=2, pad=1, groups=3)",
    "whiteout(4, noise=add, kernel=2, dilation=2)",
    "whiteout(5, 0)",
    NULL,
};

static const FvLayer whiteout = {
    .base = { FV_HEAD(FvLayer, NoisyWeights), .kind = FV_LAYER, .name = "whiteout",
              .summary = "dense or convolution, with Gaussian noise on each connection that depends on its weight",
              .options = options,
              .details =
                  "In training the signal x on the connection of weight w is multiplied by 1 + e (noise=multiply), or "
                  "e "
                  "is added to it (noise=add), where e is normal with mean 0 and variance sigma^2 * |w|^-gamma + "
                  "lambda: "
                  "small weights get more noise, as in penalties of the family of l0 (gamma=2), l1 (gamma=1) and l2 "
                  "(gamma=0). Weights below 1e-4 count as 1e-4. Noise that is added comes to a number that the bias of "
                  "each output changes by." NOISY_DETAILS,
              .reference = "Li, Xu and Liu, Whiteout: Gaussian adaptive noise regularization in deep neural networks, "
                           "2016",
              .examples = examples },
    .plan = plan,
    .build = build,
    NOISY_HOOKS,
};
FV_EXPORT(whiteout)
