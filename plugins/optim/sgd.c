/* SPDX-License-Identifier: MIT
 * sgd: stochastic gradient descent, with momentum if wanted. */
#include <fovea/plugin.h>

typedef struct {
    float rate, momentum;
    gboolean nesterov;
} Sgd;

static const FvOption options[] = {
    FV_OPT_FLOAT(Sgd, rate, 0.01, 0, 1e6, "learning rate"),
    FV_OPT_FLOAT(Sgd, momentum, 0, 0, 1, "share of the last step's direction that is kept"),
    FV_OPT_BOOL(Sgd, nesterov, FALSE, "look ahead along the momentum"),
    { 0 },
};

static const char *const examples[] = { "sgd", "sgd(rate=0.05, momentum=0.9)",
                                        "sgd(rate=0.05, momentum=0.8, nesterov=true)", NULL };

static const FvOptim sgd = {
    .base = { FV_HEAD(FvOptim, Sgd), .kind = FV_OPTIM, .name = "sgd",
              .summary = "stochastic gradient descent, with momentum", .options = options,
              .details = "v = momentum * v + g, then w = w - rate * v, or with nesterov w = w - rate * (g + momentum * "
                         "v); g is the gradient, v begins at 0.",
              .reference = "Sutskever et al., On the importance of initialization and momentum in deep learning, 2013",
              .examples = examples },
    .slots = { "velocity", NULL },
    .update_map = "velocity = momentum * velocity + g; w -= rate * (nesterov ? g + momentum * velocity : velocity);",
};
FV_EXPORT(sgd)
