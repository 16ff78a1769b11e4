/* SPDX-License-Identifier: MIT
 * nesterov: gradient descent with momentum that looks ahead. */
#include <fovea/plugin.h>

typedef struct {
    float rate, momentum;
} Nesterov;

static const FvOption options[] = {
    FV_OPT_FLOAT(Nesterov, rate, 0.01, 0, 1e6, "learning rate"),
    FV_OPT_FLOAT(Nesterov, momentum, 0.9, 0, 1, "share of the last step's direction that is kept"),
    { 0 },
};

static const char *const examples[] = { "nesterov", "nesterov(rate=0.05, momentum=0.99)", NULL };

static const FvOptim nesterov = {
    .base = { FV_HEAD(FvOptim, Nesterov), .kind = FV_OPTIM, .name = "nesterov",
              .summary = "gradient descent with momentum that looks ahead", .options = options,
              .details =
                  "v = momentum * v + g, then w = w - rate * (g + momentum * v); g is the gradient, v begins at 0. "
                  "The same as sgd(momentum=0.9, nesterov=true).",
              .reference = "Sutskever et al., On the importance of initialization and momentum in deep learning, 2013",
              .examples = examples },
    .slots = { "velocity", NULL },
    .update_map = "velocity = momentum * velocity + g; w -= rate * (g + momentum * velocity);",
};
FV_EXPORT(nesterov)
