/* SPDX-License-Identifier: MIT
 * batch.c: a whole data set through a chain of augmentations. */
#include "core/batch/batch.h"

#include "core/batch/images.h"
#include "core/batch/names.h"
#include "core/batch/pump.h"
#include "core/batch/state.h"
#include "core/sink/lock.h"

#include <math.h>
#include <string.h>

enum { BATCH = 16 };

static const char *const endings[FV_IMAGE_FORMATS] = { ".png", ".jpg", ".webp" };

/* One run. */
typedef struct {
    const FvBatchSettings *settings;
    FvBatchReport *report;
    FvImages *images;
    FvWork *work;
    FvOutputs *outputs;
    FvLock *lock;
    FvAnnotations *annotations;
    FvSheet *sheet;
    GThread *building; /* makes the augmenter */
    FvAugmenter *augmenter;
    GError *not_built; /* why there is none */
    FvFolderFile *manifest;
    GHashTable *bad; /* numbers of images */
    int shown;       /* pairs of the sheet */
    gint64 begun;
} Run;

/* Kernels take as long as dozens of images to build, and those are decoded meanwhile. */
static gpointer build(gpointer data)
{
    Run *run = data;
    const FvBatchSettings *settings = run->settings;
    run->augmenter = fv_augmenter_new(settings->device, settings->chain, settings->cubic, &run->not_built);
    return NULL;
}

static void join_building(Run *run)
{
    g_clear_pointer(&run->building, g_thread_join);
}

static void run_clear(Run *run)
{
    g_clear_pointer(&run->manifest, fv_folder_abort);
    join_building(run);
    g_clear_pointer(&run->augmenter, fv_augmenter_free);
    g_clear_error(&run->not_built);
    g_clear_pointer(&run->sheet, fv_sheet_free);
    g_clear_pointer(&run->annotations, fv_annotations_free);
    g_clear_pointer(&run->lock, fv_lock_free);
    g_clear_pointer(&run->outputs, fv_outputs_free);
    g_clear_pointer(&run->work, fv_work_free);
    g_clear_pointer(&run->images, fv_images_free);
    g_clear_pointer(&run->bad, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

/* ------------------------------------------------------------------- opening */

static gboolean open_input(Run *run, GError **error)
{
    const FvBatchSettings *settings = run->settings;
    const char *ending = endings[settings->encoding.format];
    run->images = fv_images_open(settings->in, &settings->limits, error);
    if (!run->images)
        return FALSE;
    run->report->images = fv_images_count(run->images);
    run->report->left_out = fv_images_left_out(run->images);
    if (settings->replay)
        run->work = fv_work_from_manifest(run->images, settings->replay, error);
    else if (fv_names_check(fv_images_names(run->images), fv_images_count(run->images), settings->copies, ending,
                            error))
        run->work = fv_work_new(run->images, settings->seed, settings->copies, ending);
    if (run->work)
        run->report->outputs = fv_work_count(run->work);
    return run->work != NULL;
}

/* Names in their order, and what a manifest says. */
static char *checksum_of(const Run *run)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *manifest = NULL;
    gsize size = 0;
    for (guint i = 0; i < fv_images_count(run->images); i++) {
        const char *name = fv_images_names(run->images)[i];
        g_checksum_update(checksum, (const guchar *) name, (gssize) strlen(name) + 1);
    }
    if (run->settings->replay && g_file_get_contents(run->settings->replay, &manifest, &size, NULL))
        g_checksum_update(checksum, (const guchar *) manifest, (gssize) size);
    return g_strdup(g_checksum_get_string(checksum));
}

/* Everything that outputs depend on. */
static JsonObject *settings_of(const Run *run)
{
    const FvBatchSettings *settings = run->settings;
    JsonObject *object = json_object_new();
    g_autofree char *checksum = checksum_of(run);
    json_object_set_string_member(object, "fovea", FV_VERSION);
    json_object_set_string_member(object, "chain", settings->chain_text);
    json_object_set_int_member(object, "images", run->report->images);
    json_object_set_string_member(object, settings->replay ? "names and manifest" : "names of images", checksum);
    json_object_set_int_member(object, "outputs", (gint64) run->report->outputs);
    json_object_set_string_member(object, "format", fv_image_format_name(settings->encoding.format));
    json_object_set_int_member(object, "quality", settings->encoding.quality);
    json_object_set_string_member(object, "filter", settings->cubic ? "bicubic" : "bilinear");
    json_object_set_string_member(object, "labels", settings->labels ? settings->labels : "");
    json_object_set_double_member(object, "least-visible", settings->least_visible);
    if (!settings->replay) {
        json_object_set_int_member(object, "copies", settings->copies);
        json_object_set_int_member(object, "seed", (gint64) settings->seed);
    }
    if (fv_outputs_in_order(run->outputs))
        json_object_set_int_member(object, "shard-size", settings->shard);
    return object;
}

static gboolean is_there(Run *run, const char *name, GError **error)
{
    FvFolder *folder = fv_outputs_folder(run->outputs);
    if (!fv_folder_has(folder, name))
        return FALSE;
    g_autofree char *text = fv_name_text(name);
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s/%s: is there already; --resume goes on, --force begins anew",
                fv_folder_path(folder), text);
    return TRUE;
}

