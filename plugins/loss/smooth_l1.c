/* SPDX-License-Identifier: MIT
 * smooth_l1: squared error where it is small, absolute error where it is large (Girshick, 2015). */
#include <fovea/plugin.h>

typedef struct {
    FvRef value;
    const char *target;
    float beta;
} SmoothL1;

static const FvOption options[] = {
    FV_OPT_VALUE(SmoothL1, value, "what is to become the target"),
    FV_OPT_TARGET(SmoothL1, target, "target", "numbers in the shape of the value"),
    FV_OPT_FLOAT(SmoothL1, beta, 1, 1e-6, 1e6, "error from which on it counts as large"),
    { 0 },
};

static const char *const examples[] = { "smooth_l1(value)", "smooth_l1(value, target, beta=0.3)", NULL };

static const FvLoss smooth_l1 = {
    .base = { FV_HEAD(FvLoss, SmoothL1), .kind = FV_LOSS, .name = "smooth_l1",
              .summary = "squared error where it is small, absolute error where it is large", .options = options,
              .details = "With d = x - target, l = sum over all elements of d^2 / (2 beta) where |d| < beta, else of "
                         "|d| - beta / 2. Any shape.",
              .reference = "Girshick, Fast R-CNN, 2015", .examples = examples },
    .target = FV_TARGET_VALUE,
    .forward_map = "real d = fabs(x - t); l = d < beta ? d * d / (2 * beta) : d - beta / 2;",
    .backward_map = "real d = x - t; dx = d >= beta ? 1 : d <= -beta ? -1 : d / beta;",
};
FV_EXPORT(smooth_l1)
