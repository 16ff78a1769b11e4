/* SPDX-License-Identifier: MIT
 * tally.h: losses and metrics of many steps, read back from the device a few dozen steps at a time. */
#ifndef FOVEA_TALLY_H
#define FOVEA_TALLY_H

#include "core/plan/plan.h"

typedef struct FvTally FvTally;

/** What has been added up: how a checkpoint keeps an epoch under way. */
typedef struct {
    gint64 seen, steps; /* samples, steps */
    double losses, penalties;
    GArray *metrics; /* of double: the sums of all metrics, one after the other; owned. NULL: all are 0 */
} FvSums;

void fv_sums_clear(FvSums *sums);
/** @to: is cleared first. */
void fv_sums_copy(FvSums *to, const FvSums *from);

/** Sums since the last fv_tally_reset(). */
typedef struct {
    gint64 samples, steps;
    double loss;     /* mean over samples, penalties (mean over steps) included */
    double metric;   /* the first metric, NAN where there is none */
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
/** The loss of one step alone, penalties included; waits for the device. */
gboolean fv_tally_read_loss(FvPlan *plan, int slot, int samples, double *loss, GError **error);
/** The same bits whenever the device was read in between. */
FvTotals fv_tally_totals(const FvTally *tally);
/** Of what was added since @before only; NULL: of all. */
FvTotals fv_tally_totals_since(const FvTally *tally, const FvSums *before);
/** All metrics: of FvScore (sink's run.h), in the pipeline's order, of what was added since @before; NULL: of all.
 * Where several have one name, the later ones are NAME_2, NAME_3 ... g_array_unref() it. */
GArray *fv_tally_scores_since(const FvTally *tally, const FvSums *before);
/** The tables of the metrics that have one; g_free() it. @class_names: NULL-ended, or NULL. */
char *fv_tally_tables(const FvTally *tally, const char *const *class_names);
void fv_tally_reset(FvTally *tally);
/** Borrowed. */
const FvSums *fv_tally_sums(const FvTally *tally);
/** Goes on from sums that were kept. */
void fv_tally_restore(FvTally *tally, const FvSums *sums);

/** Name of the first metric, or NULL. */
const char *fv_tally_metric(const FvTally *tally);

#endif
