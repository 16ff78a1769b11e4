/* SPDX-License-Identifier: MIT
 * adam: steps scaled by running means of the gradient and of its square (Kingma and Ba, 2015). */
#include <fovea/plugin.h>

typedef struct {
    float rate, beta1, beta2, epsilon;
} Adam;

static const FvOption options[] = {
    FV_OPT_FLOAT(Adam, rate, 0.001, 0, 1e6, "learning rate"),
    FV_OPT_FLOAT(Adam, beta1, 0.9, 0, 0.999999, "share of the old mean of gradients that is kept"),
    FV_OPT_FLOAT(Adam, beta2, 0.999, 0, 0.999999, "share of the old mean of squared gradients that is kept"),
    FV_OPT_FLOAT(Adam, epsilon, 1e-8, 1e-12, 1, "added to the divisor"),
    { 0 },
};

static const char *const examples[] = { "adam", "adam(rate=0.01, beta1=0.8, beta2=0.95, epsilon=0.001)", NULL };

static const FvOptim adam = {
    .base = { FV_HEAD(FvOptim, Adam), .kind = FV_OPTIM, .name = "adam",
              .summary = "steps scaled by running means of the gradient and of its square", .options = options,
              .details = "m = beta1 * m + (1 - beta1) * g and s = beta2 * s + (1 - beta2) * g^2, both from 0, and at "
                         "update t w = w - rate * m / (1 - beta1^t) / (sqrt(s / (1 - beta2^t)) + epsilon).",
              .reference = "Kingma and Ba, Adam: a method for stochastic optimization, 2015", .examples = examples },
    .slots = { "mean", "square", NULL },
    /* 1 - beta^t is -expm1(t log beta), which loses no digits while t is small and beta near 1. */
    .update_map =
        "real whole_mean = -expm1(t * log(beta1)), whole_square = -expm1(t * log(beta2));"
        "mean = beta1 * mean + (1 - beta1) * g;"
        "square = beta2 * square + (1 - beta2) * g * g;"
        "w -= rate / whole_mean * mean / (sqrt(square / whole_square) + epsilon);",
};
FV_EXPORT(adam)
