/* SPDX-License-Identifier: MIT
 * @NAME@: x above zero, alpha * (exp(x) - 1) below. */
#include <fovea/plugin.h>

/* One for each use of the layer in a pipeline, filled from the option table. */
typedef struct {
    float alpha;
} State;

static const FvOption options[] = {
    FV_OPT_FLOAT(State, alpha, 1.0, 0.0, 10.0, "value that x tends to far below zero, negated"),
    { 0 },
};

static const char *const examples[] = { "@NAME@", "@NAME@(0.5)", NULL };

/* The maps are OpenCL C, for one element; options stand in them under their names. A layer that is not elementwise
 * has the hooks plan, build, forward and backward instead. */
static const FvLayer plugin = {
    .base = { FV_HEAD(FvLayer, State), .kind = FV_LAYER, .name = "@NAME@",
              .summary = "elementwise: x above zero, alpha * (exp(x) - 1) below", .options = options,
              .examples = examples },
    .forward_map = "y = x > 0 ? x : alpha * (exp(x) - 1);",
    .backward_map = "dx = x > 0 ? dy : alpha * exp(x) * dy;",
};
FV_EXPORT(plugin)
