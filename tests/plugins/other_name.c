/* SPDX-License-Identifier: MIT
 * other_name.c: refused: the plugin in it is called otherwise than the file. */
#include <fovea/plugin.h>

static const FvLayer other_name = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "another", .summary = "wrong" },
    .forward_map = "y = x;",
    .backward_map = "dx = dy;",
};
FV_EXPORT(other_name)
