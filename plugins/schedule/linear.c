/* SPDX-License-Identifier: MIT
 * linear: the learning rate falls in a straight line, from step to step. */
#include <fovea/plugin.h>

typedef struct {
    float floor;
} Linear;

static const FvOption options[] = {
    FV_OPT_FLOAT(Linear, floor, 0, 0, 1, "the factor that it ends at"),
    { 0 },
};

static double factor(const void *self, const FvProgress *at)
{
    const Linear *linear = self;
    const double done = CLAMP((double) at->step / (double) MAX(1, at->steps), 0, 1);
    return 1 - (1 - (double) linear->floor) * done;
}

static const char *const examples[] = { "linear", "linear(floor=0.05)", NULL };

static const FvSchedule linear = {
    .base = { FV_HEAD(FvSchedule, Linear), .kind = FV_SCHEDULE, .name = "linear",
              .summary = "the learning rate falls in a straight line", .options = options,
              .details = "The factor is 1 - (1 - floor) * step / steps, over all steps of the training.",
              .examples = examples },
    .factor = factor,
};
FV_EXPORT(linear)
