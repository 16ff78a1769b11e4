/* SPDX-License-Identifier: MIT
 * hardswish: silu made of straight lines and a parabola (Howard et al., 2019). */
#include <fovea/plugin.h>

static const FvLayer hardswish = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "hardswish", .summary = "silu without an exponential",
              .details = "y = x * min(max(x + 3, 0), 6) / 6: 0 up to -3, x from 3 on. Any shape, which stays.",
              .reference = "Howard et al., Searching for MobileNetV3, 2019" },
    .forward_map = "y = x < -3 ? 0 : x > 3 ? x : x * (x + 3) / 6;",
    .backward_map = "dx = x < -3 ? 0 : x > 3 ? dy : dy * (2 * x + 3) / 6;",
    .vector_maps = TRUE,
};
FV_EXPORT(hardswish)
