/* SPDX-License-Identifier: MIT
 * tanh: the hyperbolic tangent, from -1 to 1. */
#include <fovea/plugin.h>

static const FvLayer tangent = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "tanh", .summary = "hyperbolic tangent",
              .details = "y = tanh(x). Any shape, which stays." },
    .forward_map = "y = tanh(x);",
    .backward_map = "dx = dy * (1 - y * y);",
    .vector_maps = TRUE,
};
FV_EXPORT(tangent)
