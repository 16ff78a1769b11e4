/* SPDX-License-Identifier: MIT
 * opening.c: how a training begins, or goes on: its run folder, the session, parameters and position. */
#include "core/sink/atomic.h"
#include "core/train/early.h"
#include "core/train/fit.h"
#include "core/train/standing.h"
#include "core/train/trainer.h"

#include <glib/gstdio.h>
#include <string.h>

/* What was killed before its first checkpoint begins anew. */
static void remove_unborn(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *file = g_build_filename(folder, name, NULL);
        g_remove(file);
    }
    g_rmdir(folder);
}

void fv_train_settings_in(FvTrainSettings *settings, const char *folder)
{
    g_autofree char *last = g_build_filename(folder, FV_RUN_LAST, NULL);
    const gboolean begun = g_file_test(last, G_FILE_TEST_EXISTS);
    settings->resume = begun ? folder : NULL;
    settings->out = begun ? NULL : folder;
    settings->weights = begun ? NULL : settings->weights;
    if (!begun)
        remove_unborn(folder);
}

gboolean fv_train_write_pipeline(const FvTrainSettings *settings, const FvRun *run, GError **error)
{
    g_autofree char *text = fv_pipeline_text(settings->pipeline);
    g_autofree char *file = fv_run_file(run, FV_RUN_PIPELINE);
    return fv_file_replace(file, text, strlen(text), error);
}

gboolean fv_train_same_pipeline(const FvTrainSettings *settings, const FvRun *run, GError **error)
{
    g_autofree char *text = fv_pipeline_text(settings->pipeline);
    g_autofree char *file = fv_run_file(run, FV_RUN_PIPELINE);
    g_autofree char *old = NULL;
    if (!g_file_test(file, G_FILE_TEST_EXISTS)) /* killed right before it was written */
        return fv_file_replace(file, text, strlen(text), error);
    if (!g_file_get_contents(file, &old, NULL, error))
        return FALSE;
    if (g_str_equal(text, old))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s is not the pipeline that %s was begun with, which is kept in %s",
                settings->pipeline->graph->file, fv_run_folder(run), file);
    return FALSE;
}

static gboolean same_seed(const FvTrainer *trainer, GError **error)
{
    if (!trainer->settings->has_seed || trainer->settings->seed == trainer->at.seed)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s was begun with seed %" G_GUINT64_FORMAT,
                fv_run_folder(trainer->run), trainer->at.seed);
    return FALSE;
}

/* @weights: what parameters will be set from, or NULL. */
static gboolean open_session(FvTrainer *trainer, const FvTensors *weights, GError **error)
{
    const FvTrainSettings *settings = trainer->settings;
    const FvSessionSettings open = { .graph = trainer->graph,
                                     .device = settings->device,
                                     .seed = trainer->at.seed,
                                     .source = settings->source,
                                     .weights = weights,
                                     .folds = settings->folds,
                                     .fold = settings->fold,
                                     .progress = settings->progress,
                                     .stop = settings->stop };
    trainer->session = fv_session_new(&open, FV_FOR_TRAINING, error);
    if (!trainer->session)
        return FALSE;
    trainer->plan = fv_session_plan(trainer->session);
    trainer->tally = fv_tally_new(trainer->plan);
    trainer->notes = (FvWeightsNotes){ .classes = fv_session_source(trainer->session)->class_names,
                                       .device = settings->device->info->name };
    if (!fv_session_trains(trainer->session))
        return TRUE;
    FvFeed *feed = fv_session_train_feed(trainer->session, error);
    if (!feed)
        return FALSE;
    if (!fv_early_check(trainer, error))
        return FALSE;
    trainer->epochs = trainer->graph->epochs;
    trainer->epoch_steps = fv_feed_batches(feed);
    trainer->epoch_samples = fv_feed_samples(feed);
    return TRUE;
}

/* Parameters as training begins with them. Weights that are given were fitted when they were made; what they lack is
 * fitted to what they make of the data. */
static gboolean set_out(FvTrainer *trainer, const FvBeginning *begin, const FvTensors *weights, GError **error)
{
    GError *failed = NULL;
    if (!fv_weights_begin(trainer->plan, begin, weights, error) || !fv_session_try_data(trainer->session, error))
        return FALSE;
    if (fv_session_fit(trainer->session, weights, &failed))
        return TRUE;
    trainer->stopped = failed == NULL;
    if (failed)
        g_propagate_error(error, failed);
    return trainer->stopped;
}

gboolean fv_trainer_begin(FvTrainer *trainer, GError **error)
{
    const FvTrainSettings *settings = trainer->settings;
    g_autoptr(FvTensors) weights = NULL;
    trainer->at = fv_position_begin(settings->has_seed ? settings->seed : 1);
    const FvBeginning begin = { settings->weights, trainer->at.seed, settings->partial };
    if (!fv_beginning_read(&begin, &weights, error) || !open_session(trainer, weights, error) ||
        !set_out(trainer, &begin, weights, error) || trainer->stopped)
        return trainer->stopped;
    if (!trainer->run)
        trainer->run = fv_run_create(settings->out, trainer->graph->stem, error);
    /* A checkpoint before the first step: a run can be resumed whenever it was killed. It comes before the pipeline, by
     * which a run is known: seed and weights that were given are never lost. */
    return trainer->run && fv_trainer_save(trainer, error) && fv_train_write_pipeline(settings, trainer->run, error);
}

/* Without a checkpoint, and with nothing done. */
static gboolean begin_anew(FvTrainer *trainer, GError **error)
{
    const FvTrainSettings *settings = trainer->settings;
    fv_progress_print(settings->progress,
                      "%s: was killed before its first checkpoint: begins from the start, with seed "
                      "%" G_GUINT64_FORMAT,
                      fv_run_folder(trainer->run), settings->has_seed ? settings->seed : 1);
    return fv_trainer_begin(trainer, error);
}

/* The seed decides which samples are in which split: the checkpoint is read before the data are opened. */
gboolean fv_trainer_resume(FvTrainer *trainer, GError **error)
{
    trainer->run = fv_run_open(trainer->settings->resume, error);
    if (!trainer->run || !fv_train_same_pipeline(trainer->settings, trainer->run, error))
        return FALSE;
    if (fv_standing_is_unborn(trainer))
        return begin_anew(trainer, error);
    g_autofree char *file = fv_run_file(trainer->run, FV_RUN_LAST);
    g_autoptr(FvTensors) checkpoint = fv_checkpoint_read(file, &trainer->at, error);
    if (!checkpoint || !same_seed(trainer, error) || !open_session(trainer, checkpoint, error) ||
        !fv_checkpoint_set(trainer->plan, checkpoint, file, error) || !fv_session_try_data(trainer->session, error) ||
        !fv_run_truncate_log(trainer->run, trainer->at.step, error))
        return FALSE;
    fv_standing_tell_resumed(trainer);
    const char *device = fv_checkpoint_device(checkpoint);
    if (g_strcmp0(device, trainer->notes.device) != 0)
        fv_progress_print(trainer->settings->progress,
                          "this run was begun on %s: on %s its numbers will differ in the last digits",
                          device ? device : "another device", trainer->notes.device);
    return TRUE;
}
