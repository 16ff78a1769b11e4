/* SPDX-License-Identifier: MIT
 * step: the learning rate falls by a factor after every so many epochs. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    int every;
    float factor;
} Step;

static const FvOption options[] = {
    FV_OPT_INT(Step, every, 10, 1, 1 << 30, "epochs between two falls", .unit = "epochs"),
    FV_OPT_FLOAT(Step, factor, 0.1, 0, 1, "by which the rate is multiplied"),
    { 0 },
};

static double factor(const void *self, const FvProgress *at)
{
    const Step *step = self;
    const gint64 epoch = at->step / MAX(1, at->epoch_steps);
    return pow((double) step->factor, (double) (epoch / step->every));
}

static const char *const examples[] = { "step(every=2)", "step(every=1, factor=0.5)", NULL };

static const FvSchedule step = {
    .base = { FV_HEAD(FvSchedule, Step), .kind = FV_SCHEDULE, .name = "step",
              .summary = "the learning rate falls after every so many epochs", .options = options,
              .details = "The factor is factor^(epoch / every), the quotient rounded down and epochs counted from 0.",
              .examples = examples },
    .factor = factor,
};
FV_EXPORT(step)
