/* SPDX-License-Identifier: MIT
 * train.c: the course of a training: steps, epochs, validation, checkpoints. */
#include "core/sink/atomic.h"
#include "core/train/early.h"
#include "core/train/reporting.h"
#include "core/train/snapshot.h"
#include "core/train/standing.h"
#include "core/train/step.h"
#include "core/train/trainer.h"

#include <math.h>
#include <string.h>

enum {
    READ_EVERY = G_USEC_PER_SEC / 5, /* results are read back that often, for the bar */
    SAVE_EVERY = 10 * G_USEC_PER_SEC,
    SAVE_SHARE = 50 /* saving takes at most 1 / 50 of the time */
};

void fv_train_result_clear(FvTrainResult *result)
{
    g_clear_pointer(&result->folder, g_free);
    g_clear_pointer(&result->scores, g_array_unref);
    g_clear_pointer(&result->tables, g_free);
}

/* --------------------------------------------------------------------- steps */

/* Weights that are not finite are the only wrong data that saving them can meet. */
static void note_diverged(FvTrainer *trainer, const GError *error)
{
    trainer->diverged = g_error_matches(error, FV_ERROR, FV_ERROR_DATA);
}

gboolean fv_trainer_save(FvTrainer *trainer, GError **error)
{
    const gint64 begun = g_get_monotonic_time();
    g_autofree char *file = fv_run_file(trainer->run, FV_RUN_LAST);
    GError *failed = NULL;
    fv_sums_copy(&trainer->at.sums, fv_tally_sums(trainer->tally));
    if (!fv_checkpoint_save(trainer->plan, &trainer->at, &trainer->notes, file, &failed)) {
        note_diverged(trainer, failed);
        g_propagate_prefixed_error(error, failed, "step %" G_GINT64_FORMAT " (learning rate %.6g): ", trainer->at.step,
                                   fv_trainer_rate(trainer, MAX(0, trainer->at.step - 1)));
        return FALSE;
    }
    trainer->saved = g_get_monotonic_time();
    trainer->saving = trainer->saved - begun;
    fv_standing_tell_saved(trainer);
    return TRUE;
}

static gboolean is_time_to_save(const FvTrainer *trainer)
{
    return fv_standing_is_asked(trainer) ||
           g_get_monotonic_time() - trainer->saved > MAX(SAVE_EVERY, SAVE_SHARE * trainer->saving);
}

/* Reads back what the device has done; a loss that is not finite ends the training. */
static gboolean read_back(FvTrainer *trainer, GError **error)
{
    if (!fv_tally_flush(trainer->tally, error))
        return FALSE;
    const gint64 bad = fv_tally_totals(trainer->tally).bad_step;
    trainer->diverged = bad >= 0;
    return bad < 0 || fv_trainer_diverged(trainer, trainer->at.epochs * trainer->epoch_steps + bad, error);
}

/* Metrics of a line of the log; @scores must outlive it. */
static void set_scores(FvRecord *record, const GArray *scores)
{
    record->scores = scores;
    if (scores->len == 0)
        return;
    record->metric = g_array_index(scores, FvScore, 0).name;
    record->value = g_array_index(scores, FvScore, 0).value;
}

static gint64 in_epoch_of(const FvTrainer *trainer)
{
    return trainer->at.step - trainer->at.epochs * trainer->epoch_steps;
}

/* Of a step that ends an update: others leave the gradient of a part of its batches. */
static gboolean measure(FvTrainer *trainer, GError **error)
{
    const gint64 in_epoch = in_epoch_of(trainer);
    return (in_epoch % trainer->graph->accumulate != 0 && in_epoch != trainer->epoch_steps) ||
           fv_watch_gradient(trainer->watch, error);
}

static gboolean log_mark(FvTrainer *trainer, double rate_of_images, GError **error)
{
    const FvTotals totals = fv_tally_totals_since(trainer->tally, &trainer->at.mark);
    FvRecord record = fv_record(trainer->at.step, trainer->at.epochs + 1, FV_TRAIN);
    if (totals.samples == 0)
        return TRUE;
    record.loss = totals.loss;
    g_autoptr(GArray) scores = fv_tally_scores_since(trainer->tally, &trainer->at.mark);
    set_scores(&record, scores);
    record.rate = fv_trainer_rate(trainer, trainer->at.step - 1);
    record.images_per_second = rate_of_images;
    fv_sums_copy(&trainer->at.mark, fv_tally_sums(trainer->tally));
    return fv_watch_log(trainer->watch, &record, in_epoch_of(trainer) == trainer->epoch_steps, error);
}

