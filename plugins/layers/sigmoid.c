/* SPDX-License-Identifier: MIT
 * sigmoid: 1 / (1 + exp(-x)), from 0 to 1. */
#include <fovea/plugin.h>

static const FvLayer sigmoid = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "sigmoid", .summary = "logistic function",
              .details = "y = 1 / (1 + exp(-x)). Any shape, which stays." },
    /* Far below zero exp(-x) is infinite, and y is 0, as it should be. */
    .forward_map = "y = 1 / (1 + exp(-x));",
    .backward_map = "dx = dy * y * (1 - y);",
    .vector_maps = TRUE,
};
FV_EXPORT(sigmoid)
