/* SPDX-License-Identifier: MIT
 * bad_table.c: refused: the default of an option is out of its range. */
#include <fovea/plugin.h>

typedef struct {
    int size;
} State;

static const FvOption options[] = {
    FV_OPT_INT(State, size, 0, 1, 7, "size of the window"),
    { 0 },
};

static const FvLayer bad_table = {
    .base = { FV_HEAD(FvLayer, State), .kind = FV_LAYER, .name = "bad_table", .summary = "wrong", .options = options },
    .forward_map = "y = x;",
    .backward_map = "dx = dy;",
};
FV_EXPORT(bad_table)
