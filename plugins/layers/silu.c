/* SPDX-License-Identifier: MIT
 * silu: x times its logistic function, also called swish (Elfwing et al., 2018). */
#include <fovea/plugin.h>

static const FvLayer silu = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "silu",
              .summary = "sigmoid linear unit, also called swish",
              .details = "y = x / (1 + exp(-x)). Any shape, which stays.",
              .reference = "Elfwing et al., Sigmoid-weighted linear units for neural network function approximation in "
                           "reinforcement learning, 2018" },
    /* Far below zero exp(-x) is infinite, and y and its derivative are 0, as they should be. */
    .forward_map = "y = x / (1 + exp(-x));",
    .backward_map =
        "real s = 1 / (1 + exp(-x));\n"
        "dx = dy * s * (1 + x * (1 - s));",
    .vector_maps = TRUE,
};
FV_EXPORT(silu)
