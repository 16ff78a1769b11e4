/* SPDX-License-Identifier: MIT
 * step.h: one step of a training on the batch that is on the device. */
#ifndef FOVEA_STEP_H
#define FOVEA_STEP_H

#include "core/exec/exec.h"
#include "core/plan/plan.h"

/** Forward, backward, and the optimizer's update: enqueued, where the optimizer has a map, else done when this returns.
 * @kind: FV_LIST_TRAIN, or FV_LIST_GATHER for a batch whose update is to come, or FV_LIST_GRADIENT.
 * @now: its slot takes the loss at the parameters that the step began with. */
gboolean fv_step_take(FvPlan *plan, const FvGraph *graph, FvListKind kind, const FvStep *now, int samples,
                      GError **error);

/** Puts the averages of the parameters in their place, and the next time back: what is evaluated and kept as the best.
 * Does nothing where there are none. */
gboolean fv_step_swap_averages(FvPlan *plan, GError **error);

#endif