/* Nothing that would be written may be there. */
static gboolean check_free(Run *run, const char *state, const char *manifest, GError **error)
{
    guint64 count = run->report->outputs;
    g_autofree char *before = NULL;
    if (fv_folder_is_new(fv_outputs_folder(run->outputs)))
        return TRUE;
    if (is_there(run, state, error) || is_there(run, manifest, error))
        return FALSE;
    for (guint64 i = 0; i < count; i++) {
        FvWorkItem item;
        fv_work_get(run->work, i, &item);
        char *file = fv_outputs_file(run->outputs, i, item.name);
        const gboolean taken = g_strcmp0(before, file) != 0 && is_there(run, file, error);
        g_free(before);
        before = file;
        fv_work_item_clear(&item);
        if (taken)
            return FALSE;
    }
    return TRUE;
}

static gboolean open_output(Run *run, GError **error)
{
    const FvBatchSettings *settings = run->settings;
    if (g_file_test(settings->in, G_FILE_TEST_IS_DIR) && !g_str_has_suffix(settings->out, ".tar") &&
        fv_path_is_below(settings->out, settings->in)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: lies in %s: outputs would be inputs the next time",
                    settings->out, settings->in);
        return FALSE;
    }
    run->outputs = fv_outputs_open(settings->out, settings->shard, error);
    if (!run->outputs)
        return FALSE;
    FvFolder *folder = fv_outputs_folder(run->outputs);
    g_autofree char *lock = fv_outputs_own(run->outputs, ".fovea-augment.lock");
    g_autofree char *state = fv_outputs_own(run->outputs, ".fovea-augment.json");
    g_autofree char *manifest = fv_outputs_own(run->outputs, "manifest.jsonl");
    g_autoptr(JsonObject) now = settings_of(run);
    fv_outputs_set_replace(run->outputs, settings->resume || settings->force);
    run->lock = fv_lock_take(fv_folder_fd(folder), fv_folder_path(folder), lock, error);
    if (!run->lock)
        return FALSE;
    if (settings->resume ? !fv_state_check(folder, state, now, error)
                         : !settings->force && !check_free(run, state, manifest, error))
        return FALSE;
    fv_folder_clean(folder);
    if (!settings->resume && !fv_state_write(folder, state, now, error))
        return FALSE;
    run->report->begun = TRUE;
    run->manifest = fv_folder_begin(folder, manifest, TRUE, error);
    return run->manifest != NULL;
}

/* ------------------------------------------------------------------- running */

static gboolean on_bad(FvMade *made, gpointer data, GError **error)
{
    Run *run = data;
    const FvBatchSettings *settings = run->settings;
    const gboolean ours =
        g_error_matches(made->error, FV_ERROR, FV_ERROR_DATA) || g_error_matches(made->error, FV_ERROR, FV_ERROR_IO);
    if (!settings->skip_bad || !ours) {
        g_propagate_error(error, g_error_copy(made->error));
        return FALSE;
    }
    run->report->dropped++;
    if (!g_hash_table_add(run->bad, GUINT_TO_POINTER((guint) made->bad)))
        return TRUE;
    run->report->bad = g_hash_table_size(run->bad);
    fv_progress_print(settings->progress, "fovea: warning: left out: %s", made->error->message);
    if (run->report->bad <= settings->max_bad * run->report->images)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                "%u of %u images are broken so far, and --max-bad allows a share of %g (%u)", run->report->bad,
                run->report->images, settings->max_bad, (guint) (settings->max_bad * run->report->images));
    return FALSE;
}

