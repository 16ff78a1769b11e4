/* SPDX-License-Identifier: MIT
 * judge.h: loss and metrics of averaged predictions, on a split. */
#ifndef FOVEA_JUDGE_H
#define FOVEA_JUDGE_H

#include "core/train/session.h"
#include "core/train/weights.h"

typedef struct {
    FvTotals totals;
    GArray *scores;  /* of FvScore: all metrics */
    char *tables;    /* of those that have one: text, in whole lines */
    GArray *members; /* of FvTotals: of each net alone, by the images themselves */
} FvJudged;

void fv_judged_clear(FvJudged *judged);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvJudged, fv_judged_clear)

/** Evaluates a split by the averages of what several nets predict (begin->others), of each image and, with copies above
 * 1, of so many copies of it less one, augmented as the pipeline does in training and drawn by the seed
 * (settings.varies). Means are those of probabilities, where a loss makes such; losses and metrics are those of the
 * mean. Penalties are the mean of the nets' own.
 * @first: what was read of begin->file.
 * Returns FALSE with an error, or without one where it was stopped. */
gboolean fv_session_judge(FvSession *session, const FvBeginning *begin, const FvTensors *first, FvSplit split,
                          int copies, FvJudged *judged, GError **error);

#endif
