/* SPDX-License-Identifier: MIT
 * time.h: the t of schedules that fall with time: whole epochs, or steps. */
#ifndef FOVEA_SCHEDULE_TIME_H
#define FOVEA_SCHEDULE_TIME_H

#include <fovea/plugin.h>

typedef enum { PER_EPOCH, PER_STEP } Per;

static const char *const per_names[] = { [PER_EPOCH] = "epoch", [PER_STEP] = "step", NULL };

#define OPT_PER(T)                                                                         \
    FV_OPT_CHOICE(T, per, PER_EPOCH, per_names,                                            \
                  "what t counts: whole epochs, after each of which the factor falls, or " \
                  "steps")

/** How much time is over, from 0. */
static inline double time_over(const FvProgress *at, int per)
{
    return (double) (per == PER_EPOCH ? at->step / MAX(1, at->epoch_steps) : at->step);
}

#endif
