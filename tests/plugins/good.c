/* SPDX-License-Identifier: MIT
 * good.c: a layer that is as it should be. */
#include <fovea/plugin.h>

typedef struct {
    float alpha;
} State;

static const FvOption options[] = {
    FV_OPT_FLOAT(State, alpha, 1.0, 0.0, 10.0, "slope"),
    { 0 },
};

static const FvLayer good = {
    .base = { FV_HEAD(FvLayer, State), .kind = FV_LAYER, .name = "good", .summary = "slope", .options = options },
    .forward_map = "y = alpha * x;",
    .backward_map = "dx = alpha * dy;",
};
FV_EXPORT(good)
