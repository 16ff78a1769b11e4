/* SPDX-License-Identifier: MIT
 * search.h: which trials come next, by what those before came to. */
#ifndef FOVEA_SWEEP_SEARCH_H
#define FOVEA_SWEEP_SEARCH_H

#include "core/sweep/trial.h"

typedef struct {
    const FvSweep *sweep;
    int epochs; /* of the pipeline, for searches that do not say themselves */
    guint64 seed;
    gboolean by_loss, lower_is_better; /* what trials are judged by: the loss instead of the metric; which way */
} FvSearch;

/** Appends the trials of the next round to @trials, of FvTrial with a free function, all of which have ended. They
 * follow from @search and @trials alone. FALSE, with nothing appended, where the search is over. */
gboolean fv_search_next(const FvSearch *search, GPtrArray *trials);
/** The best of the trials: first by epochs, since those that took longer are ahead for that alone, then by what they
 * are judged by, then by the loss, then the earlier one. NULL where none was done. */
const FvTrial *fv_search_best(const FvSearch *search, const GPtrArray *trials);
/** Trials of all rounds together. */
int fv_search_total(const FvSearch *search);
/** Epochs of the longest trials. */
int fv_search_epochs(const FvSearch *search);
/** Whether trials may go on in a later round, so that their checkpoints are needed. */
gboolean fv_search_goes_on(const FvSearch *search);

#endif
