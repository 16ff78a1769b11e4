/* SPDX-License-Identifier: MIT
 * mse: half the squared error, added up over the outputs. */
#include <fovea/plugin.h>

typedef struct {
    FvRef value;
    const char *target;
} Mse;

static const FvOption options[] = {
    FV_OPT_VALUE(Mse, value, "what is to become the target"),
    FV_OPT_TARGET(Mse, target, "target", "numbers in the shape of the value"),
    { 0 },
};

static const char *const examples[] = { "mse(value)", "mse(value, target)", NULL };

static const FvLoss mse = {
    .base = { FV_HEAD(FvLoss, Mse), .kind = FV_LOSS, .name = "mse",
              .summary = "half the squared error, added up over the outputs", .options = options,
              .details = "l = sum of (target - x)^2 / 2 over all elements. Any shape.", .examples = examples },
    .target = FV_TARGET_VALUE,
    .forward_map = "l = (t - x) * (t - x) / 2;",
    .backward_map = "dx = x - t;",
};
FV_EXPORT(mse)
