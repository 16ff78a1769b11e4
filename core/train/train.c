/* SPDX-License-Identifier: MIT
 * train.c: the course of a training: steps, epochs, validation, checkpoints. */
#include "core/sink/atomic.h"
#include "core/sink/report.h"
#include "core/train/early.h"
#include "core/train/fit.h"
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

static gboolean save(FvTrainer *trainer, GError **error)
{
    const gint64 begun = g_get_monotonic_time();
    g_autofree char *file = fv_run_file(trainer->run, FV_RUN_LAST);
    GError *failed = NULL;
    fv_sums_copy(&trainer->at.sums, fv_tally_sums(trainer->tally));
    if (!fv_checkpoint_save(trainer->plan, &trainer->at, &trainer->notes, file, &failed)) {
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
    return fv_run_log(trainer->run, &record, error);
}

/* What is to be done after a step: results read, a line in the log, a checkpoint. */
typedef struct {
    gint64 read, marked; /* monotonic times */
    gint64 samples;      /* since `marked` */
} Chores;

static gboolean do_chores(FvTrainer *trainer, Chores *chores, GError **error)
{
    const gint64 in_epoch = trainer->at.step - trainer->at.epochs * trainer->epoch_steps;
    const gboolean mark = in_epoch % FV_SESSION_SLOTS == 0 || in_epoch == trainer->epoch_steps;
    const gboolean stop = fv_session_stopped(trainer->session);
    const gboolean keep = is_time_to_save(trainer);
    if (!mark && !stop && !keep && !fv_tally_full(trainer->tally) && g_get_monotonic_time() - chores->read < READ_EVERY)
        return TRUE;
    if (!read_back(trainer, error))
        return FALSE;
    const gint64 now = chores->read = g_get_monotonic_time();
    const FvTotals totals = fv_tally_totals(trainer->tally);
    fv_progress_update(trainer->settings->progress, totals.samples, totals.loss, fv_tally_metric(trainer->tally),
                       totals.metric);
    if (mark) {
        if (!log_mark(trainer, (double) chores->samples * G_USEC_PER_SEC / (double) MAX(1, now - chores->marked),
                      error))
            return FALSE;
        chores->marked = now;
        chores->samples = 0;
    }
    if ((keep || stop) && !save(trainer, error))
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
    return fv_weights_save(trainer->plan, &trainer->notes, file, error);
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
    return fv_run_log(trainer->run, &record, error);
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
    return save(trainer, error);
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
    return save(trainer, error);
}

/* ------------------------------------------------------------------- the run */

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

/* Parameters as training begins with them. Weights that are given were fitted when they were made. */
static gboolean set_out(FvTrainer *trainer, const FvBeginning *begin, const FvTensors *weights, GError **error)
{
    if (weights)
        return fv_weights_begin(trainer->plan, begin, weights, error) && fv_session_try_data(trainer->session, error);
    GError *failed = NULL;
    if (!fv_plan_initialise(trainer->plan, trainer->at.seed, error) || !fv_session_try_data(trainer->session, error))
        return FALSE;
    if (fv_session_fit(trainer->session, &failed))
        return TRUE;
    trainer->stopped = failed == NULL;
    if (failed)
        g_propagate_error(error, failed);
    return trainer->stopped;
}

static gboolean begin_run(FvTrainer *trainer, GError **error)
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
    return trainer->run && save(trainer, error) && fv_train_write_pipeline(settings, trainer->run, error);
}

/* Without a checkpoint, and with nothing done. */
static gboolean begin_anew(FvTrainer *trainer, GError **error)
{
    const FvTrainSettings *settings = trainer->settings;
    fv_progress_print(settings->progress,
                      "%s: was killed before its first checkpoint: begins from the start, with seed "
                      "%" G_GUINT64_FORMAT,
                      fv_run_folder(trainer->run), settings->has_seed ? settings->seed : 1);
    return begin_run(trainer, error);
}

/* The seed decides which samples are in which split: the checkpoint is read before the data are opened. */
static gboolean resume_run(FvTrainer *trainer, GError **error)
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

/* ----------------------------------------------------------------------- end */

