/* SPDX-License-Identifier: MIT
 * apply_private.h: what tensors and files share on their way through a net. */
#ifndef FOVEA_APPLY_PRIVATE_H
#define FOVEA_APPLY_PRIVATE_H

#include "core/train/apply.h"

/** Plans the net. @weights: read from settings->begin.file, or NULL. */
FvPlan *fv_apply_plan(const FvApplySettings *settings, FvPurpose purpose, int batch, const FvTensors *weights,
                      GError **error);
gboolean fv_apply_enqueue(FvPlan *plan, FvListKind kind, int samples, guint64 seed, GError **error);

#endif
