/* SPDX-License-Identifier: MIT
 * trace_loss.h: the loss of each element, for losses that are sums over elements. A plan keeps the sums alone. */
#ifndef FOVEA_TRACE_LOSS_H
#define FOVEA_TRACE_LOSS_H

#include "core/train/trace.h"

typedef struct FvTraceLoss FvTraceLoss;

/** Writes kernels for the losses of a net that are maps. */
FvTraceLoss *fv_trace_loss_new(const FvGraph *graph);
void fv_trace_loss_free(FvTraceLoss *loss);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvTraceLoss, fv_trace_loss_free)
/** What fv_plan_load() takes as @extra. */
const char *const *fv_trace_loss_sources(const FvTraceLoss *loss);

/** Fills FvTraceTerm.elements. The plan was loaded with the sources, and its values are there. */
gboolean fv_trace_loss_read(const FvGraph *graph, FvTrace *trace, GError **error);

#endif
