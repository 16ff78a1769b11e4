/* SPDX-License-Identifier: MIT
 * adagrad: steps scaled by all gradients so far. */
#include <fovea/plugin.h>

typedef struct {
    float rate, rate_decay, initial, epsilon;
} Adagrad;

static const FvOption options[] = {
    FV_OPT_FLOAT(Adagrad, rate, 0.01, 0, 1e6, "learning rate"),
    FV_OPT_FLOAT(Adagrad, rate_decay, 0, 0, 1e6, "the rate is divided by 1 + rate_decay * updates before this one"),
    FV_OPT_FLOAT(Adagrad, initial, 0, 0, 1e6, "what the sum of squares begins at"),
    FV_OPT_FLOAT(Adagrad, epsilon, 1e-10, 1e-30, 1, "added to the divisor"),
    { 0 },
};

static const char *const examples[] = { "adagrad", "adagrad(rate=0.1, rate_decay=0.01, initial=0.5, epsilon=1e-6)",
                                        NULL };

static const FvOptim adagrad = {
    .base = { FV_HEAD(FvOptim, Adagrad), .kind = FV_OPTIM, .name = "adagrad",
              .summary = "steps scaled by all gradients so far", .options = options,
              .details =
                  "s = s + g^2 from s = initial on, and at update t w = w - rate / (1 + (t - 1) * rate_decay) * g "
                  "/ (sqrt(s) + epsilon). Steep directions are damped, flat ones are not.",
              .reference =
                  "Duchi et al., Adaptive subgradient methods for online learning and stochastic optimization, "
                  "2011",
              .examples = examples },
    .slots = { "sum", NULL },
    .update_map =
        "sum = (t == 1 ? (real)initial : sum) + g * g;"
        "w -= rate / (1 + (t - 1) * rate_decay) * g / (sqrt(sum) + epsilon);",
};
FV_EXPORT(adagrad)
