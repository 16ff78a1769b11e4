/* SPDX-License-Identifier: MIT
 * folds.c: trains fold after fold, and keeps what came of each. */
#include "core/train/folds.h"

#include "core/sink/atomic.h"
#include "core/train/trainer.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#define FOLDS_FILE "folds.json"

typedef struct {
    FvTrainSettings settings; /* of the fold under way */
    FvRun *run;
    FvFoldsResult *result;
} Folds;

void fv_folds_result_clear(FvFoldsResult *result)
{
    g_clear_pointer(&result->folder, g_free);
    g_clear_pointer(&result->metric, g_free);
    g_clear_pointer(&result->folds, g_array_unref);
}

gboolean fv_folds_in(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, FOLDS_FILE, NULL);
    return g_file_test(file, G_FILE_TEST_EXISTS);
}

/* -------------------------------------------------------------------- files */

static gboolean write_settings(const Folds *folds, GError **error)
{
    g_autofree char *file = fv_run_file(folds->run, FOLDS_FILE);
    g_autofree char *text = g_strdup_printf("{\"folds\": %d, \"seed\": %" G_GUINT64_FORMAT "}\n", folds->settings.folds,
                                            folds->settings.seed);
    return fv_file_replace(file, text, strlen(text), error);
}

static gboolean parse_settings(const char *text, gsize length, gint64 *count, gint64 *seed)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    if (!g_utf8_validate(text, (gssize) length, NULL) ||
        !json_parser_load_from_data(parser, text, (gssize) length, NULL))
        return FALSE;
    JsonNode *root = json_parser_get_root(parser);
    JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    *count = object ? json_object_get_int_member_with_default(object, "folds", 0) : 0;
    *seed = object ? json_object_get_int_member_with_default(object, "seed", -1) : -1;
    return *count >= 2 && *count <= FV_MOST_FOLDS && *seed >= 0;
}

/* The number of folds and the seed that a run was begun with: what is given must come to the same. */
static gboolean read_settings(Folds *folds, GError **error)
{
    enum { LONGEST = 4096 };
    FvTrainSettings *settings = &folds->settings;
    g_autofree char *file = fv_run_file(folds->run, FOLDS_FILE);
    g_autofree char *text = NULL;
    gsize length = 0;
    gint64 count = 0, seed = 0;
    if (!g_file_get_contents(file, &text, &length, error))
        return FALSE;
    if (length > LONGEST || !parse_settings(text, length, &count, &seed)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: does not say how many folds there are, and the seed", file);
        return FALSE;
    }
    if ((settings->folds > 0 && settings->folds != count) || (settings->has_seed && settings->seed != (guint64) seed)) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s was begun with %d folds and seed %" G_GINT64_FORMAT,
                    settings->resume, (int) count, seed);
        return FALSE;
    }
    settings->folds = (int) count;
    settings->seed = (guint64) seed;
    return TRUE;
}

/* -------------------------------------------------------------------- results */

static void take_record(Folds *folds, const FvRecord *record)
{
    const FvFoldScore fold = { record->loss, record->value };
    g_array_append_val(folds->result->folds, fold);
    if (record->metric && !folds->result->metric)
        folds->result->metric = g_strdup(record->metric);
}

/* Folds are done one after the other: the lines of the log are the first ones. */
static gboolean read_done(Folds *folds, GError **error)
{
    g_autoptr(GArray) log = fv_run_read_log(folds->settings.resume, error);
    for (guint i = 0; log && i < log->len; i++) {
        const FvRecord *record = &g_array_index(log, FvRecord, i);
        if (record->epoch == (int) folds->result->folds->len + 1 && record->epoch <= folds->settings.folds)
            take_record(folds, record);
    }
    return log != NULL;
}

static gboolean keep(Folds *folds, const FvTrainResult *done, GError **error)
{
    FvRecord record = fv_record(done->step, folds->settings.fold + 1, FV_VALIDATE);
    record.loss = done->test.loss;
    record.metric = done->scores->len > 0 ? g_array_index(done->scores, FvScore, 0).name : NULL;
    record.value = done->test.metric;
    take_record(folds, &record);
    return fv_run_log(folds->run, &record, error);
}

/* --------------------------------------------------------------------- folds */

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

static gboolean train_fold(Folds *folds, GError **error)
{
    FvTrainSettings settings = folds->settings;
    g_autofree char *name = g_strdup_printf("fold-%d", settings.fold + 1);
    g_autofree char *folder = fv_run_file(folds->run, name);
    g_autofree char *last = g_build_filename(folder, FV_RUN_LAST, NULL);
    const gboolean begun = g_file_test(last, G_FILE_TEST_EXISTS);
    FvTrainResult result;
    settings.resume = begun ? folder : NULL;
    settings.out = begun ? NULL : folder;
    settings.weights = begun ? NULL : settings.weights;
    if (!begun && folds->settings.resume)
        remove_unborn(folder);
    if (settings.progress)
        fv_progress_print(settings.progress, "fold %d of %d", settings.fold + 1, settings.folds);
    gboolean done = fv_train(&settings, &result, error);
    if (!done)
        g_prefix_error(error, "fold %d: ", settings.fold + 1);
    folds->result->stopped = result.stopped;
    done = done && (result.stopped || keep(folds, &result, error));
    fv_train_result_clear(&result);
    return done;
}

static gboolean open_run(Folds *folds, GError **error)
{
    const FvTrainSettings *settings = &folds->settings;
    if (settings->resume) {
        folds->run = fv_run_open(settings->resume, error);
        return folds->run && fv_train_same_pipeline(settings, folds->run, error) && read_settings(folds, error) &&
               read_done(folds, error);
    }
    if (!settings->has_seed)
        folds->settings.seed = 1;
    folds->run = fv_run_create(settings->out, settings->pipeline->graph->stem, error);
    return folds->run && write_settings(folds, error) && fv_train_write_pipeline(settings, folds->run, error);
}

gboolean fv_train_folds(const FvTrainSettings *settings, FvFoldsResult *result, GError **error)
{
    Folds folds = { .settings = *settings, .result = result };
    *result = (FvFoldsResult){ .folds = g_array_new(FALSE, FALSE, sizeof(FvFoldScore)) };
    gboolean done = open_run(&folds, error);
    folds.settings.has_seed = TRUE;
    if (done)
        result->folder = g_strdup(fv_run_folder(folds.run));
    for (int i = (int) result->folds->len; i < folds.settings.folds && done && !result->stopped; i++) {
        folds.settings.fold = i;
        done = train_fold(&folds, error);
    }
    g_clear_pointer(&folds.run, fv_run_free);
    return done;
}

void fv_folds_summary(const GArray *folds, gsize offset, double *mean, double *deviation)
{
    double sum = 0, squares = 0;
    for (guint i = 0; i < folds->len; i++)
        sum += G_STRUCT_MEMBER(double, &g_array_index(folds, FvFoldScore, i), offset);
    *mean = sum / MAX(1, folds->len);
    for (guint i = 0; i < folds->len; i++) {
        const double off = G_STRUCT_MEMBER(double, &g_array_index(folds, FvFoldScore, i), offset) - *mean;
        squares += off * off;
    }
    *deviation = folds->len > 1 ? sqrt(squares / (folds->len - 1)) : 0;
}