/* What is to be done after a step: results read, a line in the log, a checkpoint. */
typedef struct {
    gint64 read, marked; /* monotonic times */
    gint64 samples;      /* since `marked` */
} Chores;

static gboolean do_chores(FvTrainer *trainer, Chores *chores, GError **error)
{
    const gint64 in_epoch = in_epoch_of(trainer);
    const gboolean mark = in_epoch % FV_SESSION_SLOTS == 0 || in_epoch == trainer->epoch_steps;
    const gboolean stop = fv_session_stopped(trainer->session);
    const gboolean keep = is_time_to_save(trainer);
    if (!mark && !stop && !keep && !fv_tally_full(trainer->tally) && g_get_monotonic_time() - chores->read < READ_EVERY)
        return TRUE;
    if ((mark && !measure(trainer, error)) || !read_back(trainer, error))
        return FALSE;
    const gint64 now = chores->read = g_get_monotonic_time();
    const FvTotals totals = fv_tally_totals(trainer->tally);
    fv_progress_memory(trainer->settings->progress, fv_watch_memory(trainer->watch));
    fv_progress_update(trainer->settings->progress, totals.samples, totals.loss, fv_tally_metric(trainer->tally),
                       totals.metric);
    if (mark) {
        if (!log_mark(trainer, (double) chores->samples * G_USEC_PER_SEC / (double) MAX(1, now - chores->marked),
                      error))
            return FALSE;
        chores->marked = now;
        chores->samples = 0;
    }
    if ((keep || stop) && !fv_trainer_save(trainer, error))
        return FALSE;
    trainer->stopped = stop;
    return TRUE;
}

static gboolean train_steps(FvTrainer *trainer, FvFeed *feed, GError **error)
{
    Chores chores = { .read = g_get_monotonic_time(), .marked = g_get_monotonic_time() };
    int samples = 0;
    while (!trainer->stopped && (samples = fv_feed_next(feed, error)) > 0) {
        if (!fv_trainer_step(trainer, trainer->session, TRUE, trainer->at.step, samples,
                             fv_tally_step(trainer->tally, samples), error))
            return FALSE;
        trainer->at.step++;
        chores.samples += samples;
        if (fv_snapshot_is_due(trainer) && (!read_back(trainer, error) || !fv_snapshot_keep(trainer, error)))
            return FALSE;
        if (!do_chores(trainer, &chores, error))
            return FALSE;
    }
    return samples >= 0;
}

/* -------------------------------------------------------------------- epochs */

static char *epoch_label(const FvTrainer *trainer)
{
    return g_strdup_printf("epoch %d/%d", trainer->at.epochs + 1, trainer->epochs);
}

/* What an epoch is worth, larger is better; without metric it is judged by its loss. */
static double worth_of(const FvGraph *graph, const FvTotals *validation)
{
    const double number = graph->metrics->len ? validation->metric : validation->loss;
    return fv_trainer_lower_is_better(graph) ? -number : number;
}

static gboolean keep_best(FvTrainer *trainer, const FvTotals *validation, GError **error)
{
    const double worth = validation ? worth_of(trainer->graph, validation) : 0;
    if (validation && trainer->at.has_best && !(worth > trainer->at.best))
        return TRUE;
    g_autofree char *file = fv_run_file(trainer->run, FV_RUN_BEST);
    trainer->at.has_best = TRUE;
    trainer->at.best = worth;
    GError *failed = NULL;
    if (fv_weights_save(trainer->plan, &trainer->notes, file, &failed))
        return TRUE;
    note_diverged(trainer, failed);
    g_propagate_error(error, failed);
    return FALSE;
}

static gboolean validate(FvTrainer *trainer, FvTotals *validation, GError **error)
{
    if (!fv_session_evaluate(trainer->session, FV_VALIDATE, "validation", validation, error))
        return FALSE;
    fv_early_take(trainer, worth_of(trainer->graph, validation));
    g_autofree char *over = fv_early_text(trainer, trainer->at.epochs + 1);
    g_autofree char *note = over ? g_strdup_printf("stopped early, after %s", over) : NULL;
    FvRecord record = fv_record(trainer->at.step, trainer->at.epochs + 1, FV_VALIDATE);
    record.loss = validation->loss;
    record.note = note;
    g_autoptr(GArray) scores = fv_session_scores(trainer->session);
    set_scores(&record, scores);
    return fv_watch_log(trainer->watch, &record, FALSE, error);
}