static gboolean write_report(const FvTrainer *trainer, const FvTrainResult *result, GError **error)
{
    const FvGraph *graph = trainer->graph;
    g_autoptr(GArray) log = fv_run_read_log(fv_run_folder(trainer->run), error);
    g_autoptr(FvReport) report = fv_report_new();
    if (!log)
        return FALSE;
    if (result->tested && result->test.has_loss)
        fv_report_result(report, "test loss", "%.4f", result->test.loss);
    for (guint i = 0; result->tested && i < result->scores->len; i++) {
        const FvScore *score = &g_array_index(result->scores, FvScore, i);
        g_autofree char *key = g_strdup_printf("test %s", score->name);
        fv_report_result(report, key, "%.4f", score->value);
    }
    fv_report_result(report, "parameters", "%" G_GINT64_FORMAT, fv_plan_parameter_count(trainer->plan));
    if (trainer->epochs > 0) {
        fv_report_setting(report, "optimizer", "%s, rate %g", graph->optimizer.plugin->name,
                          fv_plan_rate(trainer->plan));
        fv_report_setting(report, "schedule", "%s", graph->schedule.plugin ? graph->schedule.plugin->name : "constant");
    }
    fv_report_setting(report, "epochs", "%d", trainer->epochs);
    g_autofree char *early = fv_early_text(trainer, trainer->at.epochs);
    if (early)
        fv_report_setting(report, "stopped early", "after %s", early);
    fv_report_setting(report, "batch", "%d", graph->batch);
    fv_report_setting(report, "seed", "%" G_GUINT64_FORMAT, trainer->at.seed);
    fv_report_setting(report, "device", "%s", trainer->notes.device);
    for (guint i = 0; i < fv_plan_layers(trainer->plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(trainer->plan, i);
        fv_report_layer(report, layer.path, layer.kind, layer.out, layer.parameters);
    }
    fv_report_log(report, log);
    return fv_report_write(fv_run_folder(trainer->run), graph->stem, report, error);
}

/* A run that was done before has its line already. */
static gboolean log_test(FvTrainer *trainer, const FvRecord *record, GError **error)
{
    g_autoptr(GArray) log = fv_run_read_log(fv_run_folder(trainer->run), error);
    if (!log)
        return FALSE;
    for (guint i = 0; i < log->len; i++)
        if (g_array_index(log, FvRecord, i).split == FV_TEST)
            return TRUE;
    return fv_run_log(trainer->run, record, error);
}

/* A fold is judged by its own part of the data, which the log has as that of the last epoch already. */
static gboolean judge_best(FvTrainer *trainer, FvTrainResult *result, GError **error)
{
    g_autofree char *best = fv_run_file(trainer->run, FV_RUN_BEST);
    FvRecord record = fv_record(trainer->at.step, trainer->at.epochs, FV_TEST);
    result->split = trainer->settings->folds > 0 ? FV_VALIDATE : FV_TEST;
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
    if (!judge_best(trainer, result, &failed)) {
        trainer->stopped = failed == NULL;
        if (failed)
            g_propagate_error(error, failed);
        return trainer->stopped;
    }
    return write_report(trainer, result, error);
}

static gboolean run_epochs(FvTrainer *trainer, GError **error)
{
    while (trainer->at.epochs < trainer->epochs && !fv_early_is_over(trainer) && !trainer->stopped)
        if (!train_epoch(trainer, error))
            return FALSE;
    g_autofree char *early = fv_early_text(trainer, trainer->at.epochs);
    if (early)
        fv_progress_print(trainer->settings->progress, "stopped early, after %s", early);
    return TRUE;
}

gboolean fv_train(const FvTrainSettings *settings, FvTrainResult *result, GError **error)
{
    FvTrainer trainer = { .settings = settings, .graph = settings->pipeline->graph };
    *result = (FvTrainResult){ 0 };
    gboolean done = settings->resume ? resume_run(&trainer, error) : begin_run(&trainer, error);
    if (done && trainer.run) {
        result->folder = g_strdup(fv_run_folder(trainer.run));
        done = run_epochs(&trainer, error) && (trainer.stopped || finish(&trainer, result, error));
    }
    result->stopped = trainer.stopped;
    result->step = trainer.at.step;
    fv_position_clear(&trainer.at);
    fv_tally_free(trainer.tally);
    fv_session_free(trainer.session);
    fv_run_free(trainer.run);
    fv_position_clear(&trainer.at);
    return done;
}
