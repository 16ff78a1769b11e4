/* SPDX-License-Identifier: MIT
 * selu: elu with the two numbers that keep mean 0 and variance 1 from layer to layer (Klambauer et al., 2017). */
#include <fovea/plugin.h>

/* The scale, and alpha times the scale. */
#define SCALE "(real)(1.0507009873554805)"
#define BELOW "(real)(1.7580993408473766)"

static const FvLayer selu = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "selu", .summary = "scaled exponential linear unit",
              .details =
                  "y = scale * x above zero, scale * alpha * (exp(x) - 1) below, with scale = 1.0507009873554805 "
                  "and alpha = 1.6732632423543772. Any shape, which stays.",
              .reference = "Klambauer et al., Self-normalizing neural networks, 2017" },
    .forward_map = "y = x > 0 ? " SCALE " * x : " BELOW " * (exp(x) - 1);",
    .backward_map = "dx = y > 0 ? " SCALE " * dy : dy * (y + " BELOW ");",
    .vector_maps = TRUE,
};
FV_EXPORT(selu)
