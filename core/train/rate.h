/* SPDX-License-Identifier: MIT
 * rate.h: by what the optimizer's rate is multiplied: a schedule, and the warm-up before it. */
#ifndef FOVEA_RATE_H
#define FOVEA_RATE_H

#include "core/graph/graph.h"

/** The factor at a step; 1 where @schedule has no plugin. A schedule is told the steps and epochs after its warm-up. */
double fv_rate_factor(const FvUse *schedule, const FvProgress *at);
/** The number, from 0, of the schedule's cycle that a step is in; 0 where it has none, and in the warm-up. */
int fv_rate_cycle(const FvUse *schedule, const FvProgress *at);

#endif
