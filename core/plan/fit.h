/* SPDX-License-Identifier: MIT
 * fit.h: fits one layer of a loaded plan to samples that are brought to its inputs one batch after the other. */
#ifndef FOVEA_FIT_H
#define FOVEA_FIT_H

#include "core/plan/plan.h"

/** @layer: one of which fv_plan_layer() says that it is fitted. @samples, @classes: of the training split. */
FvFit *fv_fit_new(FvPlan *plan, guint layer, gint64 samples, int classes);
void fv_fit_free(FvFit *fit);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvFit, fv_fit_free)

int fv_fit_passes(const FvFit *fit);
/** Gives the layer what the list before it has left at its input; waits for the device. @labels: -1 for none. */
gboolean fv_fit_take(FvFit *fit, int samples, const int *labels, GError **error);
/** Ends a pass; the last one sets the layer's parameters. */
gboolean fv_fit_end_pass(FvFit *fit, GError **error);

#endif
