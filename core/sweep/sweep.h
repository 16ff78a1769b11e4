/* SPDX-License-Identifier: MIT
 * sweep.h: searches the lets of a pipeline for those that train best, as its section sweep { } says. */
#ifndef FOVEA_SWEEP_H
#define FOVEA_SWEEP_H

#include "core/sink/progress.h"
#include "core/train/pipeline.h"

#include <signal.h>

/** Everything is borrowed. */
typedef struct {
    const char *file;        /* the pipeline; NULL where a sweep is resumed */
    const char *const *sets; /* of -s, NULL-ended, or NULL */
    const char *out;         /* folder to make, or NULL: runs/NAME-sweep-N */
    const char *resume;      /* folder of a sweep to go on with, or NULL */
    const char *device;      /* as fv_device_open() takes it; NULL: the usual, or that of the sweep which is resumed */
    guint64 seed;            /* of the draws, and of each training: all have the same shares of the data */
    int jobs;                /* trials at once */
    gboolean keep;           /* the weights of all trials, not of the best alone */
    FvProgressBar *progress; /* also takes a line for each trial */
    const volatile sig_atomic_t *stop;
} FvSweepSettings;

typedef struct {
    char *folder;
    gboolean stopped; /* by `stop`; what was under way goes on from its checkpoint when the sweep is resumed */
    char *table;      /* of the trials that have ended, and the best of them: text, in whole lines */
    char *best;       /* FOLDER/best.fv; NULL: no trial was done, or the sweep is not over */
} FvSweepResult;

void fv_sweep_result_clear(FvSweepResult *result);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvSweepResult, fv_sweep_result_clear)

#define FV_SWEEP_STORE "sweep.db"
#define FV_SWEEP_PLOTS "sweep.svg"
#define FV_SWEEP_BEST "best.fv"

/** Runs all trials, each in a process of its own, in the folder trial-N of the sweep's; the calling process must have
 * no other threads, and must not have opened a device. Trials are judged by what their best epoch came to on the
 * validation split, by the first metric, else the loss; the test split is left alone. Each is recorded in sweep.db as
 * it ends, so that a sweep can be killed at any moment, resumed, and ends as if it had not been; nor does it depend on
 * `jobs`. At the end there are best.fv, the pipeline with the best values in its lets, best.safetensors, the weights of
 * that trial, and sweep.svg.
 *
 * A trial whose loss is not finite has diverged: that is a result. FV_ERROR_OPTION: the pipeline has no sweep { }; a
 * value that may be drawn makes it wrong; it has no validation split. Whatever else fails in a trial ends the sweep,
 * which can be resumed. */
gboolean fv_sweep_run(const FvSweepSettings *settings, FvSweepResult *result, GError **error);
/** Only says how the sweep of a folder stands. */
gboolean fv_sweep_show(const char *folder, FvSweepResult *result, GError **error);

/** Tries each end of a range and each value of a list in the pipeline's place for it, as far as that is possible
 * without a device: mistakes come with their place, one a line, and the value.
 * @file, @sets: what @pipeline was made of. */
gboolean fv_sweep_check(const char *file, const char *const *sets, const FvPipeline *pipeline, GError **error);

#endif
