/* SPDX-License-Identifier: MIT
 * mae: the absolute error, added up over the outputs. */
#include <fovea/plugin.h>

typedef struct {
    FvRef value;
    const char *target;
} Mae;

static const FvOption options[] = {
    FV_OPT_VALUE(Mae, value, "what is to become the target"),
    FV_OPT_TARGET(Mae, target, "target", "numbers in the shape of the value"),
    { 0 },
};

static const char *const examples[] = { "mae(value)", "mae(value, target)", NULL };

static const FvLoss mae = {
    .base = { FV_HEAD(FvLoss, Mae), .kind = FV_LOSS, .name = "mae",
              .summary = "absolute error, added up over the outputs", .options = options,
              .details = "l = sum of |x - target| over all elements, averaged over the batch: PyTorch's L1Loss with "
                         "reduction=\"sum\", divided by the samples. Where x is the target the derivative is 0. Any "
                         "shape.",
              .examples = examples },
    .target = FV_TARGET_VALUE,
    .forward_map = "l = fabs(x - t);",
    .backward_map = "dx = sign(x - t);",
};
FV_EXPORT(mae)
