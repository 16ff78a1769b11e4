/* SPDX-License-Identifier: MIT
 * targets.h: random numbers in the place of data, where only the arithmetic of a net is of interest. */
#ifndef FOVEA_TARGETS_H
#define FOVEA_TARGETS_H

#include "core/plan/plan.h"

/** An input for the net: N,C,H,W standard normal numbers, float64. The same for the same seed. */
FvTensor *fv_random_input(FvPlan *plan, int samples, guint64 seed, GError **error);
/** Writes the targets of all losses: classes, each as likely as the others (two for embeddings), and standard normal
 * numbers, or uniform ones from 0 to 1 where a link makes probabilities of the value. */
gboolean fv_random_targets(FvPlan *plan, const FvGraph *graph, int samples, guint64 seed, GError **error);

#endif
