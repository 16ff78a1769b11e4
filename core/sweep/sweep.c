/* SPDX-License-Identifier: MIT
 * sweep.c: the course of a sweep: round after round, so many trials at once, each recorded as it ends. */
#include "core/sweep/sweep.h"

#include "core/sink/atomic.h"
#include "core/sink/run.h"
#include "core/sweep/job.h"
#include "core/sweep/private.h"
#include "core/train/trainer.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void fv_sweep_result_clear(FvSweepResult *result)
{
    g_clear_pointer(&result->folder, g_free);
    g_clear_pointer(&result->table, g_free);
    g_clear_pointer(&result->best, g_free);
}

const char *fv_sweep_judge(const FvSweepState *sweep)
{
    const GPtrArray *metrics = sweep->pipeline->graph->metrics;
    return metrics->len ? ((FvTerm *) metrics->pdata[0])->use.plugin->name : "loss";
}

/* ----------------------------------------------------------------- opening */

static void state_clear(FvSweepState *sweep)
{
    g_clear_pointer(&sweep->trials, g_ptr_array_unref);
    g_clear_pointer(&sweep->pipeline, fv_pipeline_free);
    g_clear_pointer(&sweep->store, fv_store_free);
    fv_store_head_clear(&sweep->head);
    fv_lock_free(sweep->lock);
    g_free(sweep->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvSweepState, state_clear)

static gboolean has_sweep(const FvPipeline *pipeline, GError **error)
{
    if (pipeline->graph->sweep)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s:1:1: error: there is no sweep { } in this pipeline",
                pipeline->graph->file);
    return FALSE;
}

/* Text that was resolved is the same when it is again: nothing is imported, so that it can be read at any time. */
static gboolean is_resolved(const FvSweepState *sweep, GError **error)
{
    g_autofree char *text = fv_pipeline_text(sweep->pipeline);
    if (g_str_equal(text, sweep->head.pipeline))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s/%s: its pipeline is not as fovea keeps one", sweep->folder,
                FV_SWEEP_STORE);
    return FALSE;
}

/* Takes the pipeline that the head has, without the places of the file that it was read from. */
static gboolean take_pipeline(FvSweepState *sweep, GError **error)
{
    g_autofree char *name = fv_sweep_file(sweep, FV_RUN_PIPELINE);
    sweep->pipeline = fv_pipeline_from_text(name, sweep->head.pipeline, error);
    if (!sweep->pipeline || !has_sweep(sweep->pipeline, error) || !is_resolved(sweep, error))
        return FALSE;
    const FvGraph *graph = sweep->pipeline->graph;
    sweep->search = (FvSearch){ .sweep = graph->sweep,
                                .epochs = graph->epochs,
                                .seed = sweep->head.seed,
                                .by_loss = graph->metrics->len == 0,
                                .lower_is_better = fv_trainer_lower_is_better(graph) };
    sweep->trials = g_ptr_array_new_with_free_func((GDestroyNotify) fv_trial_free);
    return TRUE;
}

static gboolean draws_what_is_set(const FvSweep *sweep, const char *const *sets, GError **error)
{
    for (guint i = 0; i < sweep->parameters->len; i++) {
        const FvSweepParameter *parameter = sweep->parameters->pdata[i];
        g_autofree char *start = g_strconcat(parameter->name, "=", NULL);
        for (const char *const *set = sets; set && *set; set++)
            if (g_str_has_prefix(*set, start)) {
                g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "-s %s: the sweep draws %s (at %s:%d:%d)", *set,
                            parameter->name, parameter->loc.file, parameter->loc.line, parameter->loc.col);
                return TRUE;
            }
    }
    return FALSE;
}

/* Everything that can be wrong is looked for before a folder is made. */
static gboolean read_pipeline(FvSweepState *sweep, GError **error)
{
    const FvSweepSettings *settings = sweep->settings;
    g_autoptr(FvPipeline) pipeline = fv_pipeline_open(settings->file, settings->sets, error);
    if (!pipeline || !has_sweep(pipeline, error) || draws_what_is_set(pipeline->graph->sweep, settings->sets, error) ||
        !fv_sweep_check(settings->file, settings->sets, pipeline, error))
        return FALSE;
    sweep->head = (FvStoreHead){ .name = g_strdup(pipeline->graph->stem),
                                 .pipeline = fv_pipeline_text(pipeline),
                                 .device = g_strdup(settings->device),
                                 .seed = settings->seed,
                                 .keep = settings->keep };
    return TRUE;
}

/* In a process of its own, as trials are: this one must not open a device. */
static gboolean probe(FvSweepState *sweep, GError **error)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func((GDestroyNotify) fv_job_free);
    FvJob *job = fv_job_start(fv_sweep_probe, sweep, error);
    if (!job)
        return FALSE;
    g_ptr_array_add(jobs, job);
    while (!fv_job_wait(jobs, -1))
        ;
    g_autoptr(GBytes) report = fv_job_report(job, error);
    return report && fv_sweep_probe_take(report, error);
}

