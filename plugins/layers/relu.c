/* SPDX-License-Identifier: MIT
 * relu: x above zero, 0 below (Nair and Hinton, 2010). */
#include <fovea/plugin.h>

static const FvLayer relu = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "relu", .summary = "rectified linear unit",
              .details = "y = max(x, 0), with a derivative of 0 at 0. Any shape, which stays.",
              .reference = "Nair and Hinton, Rectified linear units improve restricted Boltzmann machines, 2010" },
    /* Not "x > 0 ? x : 0", which would hide a NaN. */
    .forward_map = "y = x < 0 ? 0 : x;",
    .backward_map = "dx = y > 0 ? dy : 0;",
    .vector_maps = TRUE,
};
FV_EXPORT(relu)
