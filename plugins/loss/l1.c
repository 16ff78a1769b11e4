/* SPDX-License-Identifier: MIT
 * l1: a penalty on the weights' absolute values, which drives many of them to 0. */
#include <fovea/plugin.h>

typedef struct {
    float lambda;
} L1;

static const FvOption options[] = {
    FV_OPT_FLOAT(L1, lambda, 1e-4, 0, 1e6, "factor"),
    { 0 },
};

static const char *const examples[] = { "l1", "l1(0.03)", NULL };

static const FvLoss l1 = {
    .base = { FV_HEAD(FvLoss, L1), .kind = FV_LOSS, .name = "l1", .summary = "penalty on the weights' absolute values",
              .options = options,
              .details = "lambda * sum of |w| over all weights. Biases and batchnorm's parameters are left alone.",
              .reference = "Tibshirani, Regression shrinkage and selection via the lasso, 1996", .examples = examples },
    .target = FV_TARGET_NONE,
    .forward_map = "l = lambda * fabs(x);",
    .backward_map = "dx = lambda * sign(x);",
};
FV_EXPORT(l1)