static gboolean begin(FvSweepState *sweep, GError **error)
{
    if (!read_pipeline(sweep, error) || !probe(sweep, error))
        return FALSE;
    const gboolean named = g_str_has_suffix(sweep->head.name, "sweep");
    g_autofree char *stem = g_strconcat(sweep->head.name, named ? "" : "-sweep", NULL);
    sweep->folder = fv_run_take_folder(sweep->settings->out, stem, &sweep->lock, error);
    if (!sweep->folder)
        return FALSE;
    g_autofree char *kept = fv_sweep_file(sweep, FV_RUN_PIPELINE);
    g_autofree char *file = fv_sweep_file(sweep, FV_SWEEP_STORE);
    if (!fv_file_replace(kept, sweep->head.pipeline, strlen(sweep->head.pipeline), error))
        return FALSE;
    sweep->store = fv_store_create(file, &sweep->head, error);
    return sweep->store && take_pipeline(sweep, error);
}

/* An empty database is what is left of a sweep that was killed as it began. */
static gboolean is_begun(const char *file, const char *folder, GError **error)
{
    struct stat info;
    if (stat(file, &info) == 0 && info.st_size > 0)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: no sweep was begun in this folder: there is no %s in it", folder,
                FV_SWEEP_STORE);
    return FALSE;
}

static gboolean open_store(FvSweepState *sweep, gboolean write, GError **error)
{
    g_autofree char *file = fv_sweep_file(sweep, FV_SWEEP_STORE);
    if (!is_begun(file, sweep->folder, error))
        return FALSE;
    sweep->store = fv_store_open(file, write, &sweep->head, error);
    return sweep->store && take_pipeline(sweep, error);
}

/* The trials of a sweep that was killed a moment ago may still be dying. */
static FvLock *lock_patiently(const char *folder, GError **error)
{
    enum { TRIES = 60 };
    for (int i = 0; i < TRIES; i++) {
        FvLock *lock = fv_run_lock(folder, NULL);
        if (lock)
            return lock;
        g_usleep(G_USEC_PER_SEC / 20);
    }
    return fv_run_lock(folder, error);
}

static gboolean resume(FvSweepState *sweep, GError **error)
{
    sweep->folder = g_strdup(sweep->settings->resume);
    g_autofree char *file = fv_sweep_file(sweep, FV_SWEEP_STORE);
    if (!is_begun(file, sweep->folder, error) || !(sweep->lock = lock_patiently(sweep->folder, error)) ||
        !open_store(sweep, TRUE, error))
        return FALSE;
    sweep->head.keep = sweep->head.keep || sweep->settings->keep;
    return TRUE;
}

/* ------------------------------------------------------------------ trials */

/* Trials under way. */
typedef struct {
    FvSweepState *sweep;
    GPtrArray *jobs; /* of FvJob, whose data is a FvSweepWork that is theirs */
    gboolean ending; /* no further trial begins, and those under way were asked to stop */
} Running;

static void job_free(gpointer data)
{
    FvJob *job = data;
    g_free(fv_job_data(job));
    fv_job_free(job);
}

static int count_ended(const FvSweepState *sweep)
{
    int count = 0;
    for (guint i = 0; i < sweep->trials->len; i++)
        count += ((FvTrial *) sweep->trials->pdata[i])->state != FV_TRIAL_OPEN;
    return count;
}

static void say_ended(const FvSweepState *sweep, const FvTrial *trial)
{
    FvProgressBar *progress = sweep->settings->progress;
    g_autofree char *values = fv_trial_text(trial, sweep->search.sweep);
    if (trial->state == FV_TRIAL_DIVERGED)
        fv_progress_print(progress, "trial %d  %s  diverged", trial->number, values);
    else
        fv_progress_print(progress, "trial %d  %s  validation %s %.4f", trial->number, values, fv_sweep_judge(sweep),
                          sweep->search.by_loss ? trial->loss : trial->metric);
    fv_progress_update(progress, count_ended(sweep), NAN, NULL, NAN);
}

static gboolean start(Running *running, FvTrial *trial, GError **error)
{
    const FvSweepWork work = { running->sweep, trial };
    FvSweepWork *data = g_memdup2(&work, sizeof work);
    FvJob *job = fv_job_start(fv_sweep_work, data, error);
    if (job)
        g_ptr_array_add(running->jobs, job);
    else
        g_free(data);
    return job != NULL;
}

static void end_all(Running *running)
{
    for (guint i = 0; i < running->jobs->len && !running->ending; i++)
        fv_job_stop(running->jobs->pdata[i]);
    running->ending = TRUE;
}

/* Takes what a job came to, and records it. FALSE with an error. */
static gboolean take(Running *running, FvJob *job, GError **error)
{
    FvSweepState *sweep = running->sweep;
    FvTrial *trial = ((FvSweepWork *) fv_job_data(job))->trial;
    const FvTrial *before = fv_search_best(&sweep->search, sweep->trials);
    GError *failed = NULL;
    g_autoptr(GBytes) report = fv_job_report(job, &failed);
    if (report && fv_sweep_work_take(report, trial, &failed)) {
        if (!fv_store_record(sweep->store, trial, sweep->search.sweep, error))
            return FALSE;
        fv_sweep_tidy_after(sweep, trial, before);
        say_ended(sweep, trial);
        return TRUE;
    }
    if (!failed) /* stopped */
        return TRUE;
    g_autofree char *values = fv_trial_text(trial, sweep->search.sweep);
    g_propagate_prefixed_error(error, failed, "%s: trial %d (%s): ", sweep->folder, trial->number, values);
    return FALSE;
}

