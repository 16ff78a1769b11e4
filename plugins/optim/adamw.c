/* SPDX-License-Identifier: MIT
 * adamw: adam, and weights that decay beside its steps. */
#include <fovea/plugin.h>

typedef struct {
    float rate, beta1, beta2, epsilon, weight_decay;
} Adamw;

static const FvOption options[] = {
    FV_OPT_FLOAT(Adamw, rate, 0.001, 0, 1e6, "learning rate"),
    FV_OPT_FLOAT(Adamw, beta1, 0.9, 0, 0.999999, "share of the old mean of gradients that is kept"),
    FV_OPT_FLOAT(Adamw, beta2, 0.999, 0, 0.999999, "share of the old mean of squared gradients that is kept"),
    FV_OPT_FLOAT(Adamw, epsilon, 1e-8, 1e-30, 1, "added to the divisor"),
    FV_OPT_FLOAT(Adamw, weight_decay, 0.01, 0, 1e6,
                 "share of a parameter, times the rate, that each update takes away"),
    { 0 },
};

static const char *const examples[] = { "adamw",
                                        "adamw(rate=0.01, beta1=0.8, beta2=0.95, epsilon=0.001, weight_decay=0.1)",
                                        NULL };

static const FvOptim adamw = {
    .base = { FV_HEAD(FvOptim, Adamw), .kind = FV_OPTIM, .name = "adamw",
              .summary = "adam, and weights that decay beside its steps", .options = options,
              .details = "w = w - rate * weight_decay * w, and then the step of adam, in whose means the decay has no "
                         "part: unlike a penalty l2, which is divided by the size of gradients, too. All trained "
                         "parameters decay, biases as well.",
              .reference = "Loshchilov and Hutter, Decoupled weight decay regularization, 2019", .examples = examples },
    .slots = { "mean", "square", NULL },
    /* 1 - beta^t is -expm1(t log beta), which loses no digits while t is small and beta near 1. */
    .update_map =
        "real whole_mean = -expm1(t * log(beta1)), whole_square = -expm1(t * log(beta2));"
        "mean = beta1 * mean + (1 - beta1) * g;"
        "square = beta2 * square + (1 - beta2) * g * g;"
        "w -= rate * weight_decay * w;"
        "w -= rate / whole_mean * mean / (sqrt(square / whole_square) + epsilon);",
};
FV_EXPORT(adamw)