/* Validation and the best parameters, with averages in the place of parameters where the pipeline has them. FALSE
 * without an error: stopped before it was done. */
static gboolean judge_epoch(FvTrainer *trainer, const FvTotals *train, const char *label, double rate,
                            FvTotals *validation, GError **error)
{
    const gboolean validates = fv_session_has(trainer->session, FV_VALIDATE);
    *validation = (FvTotals){ .loss = NAN, .metric = NAN };
    if (validates && !validate(trainer, validation, error))
        return FALSE;
    fv_progress_epoch(trainer->settings->progress, label, fv_tally_metric(trainer->tally), train->loss, train->metric,
                      validation->loss, validation->metric, rate);
    return keep_best(trainer, validates ? validation : NULL, error);
}

/* Schedules may look at what an epoch came to. */
static void remember(FvTrainer *trainer, const FvTotals *train, const FvTotals *validation)
{
    const FvSchedule *schedule = (const FvSchedule *) trainer->graph->schedule.plugin;
    const FvTotals *from = fv_session_has(trainer->session, FV_VALIDATE) ? validation : train;
    const FvEpoch epoch = { from->loss, from->metric };
    if (schedule && schedule->watches)
        g_array_append_val(trainer->at.history, epoch);
}

/* FALSE without an error: stopped before it was done. */
static gboolean close_epoch(FvTrainer *trainer, double rate, GError **error)
{
    const FvTotals train = fv_tally_totals(trainer->tally);
    FvTotals validation;
    g_autofree char *label = epoch_label(trainer);
    if (!fv_step_swap_averages(trainer->plan, error))
        return FALSE;
    const gboolean judged = judge_epoch(trainer, &train, label, rate, &validation, error);
    if (!fv_step_swap_averages(trainer->plan, judged ? error : NULL) || !judged)
        return FALSE;
    remember(trainer, &train, &validation);
    trainer->at.epochs++;
    fv_sums_copy(&trainer->at.mark, &(FvSums){ 0 });
    fv_tally_reset(trainer->tally);
    return fv_trainer_save(trainer, error);
}

static gboolean train_epoch(FvTrainer *trainer, GError **error)
{
    FvFeed *feed = fv_session_train_feed(trainer->session, error);
    const gint64 first = trainer->at.step - trainer->at.epochs * trainer->epoch_steps;
    g_autofree char *label = epoch_label(trainer);
    if (!feed)
        return FALSE;
    fv_tally_restore(trainer->tally, &trainer->at.sums);
    double rate = 0;
    if (first < trainer->epoch_steps) {
        const gint64 samples = fv_feed_samples(feed);
        fv_feed_start_epoch(feed, (guint32) trainer->at.epochs, first);
        fv_progress_start(trainer->settings->progress, label, trainer->at.sums.seen, samples,
                          samples * (trainer->epochs - trainer->at.epochs - 1));
        gboolean done = train_steps(trainer, feed, error);
        rate = fv_progress_finish(trainer->settings->progress);
        if (!done || trainer->stopped)
            return done;
    }
    GError *failed = NULL;
    if (close_epoch(trainer, rate, &failed))
        return TRUE;
    if (failed) {
        g_propagate_error(error, failed);
        return FALSE;
    }
    trainer->stopped = TRUE;
    return fv_trainer_save(trainer, error);
}

/* ----------------------------------------------------------------------- end */

static gboolean write_report(const FvTrainer *trainer, const FvFindings *findings, const FvTrainResult *result,
                             GError **error)
{
    g_autofree char *early = fv_early_text(trainer, trainer->at.epochs);
    g_autofree char *note = early ? g_strdup_printf("Stopped early, after %s.", early) : NULL;
    const FvReporting report = { .folder = fv_run_folder(trainer->run),
                                 .pipeline = trainer->settings->pipeline,
                                 .plan = trainer->plan,
                                 .findings = result->tested ? findings : NULL,
                                 .split = result->split,
                                 .classes = trainer->notes.classes,
                                 .seed = trainer->at.seed,
                                 .device = trainer->notes.device,
                                 .note = note,
                                 .loaded = TRUE };
    return fv_reporting_write(&report, error);
}

/* A run that was done before has its line already. */
static gboolean log_test(FvTrainer *trainer, FvRecord *record, GError **error)
{
    g_autoptr(GArray) log = fv_run_read_log(fv_run_folder(trainer->run), error);
    if (!log)
        return FALSE;
    for (guint i = 0; i < log->len; i++)
        if (g_array_index(log, FvRecord, i).split == FV_TEST)
            return TRUE;
    return fv_watch_log(trainer->watch, record, FALSE, error);
}

