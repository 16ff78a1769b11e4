/* SPDX-License-Identifier: MIT
 * @NAME@: the square of small differences, the size of large ones. */
#include <fovea/plugin.h>

/* One for each use of the loss in a pipeline, filled from the option table. */
typedef struct {
    FvRef value;
    const char *target;
    float width;
} State;

static const FvOption options[] = {
    FV_OPT_VALUE(State, value, "output of the net"),
    FV_OPT_TARGET(State, target, "target", "what it should be"),
    FV_OPT_FLOAT(State, width, 1.0, 1e-3, 1e3, "difference from which on the loss grows in a straight line"),
    { 0 },
};

/* The maps are OpenCL C, for one element x of the output and t of the target. They are added up over the elements of
 * a sample, and averaged over the batch. */
static const FvLoss plugin = {
    .base = { FV_HEAD(FvLoss, State), .kind = FV_LOSS, .name = "@NAME@",
              .summary = "square of small differences, size of large ones", .options = options },
    .target = FV_TARGET_VALUE,
    .forward_map = "real d = (x - t) / width; l = width * width * (sqrt(1 + d * d) - 1);",
    .backward_map = "real d = (x - t) / width; dx = width * d / sqrt(1 + d * d);",
};
FV_EXPORT(plugin)
