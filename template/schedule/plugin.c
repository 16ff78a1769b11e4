/* SPDX-License-Identifier: MIT
 * @NAME@: the rate falls by the same factor in every epoch. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    float gamma;
} State;

static const FvOption options[] = {
    FV_OPT_FLOAT(State, gamma, 0.9, 0.0, 1.0, "factor of the rate after one epoch"),
    { 0 },
};

static double factor(const void *self, const FvProgress *at)
{
    const State *state = self;
    return pow(state->gamma, (double) at->step / (double) MAX(at->epoch_steps, 1));
}

static const FvSchedule plugin = {
    .base = { FV_HEAD(FvSchedule, State), .kind = FV_SCHEDULE, .name = "@NAME@",
              .summary = "falls by the same factor in every epoch", .options = options },
    .factor = factor,
};
FV_EXPORT(plugin)
