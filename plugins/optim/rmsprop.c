/* SPDX-License-Identifier: MIT
 * rmsprop: steps scaled by a running mean of the gradient's square. */
#include <fovea/plugin.h>

typedef struct {
    float rate, alpha, epsilon, momentum;
    gboolean centered;
} Rmsprop;

static const FvOption options[] = {
    FV_OPT_FLOAT(Rmsprop, rate, 0.01, 0, 1e6, "learning rate"),
    FV_OPT_FLOAT(Rmsprop, alpha, 0.99, 0, 0.999999, "share of the old mean of squared gradients that is kept"),
    FV_OPT_FLOAT(Rmsprop, epsilon, 1e-8, 1e-30, 1, "added to the divisor"),
    FV_OPT_FLOAT(Rmsprop, momentum, 0, 0, 1, "share of the last step's direction that is kept"),
    FV_OPT_BOOL(Rmsprop, centered, FALSE, "divide by the deviation of the gradient, not by its size"),
    { 0 },
};

static const char *const examples[] = { "rmsprop", "rmsprop(rate=0.001, alpha=0.9, epsilon=1e-6, momentum=0.8)",
                                        "rmsprop(rate=0.001, centered=true)", NULL };

static const FvOptim rmsprop = {
    .base = { FV_HEAD(FvOptim, Rmsprop), .kind = FV_OPTIM, .name = "rmsprop",
              .summary = "steps scaled by a running mean of the gradient's square", .options = options,
              .details =
                  "s = alpha * s + (1 - alpha) * g^2, with centered also m = alpha * m + (1 - alpha) * g, and v = "
                  "momentum * v + g / (sqrt(s - m^2) + epsilon), then w = w - rate * v. All begin at 0; without "
                  "centered m stays there.",
              .reference = "Tieleman and Hinton, Lecture 6.5: rmsprop, 2012; Graves, Generating sequences with "
                           "recurrent neural networks, 2013",
              .examples = examples },
    .slots = { "square", "mean", "velocity", NULL },
    /* Rounding may leave less than 0 of a deviation that is 0. */
    .update_map =
        "square = alpha * square + (1 - alpha) * g * g;"
        "if (centered) mean = alpha * mean + (1 - alpha) * g;"
        "velocity = momentum * velocity + g / (sqrt(fmax(square - mean * mean, (real)0)) + epsilon);"
        "w -= rate * velocity;",
};
FV_EXPORT(rmsprop)
