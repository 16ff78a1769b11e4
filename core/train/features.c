/* SPDX-License-Identifier: MIT
 * features.c: writes any value of a net for every image of a split, or of files, as an array. */
#include "core/train/features.h"

#include "core/diag.h"
#include "core/sink/atomic.h"
#include "core/sink/npy.h"

#include <math.h>
#include <string.h>

typedef struct {
    const FvFeaturesSettings *settings;
    FvOpenSource files; /* where images are named one by one */
    FvTensors *weights;
    FvSession *session;
    FvFeed *feed;
    FvNpyWriter *out, *labels;
    FvAtomic *names;
    /* of one batch */
    double *numbers;
    float *singles;
    int *classes;
} Features;

static void features_clear(Features *features)
{
    fv_npy_abort(features->out);
    fv_npy_abort(features->labels);
    fv_atomic_abort(features->names);
    fv_session_free(features->session);
    fv_files_source_free(features->files.self);
    g_clear_pointer(&features->weights, fv_tensors_free);
    g_free(features->numbers);
    g_free(features->singles);
    g_free(features->classes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Features, features_clear)

/* --------------------------------------------------------------------- value */

static int find_value(const FvGraph *graph, const char *name)
{
    const int named = GPOINTER_TO_INT(g_hash_table_lookup(graph->values, name)) - 1;
    for (guint i = 0; named < 0 && i < graph->nodes->len; i++)
        if (g_str_equal(((FvGraphNode *) graph->nodes->pdata[i])->path, name))
            return (int) i;
    return named;
}

static gboolean take_value(FvGraph *graph, const char *name, GError **error)
{
    const int node = find_value(graph, name);
    if (node >= 0) {
        graph->output = node;
        return TRUE;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < graph->nodes->len; i++) {
        const FvGraphNode *one = graph->nodes->pdata[i];
        g_ptr_array_add(names, one->path);
        if (one->name)
            g_ptr_array_add(names, one->name);
    }
    g_ptr_array_add(names, NULL);
    const char *nearest = fv_nearest(name, (const char *const *) names->pdata);
    g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "%s: no value or layer is called \"%s\"%s%s%s", graph->file, name,
                nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return FALSE;
}

/* ------------------------------------------------------------------- opening */

/* Files as a source: as many channels as the net takes. */
static gboolean open_files(Features *features, GError **error)
{
    const FvFeaturesSettings *settings = features->settings;
    const FvPlanSettings wanted = { .purpose = FV_FOR_PREDICTION, .batch = 1 };
    g_autoptr(FvPlan) plan = fv_pipeline_plan(settings->pipeline->graph, settings->device, &wanted, error);
    if (!plan)
        return FALSE;
    const int channels = fv_plan_input_shape(plan).c;
    features->files.source = fv_files_source();
    features->files.self =
        fv_files_source_new(settings->files, channels == 1 || channels == 3 ? channels : 0, &features->files.info);
    return TRUE;
}

static FvSplit split_of(const FvFeaturesSettings *settings)
{
    return settings->files ? FV_TEST : settings->split;
}

static gboolean open_net(Features *features, GError **error)
{
    const FvFeaturesSettings *settings = features->settings;
    if (!fv_beginning_read(&settings->begin, &features->weights, error) ||
        (settings->files && !open_files(features, error)))
        return FALSE;
    const FvSessionSettings session = { .graph = settings->pipeline->graph,
                                        .device = settings->device,
                                        .seed = settings->seed,
                                        .source = settings->files ? &features->files : NULL,
                                        .weights = features->weights,
                                        .progress = settings->progress,
                                        .stop = settings->stop };
    features->session = fv_session_new(&session, FV_FOR_PREDICTION, error);
    if (!features->session)
        return FALSE;
    if (settings->labels && fv_session_source(features->session)->classes < 1) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s: these images have no classes to write there",
                    settings->labels);
        return FALSE;
    }
    features->feed = fv_session_plain_feed(features->session, split_of(settings), error);
    return features->feed &&
           fv_weights_begin(fv_session_plan(features->session), &settings->begin, features->weights, error);
}

