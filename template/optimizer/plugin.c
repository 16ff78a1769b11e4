/* SPDX-License-Identifier: MIT
 * @NAME@: gradient descent with momentum. */
#include <fovea/plugin.h>

typedef struct {
    float rate, momentum;
} State;

static const FvOption options[] = {
    FV_OPT_FLOAT(State, rate, 0.01, 0.0, 1000.0, "learning rate, before the schedule's factor"),
    FV_OPT_FLOAT(State, momentum, 0.9, 0.0, 1.0, "share of the last step that is kept"),
    { 0 },
};

/* OpenCL C for one parameter w of gradient g: rate is the learning rate of this step, t counts updates from 1, and
 * every slot keeps a number for each parameter. */
static const FvOptim plugin = {
    .base = { FV_HEAD(FvOptim, State), .kind = FV_OPTIM, .name = "@NAME@", .summary = "gradient descent with momentum",
              .options = options },
    .slots = { "velocity" },
    .update_map = "velocity = momentum * velocity + g; w -= rate * velocity;",
};
FV_EXPORT(plugin)
