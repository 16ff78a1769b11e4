/* SPDX-License-Identifier: MIT
 * folds.h: cross-validation: one training for each part of the training split, judged by that part. */
#ifndef FOVEA_FOLDS_H
#define FOVEA_FOLDS_H

#include "core/train/train.h"

enum { FV_MOST_FOLDS = 1000 };

/** What came of one fold; NAN where there is no loss, or no metric. */
typedef struct {
    double loss, value;
} FvFoldScore;

typedef struct {
    char *folder;     /* of the run, or NULL where it was stopped before there was one */
    char *metric;     /* name, or NULL */
    gboolean stopped; /* by `stop` */
    GArray *folds;    /* of FvFoldScore, those that are done */
} FvFoldsResult;

void fv_folds_result_clear(FvFoldsResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvFoldsResult, fv_folds_result_clear)

/** Whether a run folder is that of a cross-validation. */
gboolean fv_folds_in(const char *folder);

/** Which fold of how many the run in a folder is, from 0; FALSE where it is none. */
gboolean fv_folds_of(const char *folder, int *fold, int *folds);
/** The folders of the folds that a cross-validation has begun: array of strings. */
GPtrArray *fv_folds_begun(const char *folder);

/** Trains `settings->folds` times, in folders fold-1 .. of the run folder, which also gets pipeline.fv, folds.json
 * (their number and the seed) and log.jsonl, with a line for each fold that is done, whose number stands as its epoch.
 * With settings->resume folds that are done are not done again, and the one that was under way goes on; folds may then
 * be 0, for as many as there were. Errors: those of fv_train(), with the fold in front; FV_ERROR_OPTION where a run was
 * begun with another number. */
gboolean fv_train_folds(const FvTrainSettings *settings, FvFoldsResult *result, GError **error);

/** Mean, and deviation with the divisor n - 1 (0 of a single one), of what lies at @offset of each FvFoldScore. */
void fv_folds_summary(const GArray *folds, gsize offset, double *mean, double *deviation);

#endif