static gboolean on_done(FvMade *made, gpointer data, GError **error)
{
    Run *run = data;
    FvBatchReport *report = run->report;
    if (made->files && !fv_outputs_put(run->outputs, made->index, made->files, error))
        return FALSE;
    if (!fv_folder_append(run->manifest, made->line, strlen(made->line), error))
        return FALSE;
    report->kept += made->kept ? 1 : 0;
    report->made += made->kept ? 0 : 1;
    report->bytes += made->bytes;
    fv_progress_update(run->settings->progress, (gint64) (report->made + report->kept + report->dropped), NAN, NULL,
                       NAN);
    return TRUE;
}

/* Samples of the sheet are spread over all of them, and are first copies. */
static int show(guint64 index, gpointer data)
{
    const Run *run = data;
    const guint copies = MAX(fv_work_copies(run->work), 1);
    const guint64 samples = run->report->outputs / copies, sample = index / copies;
    if (run->shown == 0 || index % copies != 0)
        return -1;
    const guint64 place = (sample * (guint64) run->shown + samples - 1) / samples;
    return place < (guint64) run->shown && place * samples / (guint64) run->shown == sample ? (int) place : -1;
}

static FvAugmenter *augmenter_of(gpointer data, GError **error)
{
    Run *run = data;
    join_building(run);
    if (!run->augmenter && run->not_built)
        g_propagate_error(error, g_steal_pointer(&run->not_built));
    return run->augmenter;
}

static gboolean make_all(Run *run, GError **error)
{
    const FvBatchSettings *settings = run->settings;
    const FvMaker maker = { settings, run->images, run->work, run->outputs, run->annotations, run->sheet };
    const FvPump pump = {
        .maker = &maker,
        .augmenter = augmenter_of,
        .jobs = settings->jobs ? settings->jobs : (int) g_get_num_processors(),
        .batch = settings->batch ? settings->batch : BATCH,
        .on_bad = on_bad,
        .on_done = on_done,
        .show = show,
        .data = run,
    };
    fv_progress_start(settings->progress, "augment", 0, (gint64) run->report->outputs, 0);
    const gboolean good = fv_pump(&pump, error);
    fv_progress_finish(settings->progress);
    g_autoptr(GPtrArray) warnings = fv_annotations_warnings(run->annotations);
    for (guint i = 0; i < warnings->len; i++)
        fv_progress_print(settings->progress, "fovea: warning: %s", (char *) warnings->pdata[i]);
    return good;
}

/* Everything is on the disk before the manifest says that it is there. */
static gboolean finish(Run *run, GError **error)
{
    const gboolean replace = run->settings->resume || run->settings->force;
    return fv_outputs_end(run->outputs, error) &&
           fv_annotations_finish(run->annotations, run->outputs, replace, error) &&
           fv_folder_sync(fv_outputs_folder(run->outputs), error) &&
           fv_folder_commit(g_steal_pointer(&run->manifest), TRUE, error) &&
           (!run->sheet || fv_sheet_write(run->sheet, run->settings->sheet, error));
}

static gboolean augment(Run *run, GError **error)
{
    const FvBatchSettings *settings = run->settings;
    run->building = g_thread_try_new("kernels", build, run, NULL);
    if (!run->building)
        build(run);
    if (!open_input(run, error))
        return FALSE;
    run->annotations = fv_annotations_open(settings->in, settings->labels, run->images, settings->least_visible, error);
    if (!run->annotations || !open_output(run, error))
        return FALSE;
    if (settings->sheet) {
        run->shown = (int) MIN(FV_SHEET_MOST, run->report->outputs / MAX(fv_work_copies(run->work), 1));
        run->sheet = fv_sheet_new(run->shown);
    }
    if (!make_all(run, error))
        return FALSE;
    run->report->stopped = run->report->made + run->report->kept + run->report->dropped < run->report->outputs;
    return run->report->stopped || finish(run, error);
}

gboolean fv_batch_augment(const FvBatchSettings *settings, FvBatchReport *report, GError **error)
{
    g_auto(Run) run = { .settings = settings, .report = report };
    const gint64 begun = g_get_monotonic_time();
    *report = (FvBatchReport){ 0 };
    run.bad = g_hash_table_new(NULL, NULL);
    const gboolean good = augment(&run, error);
    report->seconds = (double) (g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
    return good;
}
