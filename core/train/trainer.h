/* SPDX-License-Identifier: MIT
 * trainer.h: one training under way, for the files that drive it. */
#ifndef FOVEA_TRAINER_H
#define FOVEA_TRAINER_H

#include "core/sink/run.h"
#include "core/train/train.h"
#include "core/train/watch.h"

typedef struct {
    const FvTrainSettings *settings;
    const FvGraph *graph;
    FvRun *run;
    FvSession *session;
    FvPlan *plan; /* the session's */
    FvTally *tally;
    FvWatch *watch;
    FvPosition at;
    FvWeightsNotes notes;
    int epochs;         /* to be done: none where there is nothing to train */
    gint64 epoch_steps; /* batches of one epoch */
    gint64 epoch_samples;
    gint64 saved;       /* monotonic time of the last checkpoint */
    gint64 saving;      /* how long it took */
    sig_atomic_t asked; /* what settings->save was when a checkpoint was last written for it */
    gboolean stopped;
    gboolean diverged; /* a loss or a parameter is not finite */
} FvTrainer;

/** Begins a run: everything that can be wrong is looked for before its folder is made. Where layers were being fitted
 * as it was stopped, there is no folder. */
gboolean fv_trainer_begin(FvTrainer *trainer, GError **error);
/** Goes on with the run that the settings name, from its last checkpoint. */
gboolean fv_trainer_resume(FvTrainer *trainer, GError **error);
/** Writes a checkpoint. */
gboolean fv_trainer_save(FvTrainer *trainer, GError **error);

/** Of the first metric, or of the loss where there is none. */
gboolean fv_trainer_lower_is_better(const FvGraph *graph);
/** Keeps the pipeline, as resolved, in a run folder. */
gboolean fv_train_write_pipeline(const FvTrainSettings *settings, const FvRun *run, GError **error);
/** FV_ERROR_OPTION where a run was begun with another. Where it has none yet, it gets this one. */
gboolean fv_train_same_pipeline(const FvTrainSettings *settings, const FvRun *run, GError **error);

/** The learning rate of a step. */
double fv_trainer_rate(const FvTrainer *trainer, gint64 step);
/** The number, from 0, of the schedule's cycle that a step is in. */
int fv_trainer_cycle(const FvTrainer *trainer, gint64 step);
/** Takes one step with the batch that the feed has brought. @updates: FALSE: its gradient alone is wanted. */
gboolean fv_trainer_step(const FvTrainer *trainer, FvSession *session, gboolean updates, gint64 step, int samples,
                         int slot, GError **error);

/** Sets FV_ERROR_DATA for a step whose loss is not finite: repeats the steps since the last checkpoint, keeping every
 * value, to name the layer. Returns FALSE. */
gboolean fv_trainer_diverged(const FvTrainer *trainer, gint64 step, GError **error);

#endif