/* A fold is judged by its own part of the data, which the log has as that of the last epoch already; and so is a trial
 * without epochs by the validation split. */
static gboolean judge_best(FvTrainer *trainer, FvTrainResult *result, GError **error)
{
    g_autofree char *best = fv_run_file(trainer->run, FV_RUN_BEST);
    FvRecord record = fv_record(trainer->at.step, trainer->at.epochs, FV_TEST);
    result->split = trainer->settings->folds > 0 || trainer->settings->trial ? FV_VALIDATE : FV_TEST;
    if (!fv_session_has(trainer->session, result->split))
        return TRUE;
    if (!fv_weights_load(trainer->plan, best, error) ||
        !fv_session_evaluate(trainer->session, result->split, fv_split_name(result->split), &result->test, error))
        return FALSE;
    result->tested = TRUE;
    record.loss = result->test.loss;
    result->scores = fv_session_scores(trainer->session);
    result->tables = fv_session_tables(trainer->session);
    set_scores(&record, result->scores);
    return result->split == FV_VALIDATE || log_test(trainer, &record, error);
}

static gboolean finish(FvTrainer *trainer, FvTrainResult *result, GError **error)
{
    GError *failed = NULL;
    if (!trainer->at.has_best && !keep_best(trainer, NULL, error)) /* no epoch at all */
        return FALSE;
    const gboolean judges = !trainer->settings->trial || trainer->epochs == 0; /* else the log has all of it */
    g_autoptr(FvFindings) findings = judges ? fv_findings_new(trainer->session) : NULL;
    if (findings)
        fv_session_set_each(trainer->session, fv_findings_take, findings);
    if (judges && !judge_best(trainer, result, &failed)) {
        trainer->stopped = failed == NULL;
        if (failed)
            g_propagate_error(error, failed);
        return trainer->stopped;
    }
    fv_session_set_each(trainer->session, NULL, NULL);
    return write_report(trainer, findings, result, error);
}

/* Epochs that are to be done for now. */
static int epochs_until(const FvTrainer *trainer)
{
    const int until = trainer->settings->until;
    return until > 0 ? MIN(until, trainer->epochs) : trainer->epochs;
}

/* There are more epochs, for another time. */
static gboolean is_cut_short(const FvTrainer *trainer)
{
    return epochs_until(trainer) < trainer->epochs && !fv_early_is_over(trainer);
}

static gboolean run_epochs(FvTrainer *trainer, GError **error)
{
    while (trainer->at.epochs < epochs_until(trainer) && !fv_early_is_over(trainer) && !trainer->stopped)
        if (!train_epoch(trainer, error))
            return FALSE;
    g_autofree char *early = fv_early_text(trainer, trainer->at.epochs);
    if (early)
        fv_progress_print(trainer->settings->progress, "stopped early, after %s", early);
    return TRUE;
}

/* Folds have event files of their own, too. */
static gboolean watch(FvTrainer *trainer, GError **error)
{
    const FvTrainSettings *settings = trainer->settings;
    const char *events = settings->tensorboard ? settings->tensorboard : trainer->graph->tensorboard ? "" : NULL;
    g_autofree char *fold =
        events && *events && settings->folds > 0 ? g_strdup_printf("%s/fold-%d", events, settings->fold + 1) : NULL;
    trainer->watch = fv_watch_new(trainer->run, trainer->session, fold ? fold : events, trainer->at.step + 1, error);
    return trainer->watch != NULL;
}

gboolean fv_train(const FvTrainSettings *settings, FvTrainResult *result, GError **error)
{
    FvTrainer trainer = { .settings = settings, .graph = settings->pipeline->graph };
    *result = (FvTrainResult){ 0 };
    gboolean done = settings->resume ? fv_trainer_resume(&trainer, error) : fv_trainer_begin(&trainer, error);
    if (done && trainer.run) {
        result->folder = g_strdup(fv_run_folder(trainer.run));
        done = watch(&trainer, error) && run_epochs(&trainer, error) &&
               (trainer.stopped || is_cut_short(&trainer) || finish(&trainer, result, error));
    }
    result->stopped = trainer.stopped;
    result->diverged = trainer.diverged;
    result->step = trainer.at.step;
    fv_position_clear(&trainer.at);
    fv_tally_free(trainer.tally);
    fv_watch_free(trainer.watch);
    fv_session_free(trainer.session);
    fv_run_free(trainer.run);
    return done;
}
