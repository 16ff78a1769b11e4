/* SPDX-License-Identifier: MIT
 * stochastic_depth: leaves out the branch of a residual block in training, at random (Huang et al., 2016). */
#include "drop_units.h"

typedef struct {
    DropUnits drop;
    float rate;
    int mode, scale;
} StochasticDepth;

enum { BY_ROW, BY_BATCH };
static const char *const modes[] = { "row", "batch", NULL };

static const FvOption options[] = {
    FV_OPT_FLOAT(StochasticDepth, rate, 0.5, 0, 0.999, "probability that the branch is left out"),
    FV_OPT_CHOICE(StochasticDepth, mode, BY_ROW, modes, "drawn for each sample, or once for the batch"),
    DROP_SCALE_OPTION(StochasticDepth),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    StochasticDepth *depth = self;
    depth->drop = (DropUnits){ .rate = depth->rate, .scale = depth->scale, .by_sample = depth->mode == BY_ROW };
    return drop_units_plan(node, &depth->drop);
}

static const char *const examples[] = { "stochastic_depth", "stochastic_depth(0.2)",
                                        "stochastic_depth(0.4, mode=batch, scale=test)", "stochastic_depth(0)", NULL };

static const FvLayer stochastic_depth = {
    .base = { FV_HEAD(FvLayer, StochasticDepth), .kind = FV_LAYER, .name = "stochastic_depth",
              .summary = "leaves out the branch of a residual block in training, at random", .options = options,
              .details =
                  "Stands at the end of a block's main branch, before it is added to the skip connection. In training "
                  "y = 0 with probability rate, drawn for each sample (mode=row) or once for the whole batch, else y = "
                  "x / (1 - rate), so that the mean stays; otherwise y = x: torchvision's StochasticDepth. With "
                  "scale=test, the paper's form, y = x for what is kept in training, and y = (1 - rate) * x otherwise. "
                  "The paper lets rate grow from block to block, up to 0.5 at the last. Any shape, which stays. What "
                  "is "
                  "left out follows from the seed, the step, the layer and the sample's place in the batch: it is the "
                  "same on every device.\n\n"
                  "Backward: dx = dy times what x was multiplied by.",
              .reference = "Huang et al., Deep networks with stochastic depth, 2016", .examples = examples },
    .plan = plan,
    DROP_UNITS_HOOKS,
};
FV_EXPORT(stochastic_depth)
