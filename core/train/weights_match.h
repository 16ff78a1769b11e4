/* SPDX-License-Identifier: MIT
 * weights_match.h: which tensors of a file a net takes, and where the two differ. */
#ifndef FOVEA_WEIGHTS_MATCH_H
#define FOVEA_WEIGHTS_MATCH_H

#include "core/plan/plan.h"
#include "core/sink/safetensors.h"

typedef struct {
    GPtrArray *taken;   /* for each parameter of the plan its tensor (FvTensor, borrowed), or NULL */
    GPtrArray *missing; /* char *: names of parameters that the file lacks */
    GPtrArray *unknown; /* char *: names of tensors that are not the net's */
    GPtrArray *unfit;   /* char *: "fc.weight is 10x512, the net's 5x512" */
} FvWeightsMatch;

/** Tensors that are no parameters by their names are left out: those of checkpoints and of what goes before the net,
 * whose names hold a slash, and PyTorch's counters "*.num_batches_tracked". So are those of layers that the plan does
 * without. Everything in @tensors and @plan is borrowed. */
FvWeightsMatch *fv_weights_match_new(const FvPlan *plan, const FvTensors *tensors);
void fv_weights_match_free(FvWeightsMatch *match);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvWeightsMatch, fv_weights_match_free)

/** Parameters that have a tensor. */
guint fv_weights_match_count(const FvWeightsMatch *match);
/** How the two differ, in one line of at most 20 names of each kind; NULL where they do not. g_free() it. */
char *fv_weights_match_text(const FvWeightsMatch *match);
/** The same in a line for each kind, of what becomes of it where the rest is taken; g_strfreev() it. */
char **fv_weights_match_lines(const FvWeightsMatch *match);

#endif
