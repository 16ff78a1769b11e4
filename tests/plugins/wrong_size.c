/* SPDX-License-Identifier: MIT
 * wrong_size.c: refused: a descriptor that ends too early. */
#include <fovea/plugin.h>

static const FvLayer wrong_size = {
    .base = { .abi = FV_ABI,
              .size = 100,
              .state_size = sizeof(FvNone),
              .kind = FV_LAYER,
              .name = "wrong_size",
              .summary = "wrong" },
    .forward_map = "y = x;",
    .backward_map = "dx = dy;",
};
FV_EXPORT(wrong_size)
