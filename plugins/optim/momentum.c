/* SPDX-License-Identifier: MIT
 * momentum: gradient descent that keeps part of its last step. */
#include <fovea/plugin.h>

typedef struct {
    float rate, momentum;
} Momentum;

static const FvOption options[] = {
    FV_OPT_FLOAT(Momentum, rate, 0.01, 0, 1e6, "learning rate"),
    FV_OPT_FLOAT(Momentum, momentum, 0.9, 0, 1, "share of the last step's direction that is kept"),
    { 0 },
};

static const char *const examples[] = { "momentum", "momentum(rate=0.05, momentum=0.99)", NULL };

static const FvOptim momentum = {
    .base = { FV_HEAD(FvOptim, Momentum), .kind = FV_OPTIM, .name = "momentum",
              .summary = "gradient descent that keeps part of its last step", .options = options,
              .details = "v = momentum * v + g, then w = w - rate * v; g is the gradient, v begins at 0. The same as "
                         "sgd(momentum=0.9).",
              .reference = "Polyak, Some methods of speeding up the convergence of iteration methods, 1964",
              .examples = examples },
    .slots = { "velocity", NULL },
    .update_map = "velocity = momentum * velocity + g; w -= rate * velocity;",
};
FV_EXPORT(momentum)
