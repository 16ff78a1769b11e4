/* SPDX-License-Identifier: MIT
 * tally.h: losses and metrics of many steps, read back from the device a few dozen steps at a time. */
#ifndef FOVEA_TALLY_H
#define FOVEA_TALLY_H

#include "core/plan/plan.h"

typedef struct FvTally FvTally;

/** What has been added up: how a checkpoint keeps an epoch under way. */
typedef struct {
    gint64 seen, steps; /* samples, steps */
    double losses, penalties, metrics;
} FvSums;

/** Sums since the last fv_tally_reset(). */
typedef struct {
    gint64 samples, steps;
    gboolean has_loss;
    double loss;     /* mean over samples, penalties (mean over steps) included; NAN where there is none */
    double metric;   /* the first metric's mean, NAN where there is none */
    gint64 bad_step; /* the first step whose loss was not finite, counted from the last fv_tally_reset(), or -1 */
} FvTotals;

/** @plan: made with settings.slots, which is how many steps are kept on the device. */
FvTally *fv_tally_new(FvPlan *plan);
void fv_tally_free(FvTally *tally);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvTally, fv_tally_free)

/** The slot for a step that is about to be enqueued with so many samples. Not when fv_tally_full(). */
int fv_tally_step(FvTally *tally, int samples);
gboolean fv_tally_full(const FvTally *tally);
/** Reads what the device holds; waits for it. */
gboolean fv_tally_flush(FvTally *tally, GError **error);
/** The same bits whenever the device was read in between. */
FvTotals fv_tally_totals(const FvTally *tally);
/** Of what was added since @before only. */
FvTotals fv_tally_totals_since(const FvTally *tally, const FvSums *before);
void fv_tally_reset(FvTally *tally);
FvSums fv_tally_sums(const FvTally *tally);
/** Goes on from sums that were kept. */
void fv_tally_restore(FvTally *tally, const FvSums *sums);

/** Name of the first metric, or NULL. */
const char *fv_tally_metric(const FvTally *tally);

#endif
