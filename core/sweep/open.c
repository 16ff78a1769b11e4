/* SPDX-License-Identifier: MIT
 * open.c: begins a sweep in a new folder, or opens the one that a folder has. */
#include "core/sink/atomic.h"
#include "core/sink/run.h"
#include "core/sweep/job.h"
#include "core/sweep/private.h"
#include "core/train/trainer.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *fv_sweep_judge(const FvSweepState *sweep)
{
    const GPtrArray *metrics = sweep->pipeline->graph->metrics;
    return metrics->len ? ((FvTerm *) metrics->pdata[0])->use.plugin->name : "loss";
}

void fv_sweep_state_clear(FvSweepState *sweep)
{
    g_clear_pointer(&sweep->trials, g_ptr_array_unref);
    g_clear_pointer(&sweep->pipeline, fv_pipeline_free);
    g_clear_pointer(&sweep->store, fv_store_free);
    fv_store_head_clear(&sweep->head);
    fv_lock_free(sweep->lock);
    g_free(sweep->folder);
}
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

gboolean fv_sweep_begin(FvSweepState *sweep, GError **error)
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

gboolean fv_sweep_resume(FvSweepState *sweep, GError **error)
{
    sweep->folder = g_strdup(sweep->settings->resume);
    g_autofree char *file = fv_sweep_file(sweep, FV_SWEEP_STORE);
    if (!is_begun(file, sweep->folder, error) || !(sweep->lock = lock_patiently(sweep->folder, error)) ||
        !open_store(sweep, TRUE, error))
        return FALSE;
    sweep->head.keep = sweep->head.keep || sweep->settings->keep;
    return TRUE;
}

gboolean fv_sweep_look(FvSweepState *sweep, GError **error)
{
    return open_store(sweep, FALSE, error);
}
