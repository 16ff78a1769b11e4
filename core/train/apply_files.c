/* SPDX-License-Identifier: MIT
 * apply_files.c: runs a net, or several, on image files. */
#include "core/train/apply_private.h"
#include "core/train/ensemble.h"
#include "core/train/link.h"
#include "core/train/pipeline.h"

enum { PLAIN, VARIED, PREPS };

typedef struct {
    FvPlan *plan;
    FvPrep *preps[PREPS];
    void *source;
    FvSourceInfo info;
    FvFeed *feeds[PREPS];
    FvMembers *members;
    FvAverage *average;
} Files;

static void files_clear(Files *files)
{
    for (int i = 0; i < PREPS; i++)
        fv_feed_free(files->feeds[i]);
    fv_files_source_free(files->source);
    for (int i = 0; i < PREPS; i++)
        fv_prep_free(files->preps[i]);
    fv_average_free(files->average);
    fv_members_free(files->members);
    fv_plan_free(files->plan);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Files, files_clear)

/* ------------------------------------------------------------------- opening */

static gboolean make_prep(Files *files, const FvGraph *graph, int which, GError **error)
{
    FvLoc where;
    GError *failed = NULL;
    files->preps[which] = fv_prep_new(graph->augment, graph->prepare, files->info.shape,
                                      fv_plan_input_shape(files->plan), which == VARIED, &where, &failed);
    if (files->preps[which])
        return TRUE;
    g_autoptr(FvDiag) diag = fv_diag_new();
    const FvLoc top = { g_intern_string(graph->file), 1, 1 };
    fv_diag_take(diag, where.file ? where : top, NULL, failed);
    return fv_diag_check(diag, error);
}

static gboolean make_preps(Files *files, const FvApplySettings *settings, int preps, GError **error)
{
    for (int i = 0; i < preps; i++)
        if (!make_prep(files, settings->graph, i, error))
            return FALSE;
    return TRUE;
}

static gboolean load(const Files *files, const FvApplySettings *settings, int preps, GError **error)
{
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < preps; i++) {
        GString *source = g_string_new(NULL);
        fv_prep_source(files->preps[i], fv_feed_rows(settings->device), source);
        g_ptr_array_add(sources, g_string_free(source, FALSE));
    }
    g_ptr_array_add(sources, NULL);
    return fv_plan_load(files->plan, settings->device, (const char *const *) sources->pdata, error);
}

static gboolean make_feeds(Files *files, const FvApplySettings *settings, int preps, GError **error)
{
    for (int i = 0; i < preps; i++) {
        const FvFeedConfig config = { .plan = files->plan,
                                      .extra = (guint) i,
                                      .config = { .source = fv_files_source(),
                                                  .state = files->source,
                                                  .info = &files->info,
                                                  .split = FV_TEST,
                                                  .seed = settings->begin.seed,
                                                  .prep = files->preps[i],
                                                  .batch = fv_plan_batch(files->plan) } };
        files->feeds[i] = fv_feed_new(&config, error);
        if (!files->feeds[i])
            return FALSE;
    }
    return TRUE;
}

static gboolean open_files(Files *files, const FvApplySettings *settings, const char *const *names, char ***classes,
                           GError **error)
{
    const guint count = g_strv_length((char **) names);
    const int preps = settings->copies > 1 ? PREPS : 1;
    g_autoptr(FvTensors) weights = NULL;
    if (!fv_beginning_read(&settings->begin, &weights, error))
        return FALSE;
    files->plan =
        fv_apply_plan(settings, FV_FOR_PREDICTION, (int) MIN(count, (guint) settings->graph->batch), weights, error);
    if (!files->plan)
        return FALSE;
    const FvShape want = fv_plan_input_shape(files->plan);
    files->source = fv_files_source_new(names, want.c == 1 || want.c == 3 ? want.c : 0, &files->info);
    if (!make_preps(files, settings, preps, error) || !load(files, settings, preps, error))
        return FALSE;
    files->members = fv_members_new(files->plan, &settings->begin, weights, error);
    if (!files->members)
        return FALSE;
    files->average = fv_average_of_output(files->plan, settings->link);
    if (classes && weights)
        *classes = fv_weights_classes(weights);
    return make_feeds(files, settings, preps, error);
}

/* ------------------------------------------------------------------- running */

/* What averages are given to. */
typedef struct {
    const Files *files;
    const char *const *names;
    int copies;
    FvApplyFunc func;
    gpointer data;
} Giving;

static gboolean give_part(const FvEnsemblePart *part, gpointer data, GError **error)
{
    const Giving *giving = data;
    const FvShape shape = fv_plan_output_shape(giving->files->plan);
    g_autofree double *numbers = g_new(double, fv_shape_elements(shape));
    for (gint64 i = 0; i < part->count; i++) {
        fv_average_get(giving->files->average, i, part->times, numbers);
        giving->func(giving->names[part->first + i], numbers, shape, giving->data);
    }
    return TRUE;
}

static gboolean run_averaged(const Giving *giving, GError **error)
{
    const Files *files = giving->files;
    const FvEnsembleHooks hooks = { .part = give_part };
    const FvEnsemble ensemble = { .plan = files->plan,
                                  .members = files->members,
                                  .average = files->average,
                                  .plain = files->feeds[PLAIN],
                                  .varied = files->feeds[VARIED],
                                  .copies = giving->copies,
                                  .kind = FV_LIST_PREDICT };
    return fv_ensemble_run(&ensemble, &hooks, (gpointer) giving, error);
}

/* One net and no copies: batch by batch, each given as soon as it is there. */
static gboolean run_plain(const Giving *giving, FvLink link, GError **error)
{
    const Files *files = giving->files;
    const FvShape shape = fv_plan_output_shape(files->plan);
    const gint64 each = fv_shape_elements(shape);
    g_autofree double *numbers = g_new(double, each *fv_plan_batch(files->plan));
    int samples;
    if (!fv_members_use(files->members, 0, error))
        return FALSE;
    fv_feed_start_epoch(files->feeds[PLAIN], 0, 0);
    while ((samples = fv_feed_next(files->feeds[PLAIN], error)) > 0) {
        if (!fv_apply_enqueue(files->plan, FV_LIST_PREDICT, samples, 0, error) ||
            !fv_plan_read_value(files->plan, fv_plan_output(files->plan), shape, samples, numbers, error))
            return FALSE;
        const FvBatch *batch = fv_feed_batch(files->feeds[PLAIN]);
        for (int i = 0; i < samples; i++) {
            fv_link_apply(link, numbers + i * each, shape);
            giving->func(batch->names[i], numbers + i * each, shape, giving->data);
        }
    }
    return samples == 0;
}

gboolean fv_apply_files(const FvApplySettings *settings, const char *const *files, char ***classes, FvApplyFunc func,
                        gpointer data, GError **error)
{
    g_auto(Files) opened = { NULL };
    if (!open_files(&opened, settings, files, classes, error))
        return FALSE;
    const Giving giving = { &opened, files, MAX(1, settings->copies), func, data };
    return giving.copies > 1 || settings->begin.others ? run_averaged(&giving, error)
                                                       : run_plain(&giving, settings->link, error);
}
