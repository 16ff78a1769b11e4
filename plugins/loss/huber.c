/* SPDX-License-Identifier: MIT
 * huber: half the squared error where it is small, and grows only linearly from delta on (Huber, 1964). */
#include <fovea/plugin.h>

typedef struct {
    FvRef value;
    const char *target;
    float delta;
} Huber;

static const FvOption options[] = {
    FV_OPT_VALUE(Huber, value, "what is to become the target"),
    FV_OPT_TARGET(Huber, target, "target", "numbers in the shape of the value"),
    FV_OPT_FLOAT(Huber, delta, 1, 1e-6, 1e6, "error from which on it grows linearly"),
    { 0 },
};

static const char *const examples[] = { "huber(value)", "huber(value, target, delta=0.3)", NULL };

static const FvLoss huber = {
    .base = { FV_HEAD(FvLoss, Huber), .kind = FV_LOSS, .name = "huber",
              .summary = "half the squared error where it is small, linear where it is large", .options = options,
              .details = "With d = x - target, l = sum over all elements of d^2 / 2 where |d| < delta, else of delta * "
                         "(|d| - delta / 2), averaged over the batch: PyTorch's HuberLoss with reduction=\"sum\", "
                         "divided by the samples. It is delta times smooth_l1 with beta=delta. Any shape.",
              .reference = "Huber, Robust estimation of a location parameter, 1964", .examples = examples },
    .target = FV_TARGET_VALUE,
    .forward_map = "real d = fabs(x - t); l = d < delta ? d * d / 2 : delta * (d - delta / 2);",
    .backward_map = "real d = x - t; dx = d >= delta ? delta : d <= -delta ? -delta : d;",
};
FV_EXPORT(huber)
