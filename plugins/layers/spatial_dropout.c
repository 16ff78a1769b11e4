/* SPDX-License-Identifier: MIT
 * spatial_dropout: sets randomly chosen channels to 0 in training (Tompson et al., 2015). */
#include "drop_units.h"

static const FvOption options[] = {
    FV_OPT_FLOAT(DropUnits, rate, 0.5, 0, 0.999, "probability that a channel of a sample is set to 0"),
    DROP_SCALE_OPTION(DropUnits),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    DropUnits *drop = self;
    drop->by_channel = drop->by_sample = TRUE;
    return drop_units_plan(node, drop);
}

static const char *const examples[] = { "spatial_dropout", "spatial_dropout(0.2)", "spatial_dropout(0.3, scale=test)",
                                        "spatial_dropout(0)", NULL };

static const FvLayer spatial_dropout = {
    .base = { FV_HEAD(FvLayer, DropUnits), .kind = FV_LAYER, .name = "spatial_dropout",
              .summary = "sets randomly chosen channels to 0 in training", .options = options,
              .details = "In training all of a channel is 0 with probability rate, for each sample anew, else "
                         "y = x / (1 - rate), so that the mean stays; otherwise y = x. With scale=test y = x for what "
                         "is kept in training, and y = (1 - rate) * x otherwise. Neighbouring pixels are so alike that "
                         "dropout, which takes them one by one, takes little from a convolution. Any shape, which "
                         "stays. What is dropped follows from the seed, the step, the layer, the sample's place in the "
                         "batch and the channel: it is the same on every device.\n\n"
                         "Backward: dx = dy times what x was multiplied by.",
              .reference = "Tompson et al., Efficient object localization using convolutional networks, 2015",
              .examples = examples },
    .plan = plan,
    DROP_UNITS_HOOKS,
};
FV_EXPORT(spatial_dropout)
