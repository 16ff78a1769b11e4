/* SPDX-License-Identifier: MIT
 * train.h: trains a pipeline: epochs, validation, checkpoints, the run folder. */
#ifndef FOVEA_TRAIN_H
#define FOVEA_TRAIN_H

#include "core/train/pipeline.h"
#include "core/train/session.h"
#include "core/train/weights.h"

typedef struct {
    const FvPipeline *pipeline;
    FvDevice *device;
    const FvOpenSource *source; /* opened ahead, or NULL */
    const char *out;            /* folder of the run, or NULL: runs/NAME-N */
    const char *resume;         /* folder of a run to go on with, or NULL */
    const char *weights;        /* file to begin with, or NULL */
    FvWeightsNote partial;      /* FvBeginning's: what fits of it is enough; or NULL */
    guint64 seed;
    gboolean has_seed;       /* FALSE: 1, or the run's where one is resumed */
    int folds, fold;         /* as FvSessionSettings has them: the fold is judged in the place of the test split */
    FvProgressBar *progress; /* also takes the line of each epoch */
    const volatile sig_atomic_t *stop;
    const volatile sig_atomic_t *save; /* whenever it changes a checkpoint is written at once; or NULL */
} FvTrainSettings;

typedef struct {
    char *folder;     /* of the run */
    gboolean stopped; /* by `stop`: a checkpoint was written */
    gint64 step;      /* steps done */
    FvSplit split;    /* that was judged: FV_TEST, or FV_VALIDATE for a fold */
    gboolean tested;  /* there is such a split */
    FvTotals test;    /* of best.safetensors */
    GArray *scores;   /* and all its metrics: of FvScore */
    char *tables;     /* of those that have one: text, in whole lines */
} FvTrainResult;

void fv_train_result_clear(FvTrainResult *result);

/** Fits what is to be fitted, and trains until all epochs are done; where nothing can be trained, fitting is all. The
 * run folder (run.h) gets pipeline.fv, log.jsonl, last.safetensors (a checkpoint, at the end of each epoch and every so
 * many seconds), best.safetensors (the parameters of the epoch with the best metric, else loss, of the validation
 * split; of the last epoch where there is none) and report.html; where the pipeline says so also
 * snapshot-1.safetensors ... at the end of each cycle of the schedule. With patience it stops earlier, which is no
 * `stopped`.
 *
 * Resuming gives bit for bit what would have come without the interruption. The resolved pipeline must be that of the
 * run: FV_ERROR_OPTION where it is not, or where the seed is another.
 * FV_ERROR_DATA where a loss is not finite: the message names the step, the rate and the first layer that gave it, and
 * last.safetensors is as it was before. */
gboolean fv_train(const FvTrainSettings *settings, FvTrainResult *result, GError **error);

#endif
