/* SPDX-License-Identifier: MIT
 * elastic: both penalties on the weights at once, of their squares and of their absolute values (Zou and Hastie, 2005).
 */
#include <fovea/plugin.h>

typedef struct {
    float lambda, beta;
} Elastic;

static const FvOption options[] = {
    FV_OPT_FLOAT(Elastic, lambda, 1e-4, 0, 1e6, "factor of both"),
    FV_OPT_FLOAT(Elastic, beta, 1, 0, 1e6, "factor of the squares beside the absolute values"),
    { 0 },
};

static const char *const examples[] = { "elastic", "elastic(0.03, 0.7)", NULL };

static const FvLoss elastic = {
    .base = { FV_HEAD(FvLoss, Elastic), .kind = FV_LOSS, .name = "elastic",
              .summary = "penalty on the weights' squares and absolute values", .options = options,
              .details =
                  "lambda * sum of beta * w^2 + |w| over all weights. Biases and batchnorm's parameters are left "
                  "alone.",
              .reference = "Zou and Hastie, Regularization and variable selection via the elastic net, 2005",
              .examples = examples },
    .target = FV_TARGET_NONE,
    .forward_map = "l = lambda * (beta * x * x + fabs(x));",
    .backward_map = "dx = lambda * (2 * beta * x + sign(x));",
};
FV_EXPORT(elastic)
