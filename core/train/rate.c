/* SPDX-License-Identifier: MIT
 * rate.c: the factor of the learning rate at a step. */
#include "core/train/rate.h"

#include <math.h>

static gint64 warmup_steps(const FvScheduleCommon *common, const FvProgress *at)
{
    const double unit = common->warmup_unit == FV_UNIT_EPOCHS ? (double) at->epoch_steps : 1;
    return (gint64) fmin(round((double) common->warmup * unit), (double) G_MAXINT64 / 2);
}

/* Where training stands when it is counted from the end of the warm-up. Of the epochs, those count that began after it.
 */
static FvProgress after(const FvProgress *at, gint64 steps)
{
    const gint64 epoch = MAX(1, at->epoch_steps);
    const int before = (int) MIN((steps + epoch - 1) / epoch, (gint64) at->epoch_count);
    FvProgress rest = *at;
    rest.step -= steps;
    rest.steps = MAX(0, rest.steps - steps);
    rest.epochs = at->epochs ? at->epochs + before : NULL;
    rest.epoch_count -= before;
    return rest;
}

double fv_rate_factor(const FvUse *schedule, const FvProgress *at)
{
    if (!schedule->plugin)
        return 1;
    const FvScheduleCommon *common = fv_state_self(schedule->common);
    const gint64 steps = warmup_steps(common, at);
    if (at->step < steps)
        return (double) common->warmup_from + (1 - (double) common->warmup_from) * (double) at->step / (double) steps;
    const FvProgress rest = after(at, steps);
    return ((const FvSchedule *) schedule->plugin)->factor(fv_state_self(schedule->state), &rest);
}

int fv_rate_cycle(const FvUse *schedule, const FvProgress *at)
{
    const FvSchedule *plugin = (const FvSchedule *) schedule->plugin;
    if (!plugin || !plugin->cycle)
        return 0;
    const gint64 steps = warmup_steps(fv_state_self(schedule->common), at);
    const FvProgress rest = after(at, MIN(steps, at->step));
    return at->step < steps ? 0 : plugin->cycle(fv_state_self(schedule->state), &rest);
}
