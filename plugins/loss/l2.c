/* SPDX-License-Identifier: MIT
 * l2: a penalty on the weights' squares, which keeps them small (weight decay). */
#include <fovea/plugin.h>

typedef struct {
    float lambda;
} L2;

static const FvOption options[] = {
    FV_OPT_FLOAT(L2, lambda, 1e-4, 0, 1e6, "factor"),
    { 0 },
};

static const char *const examples[] = { "l2", "l2(0.03)", NULL };

static const FvLoss l2 = {
    .base = { FV_HEAD(FvLoss, L2), .kind = FV_LOSS, .name = "l2", .summary = "penalty on the weights' squares",
              .options = options,
              .details = "lambda * sum of w^2 over all weights, not halved: the gradient is 2 * lambda * w, what other "
                         "frameworks call a weight decay of 2 * lambda. Biases and batchnorm's parameters are left "
                         "alone.",
              .reference = "Krogh and Hertz, A simple weight decay can improve generalization, 1991",
              .examples = examples },
    .target = FV_TARGET_NONE,
    .forward_map = "l = lambda * x * x;",
    .backward_map = "dx = 2 * lambda * x;",
};
FV_EXPORT(l2)