static gboolean open_outputs(Features *features, GError **error)
{
    const FvFeaturesSettings *settings = features->settings;
    FvPlan *plan = fv_session_plan(features->session);
    const FvShape shape = fv_plan_output_shape(plan);
    const gint64 dims[] = { fv_feed_samples(features->feed), shape.c, shape.h, shape.w };
    const size_t batch = (size_t) fv_plan_batch(plan), numbers = batch * (size_t) fv_shape_elements(shape);
    features->numbers = g_new(double, numbers);
    features->singles = g_new(float, numbers);
    features->classes = g_new(int, batch);
    features->out = fv_npy_begin(settings->out, FV_F32, shape.h * shape.w == 1 ? 2 : 4, dims, error);
    if (!features->out)
        return FALSE;
    if (settings->labels && !(features->labels = fv_npy_begin(settings->labels, FV_I64, 1, dims, error)))
        return FALSE;
    return !settings->names || (features->names = fv_atomic_begin(settings->names, error));
}

/* ------------------------------------------------------------------- batches */

static gboolean write_labels(Features *features, int samples, GError **error)
{
    fv_feed_labels(features->feed, samples, features->classes);
    for (int i = 0; i < samples; i++) {
        const gint64 class = features->classes[i];
        if (!fv_npy_append(features->labels, &class, sizeof class, error))
            return FALSE;
    }
    return TRUE;
}

/* A name with a line end in it would be two. */
static gboolean write_names(Features *features, int samples, GError **error)
{
    const FvBatch *batch = fv_feed_batch(features->feed);
    g_autoptr(GString) text = g_string_new(NULL);
    for (int i = 0; i < samples; i++) {
        g_autofree char *name = g_strdelimit(g_strdup(batch->names[i] ? batch->names[i] : ""), "\n\r", ' ');
        g_string_append_printf(text, "%s\n", name);
    }
    return fv_atomic_write(features->names, text->str, text->len, error);
}

static gboolean enqueue(Features *features, FvListKind kind, int samples, GError **error)
{
    FvPlan *plan = fv_session_plan(features->session);
    const FvList *list = fv_plan_list(plan, kind, samples, error);
    const FvStep step = { .seed = features->settings->seed };
    return list && fv_exec_enqueue(fv_plan_device(plan), list, &step, error);
}

static gboolean write_batch(Features *features, int samples, GError **error)
{
    FvPlan *plan = fv_session_plan(features->session);
    const FvShape shape = fv_plan_output_shape(plan);
    const size_t count = (size_t) samples * (size_t) fv_shape_elements(shape);
    if (!enqueue(features, FV_LIST_PREDICT, samples, error) ||
        !fv_plan_read_value(plan, fv_plan_output(plan), shape, samples, features->numbers, error))
        return FALSE;
    for (size_t i = 0; i < count; i++)
        features->singles[i] = (float) features->numbers[i];
    return fv_npy_append(features->out, features->singles, count * sizeof(float), error) &&
           (!features->labels || write_labels(features, samples, error)) &&
           (!features->names || write_names(features, samples, error));
}

static gboolean write_all(Features *features, GError **error)
{
    FvProgressBar *progress = features->settings->progress;
    gint64 done = 0;
    int samples;
    if (!enqueue(features, FV_LIST_PACK, 1, error))
        return FALSE;
    fv_feed_start_epoch(features->feed, 0, 0);
    if (progress)
        fv_progress_start(progress, features->settings->value, 0, fv_feed_samples(features->feed), 0);
    while ((samples = fv_feed_next(features->feed, error)) > 0) {
        if (fv_session_stopped(features->session) || !write_batch(features, samples, error))
            break;
        done += samples;
        if (progress)
            fv_progress_update(progress, done, NAN, NULL, NAN);
    }
    if (progress)
        fv_progress_finish(progress);
    return samples == 0;
}

static gboolean commit(Features *features, GError **error)
{
    return fv_npy_commit(g_steal_pointer(&features->out), error) &&
           (!features->labels || fv_npy_commit(g_steal_pointer(&features->labels), error)) &&
           (!features->names || fv_atomic_commit(g_steal_pointer(&features->names), error));
}

gboolean fv_features(const FvFeaturesSettings *settings, gint64 *samples, FvShape *shape, GError **error)
{
    g_auto(Features) features = { .settings = settings };
    if (!take_value(settings->pipeline->graph, settings->value, error) || !open_net(&features, error) ||
        !open_outputs(&features, error) || !write_all(&features, error) || !commit(&features, error))
        return FALSE;
    *samples = fv_feed_samples(features.feed);
    *shape = fv_plan_output_shape(fv_session_plan(features.session));
    return TRUE;
}
