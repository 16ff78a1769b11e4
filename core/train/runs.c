/* SPDX-License-Identifier: MIT
 * runs.c: what a run folder says of its training. */
#include "core/train/runs.h"

#include "core/train/weights.h"

void fv_past_run_free(FvPastRun *run)
{
    if (!run)
        return;
    g_clear_pointer(&run->pipeline, fv_pipeline_free);
    g_clear_pointer(&run->log, g_array_unref);
    g_free(run->folder);
    g_free(run->device);
    g_free(run->missing);
    g_free(run);
}

static gboolean read_checkpoint(FvPastRun *run, GError **error)
{
    g_autofree char *file = g_build_filename(run->folder, FV_RUN_LAST, NULL);
    g_auto(FvPosition) at = { 0 };
    g_autoptr(FvTensors) checkpoint = fv_checkpoint_read(file, &at, error);
    if (!checkpoint)
        return FALSE;
    run->seed = at.seed;
    run->step = at.step;
    run->epochs = at.epochs;
    run->device = g_strdup(fv_checkpoint_device(checkpoint));
    return TRUE;
}

/* The name of the run says more than that of pipeline.fv. */
static void name_graph(FvPastRun *run)
{
    g_autofree char *whole = g_canonicalize_filename(run->folder, NULL);
    g_free(run->pipeline->graph->stem);
    run->pipeline->graph->stem = g_path_get_basename(whole);
}

/* A training that ended before its last epoch, as it may, was tested. */
static char *find_missing(const FvPastRun *run)
{
    for (guint i = 0; i < run->log->len; i++)
        if (g_array_index(run->log, FvRecord, i).split == FV_TEST)
            return NULL;
    const int epochs = run->pipeline->graph->epochs;
    if (run->epochs >= epochs || run->log->len == 0)
        return run->log->len > 0 || epochs == 0 ? NULL : g_strdup_printf("unfinished: 0 of %d epochs", epochs);
    return g_strdup_printf("unfinished: %d of %d epochs, step %" G_GINT64_FORMAT, run->epochs, epochs, run->step);
}

FvPastRun *fv_past_run_read(const char *folder, GError **error)
{
    g_autoptr(FvPastRun) run = g_new0(FvPastRun, 1);
    g_autofree char *pipeline = g_build_filename(folder, FV_RUN_PIPELINE, NULL);
    run->folder = g_strdup(folder);
    run->log = fv_run_read_log(folder, error);
    if (!run->log)
        return NULL;
    run->pipeline = fv_pipeline_open(pipeline, NULL, error);
    if (!run->pipeline || !read_checkpoint(run, error))
        return NULL;
    name_graph(run);
    run->missing = find_missing(run);
    return g_steal_pointer(&run);
}
