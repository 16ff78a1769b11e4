/* SPDX-License-Identifier: MIT
 * wrong_abi.c: refused: made for another interface. */
#include <fovea/plugin.h>

static const FvLayer wrong_abi = {
    .base = { .abi = 7,
              .size = sizeof(FvLayer),
              .state_size = sizeof(FvNone),
              .kind = FV_LAYER,
              .name = "wrong_abi",
              .summary = "wrong" },
    .forward_map = "y = x;",
    .backward_map = "dx = dy;",
};
FV_EXPORT(wrong_abi)
