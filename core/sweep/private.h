/* SPDX-License-Identifier: MIT
 * private.h: a sweep under way, for the files that share it. */
#ifndef FOVEA_SWEEP_PRIVATE_H
#define FOVEA_SWEEP_PRIVATE_H

#include "core/sink/lock.h"
#include "core/sweep/search.h"
#include "core/sweep/store.h"
#include "core/sweep/sweep.h"

typedef struct {
    const FvSweepSettings *settings; /* NULL where the sweep is only looked at */
    char *folder;
    FvLock *lock; /* of the folder, or NULL. Children have it, too, so that it is held as long as one of them lives. */
    FvStore *store;
    FvStoreHead head;
    FvPipeline *pipeline; /* of head.pipeline */
    FvSearch search;
    GPtrArray *trials; /* of FvTrial: of all rounds that have begun */
} FvSweepState;

void fv_sweep_state_clear(FvSweepState *sweep);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvSweepState, fv_sweep_state_clear)

/* open.c: from settings, or for the last one folder, to store, head, pipeline, search, and no trials yet */

/** Makes the folder, after all that can be wrong has been looked for. */
gboolean fv_sweep_begin(FvSweepState *sweep, GError **error);
/** Goes on with the sweep of a folder. */
gboolean fv_sweep_resume(FvSweepState *sweep, GError **error);
/** Opens what sweep->folder has, to be looked at: nothing is locked or written. */
gboolean fv_sweep_look(FvSweepState *sweep, GError **error);

/** FOLDER/NAME; g_free() it. */
char *fv_sweep_file(const FvSweepState *sweep, const char *name);
/** The folder of a trial; g_free() it. */
char *fv_sweep_trial_folder(const FvSweepState *sweep, const FvTrial *trial);
/** What trials are judged by: "accuracy", or "loss". */
const char *fv_sweep_judge(const FvSweepState *sweep);

/* text.c */

/** The pipeline with what was drawn for a trial in its lets, without sweep { }; g_free() it.
 * @epochs: of its train { }; 0: as they are. */
char *fv_sweep_pipeline_text(const FvSweepState *sweep, const FvTrial *trial, int epochs);

/* work.c */

/** A FvJobFunc for a FvSweepState with a head: looks whether there are data, a validation split and a device. */
GBytes *fv_sweep_probe(gpointer sweep);
gboolean fv_sweep_probe_take(GBytes *report, GError **error);

/** What a process trains. */
typedef struct {
    const FvSweepState *sweep;
    FvTrial *trial;
} FvSweepWork;

/** A FvJobFunc for a FvSweepWork: trains it. */
GBytes *fv_sweep_work(gpointer work);
/** Fills the trial with what its process reported. FALSE with the error that ended it; or without one where it was
 * stopped, and is still open. */
gboolean fv_sweep_work_take(GBytes *report, FvTrial *trial, GError **error);

/* files.c */

/** Removes weights of trials that nothing needs any more. @over: there will be no further round. */
void fv_sweep_tidy(const FvSweepState *sweep, gboolean over);
/** The same when one trial has ended. @before: the best until then, or NULL. */
void fv_sweep_tidy_after(const FvSweepState *sweep, const FvTrial *ended, const FvTrial *before);
/** sweep.svg, best.fv, best.safetensors. @best: NULL: there is none, and only the first is written. */
gboolean fv_sweep_write(const FvSweepState *sweep, const FvTrial *best, GError **error);

/* table.c, plots.c */

/** g_free() it. */
char *fv_sweep_table(const FvSweepState *sweep);
/** sweep.svg; g_free() it. */
char *fv_sweep_plots(const FvSweepState *sweep);

#endif