/* One turn: begins what there is room for, waits a little, takes what has ended. */
static gboolean turn(Running *running, guint *next, GError **error)
{
    enum { PATIENCE_MS = 200 }; /* a signal may come right before the wait, which it does not end then */
    FvSweepState *sweep = running->sweep;
    if (*sweep->settings->stop)
        end_all(running);
    for (; !running->ending && *next < sweep->trials->len && (int) running->jobs->len < sweep->settings->jobs;
         (*next)++) {
        FvTrial *trial = sweep->trials->pdata[*next];
        if (trial->state == FV_TRIAL_OPEN && !start(running, trial, error))
            return FALSE;
    }
    FvJob *job = running->jobs->len > 0 ? fv_job_wait(running->jobs, PATIENCE_MS) : NULL;
    if (!job)
        return TRUE;
    const gboolean done = take(running, job, error);
    g_ptr_array_remove_fast(running->jobs, job);
    return done;
}

/* Runs what is open of the trials from @first on. */
static gboolean run_round(FvSweepState *sweep, guint first, gboolean *stopped, GError **error)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
    Running running = { .sweep = sweep, .jobs = jobs };
    GError *failed = NULL;
    guint next = first;
    do {
        GError *later = NULL;
        if (turn(&running, &next, failed ? &later : &failed))
            continue;
        g_clear_error(&later); /* the first one says what happened */
        end_all(&running);
    } while (jobs->len > 0 || (!running.ending && next < sweep->trials->len));
    if (failed)
        g_propagate_error(error, failed);
    *stopped = running.ending;
    return !failed;
}

/* ------------------------------------------------------------------ rounds */

/* Plans the next round, with what is known of it. FALSE with an error, or where the search is over. */
static gboolean next_round(FvSweepState *sweep, GError **error)
{
    return fv_search_next(&sweep->search, sweep->trials) &&
           fv_store_restore(sweep->store, sweep->trials, sweep->search.sweep, error);
}

static gboolean is_open(const FvSweepState *sweep)
{
    for (guint i = 0; i < sweep->trials->len; i++)
        if (((FvTrial *) sweep->trials->pdata[i])->state == FV_TRIAL_OPEN)
            return TRUE;
    return FALSE;
}

static gboolean run_rounds(FvSweepState *sweep, gboolean *stopped, GError **error)
{
    FvProgressBar *progress = sweep->settings->progress;
    GError *failed = NULL;
    gboolean done = TRUE;
    guint first = 0;
    for (; done && !*stopped && next_round(sweep, &failed); first = sweep->trials->len) {
        if (!is_open(sweep))
            continue;
        fv_sweep_tidy(sweep, FALSE);
        fv_progress_start(progress, "sweep", count_ended(sweep), fv_search_total(&sweep->search), 0);
        done = run_round(sweep, first, stopped, error);
        fv_progress_finish(progress);
    }
    if (failed)
        g_propagate_error(error, failed);
    return done && !failed;
}

static gboolean finish(const FvSweepState *sweep, FvSweepResult *result, GError **error)
{
    const FvTrial *best = fv_search_best(&sweep->search, sweep->trials);
    if (!fv_sweep_write(sweep, best, error))
        return FALSE;
    fv_sweep_tidy(sweep, TRUE);
    if (best)
        result->best = fv_sweep_file(sweep, FV_SWEEP_BEST);
    return TRUE;
}

gboolean fv_sweep_run(const FvSweepSettings *settings, FvSweepResult *result, GError **error)
{
    g_auto(FvSweepState) sweep = { .settings = settings };
    *result = (FvSweepResult){ 0 };
    if (!(settings->resume ? resume(&sweep, error) : begin(&sweep, error)))
        return FALSE;
    result->folder = g_strdup(sweep.folder);
    if (!run_rounds(&sweep, &result->stopped, error) || (!result->stopped && !finish(&sweep, result, error)))
        return FALSE;
    result->table = fv_sweep_table(&sweep);
    return TRUE;
}

gboolean fv_sweep_show(const char *folder, FvSweepResult *result, GError **error)
{
    g_auto(FvSweepState) sweep = { .folder = g_strdup(folder) };
    GError *failed = NULL;
    *result = (FvSweepResult){ 0 };
    if (!open_store(&sweep, FALSE, error))
        return FALSE;
    while (next_round(&sweep, &failed) && !is_open(&sweep))
        ;
    if (failed) {
        g_propagate_error(error, failed);
        return FALSE;
    }
    result->folder = g_strdup(folder);
    result->stopped = is_open(&sweep);
    result->table = fv_sweep_table(&sweep);
    return TRUE;
}
