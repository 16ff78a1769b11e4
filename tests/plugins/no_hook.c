/* SPDX-License-Identifier: MIT
 * no_hook.c: refused: a layer that has one map only. */
#include <fovea/plugin.h>

static const FvLayer no_hook = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "no_hook", .summary = "wrong" },
    .forward_map = "y = x;",
};
FV_EXPORT(no_hook)
