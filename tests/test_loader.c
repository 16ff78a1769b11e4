/* SPDX-License-Identifier: MIT
 * test_loader.c: batches on worker threads: order, splits, resuming, errors, and the sources idx, folder and files.
 * Plugins are found through FOVEA_PLUGIN_PATH. */
#include "core/data/data.h"
#include "core/train/pipeline.h"

#include <glib/gstdio.h>
#include <png.h>
#include <string.h>
#include <zlib.h>

/* ------------------------------------------------------------- a fake source */

/* Sample i: every byte is i, the label i % 10; sizes differ where asked. */
typedef struct {
    gboolean sizes_differ;
    gint64 broken; /* this one and those after it cannot be read, -1: none */
    gulong pause;  /* of every third sample, in microseconds */
    gint reads;    /* atomic */
} Fake;

static FvShape fake_shape(const Fake *fake, gint64 index)
{
    return fake->sizes_differ ? (FvShape){ 1, 4 + (int) (index % 3), 5 + (int) (index % 2) } : (FvShape){ 1, 4, 5 };
}

static gboolean fake_read(const void *self, FvSplit split, gint64 index, FvSample *sample, GError **error)
{
    Fake *fake = (Fake *) self;
    g_atomic_int_inc(&fake->reads);
    if (fake->pause && index % 3 == 0)
        g_usleep(fake->pause);
    if (fake->broken >= 0 && index >= fake->broken) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "file %d: broken", (int) index);
        return FALSE;
    }
    sample->shape = fake_shape(fake, index);
    sample->label = (int) (index % 10);
    sample->name = g_strdup_printf("file %d", (int) index);
    g_byte_array_set_size(sample->pixels, (guint) fv_shape_elements(sample->shape));
    memset(sample->pixels->data, (int) (index & 0xff), sample->pixels->len);
    return TRUE;
}

static const FvSource fake_source = {
    .base = { FV_HEAD(FvSource, Fake), .kind = FV_SOURCE, .name = "fake", .summary = "numbers" },
    .read = fake_read,
};

typedef struct {
    Fake fake;
    FvSourceInfo info;
    FvPrep *prep;
    FvLoaderConfig config;
} Setting;

/* The loader is declared later, and so goes earlier. */
static void clear_setting(Setting *setting)
{
    fv_prep_free(setting->prep);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Setting, clear_setting)

static void set_up(Setting *setting, gint64 count)
{
    *setting = (Setting){ .fake.broken = -1,
                          .info = { .count = { [FV_TRAIN] = count }, .shape = { 1, 4, 5 }, .classes = 10 } };
    setting->prep = fv_prep_new(NULL, NULL, (FvShape){ 1, 4, 5 }, (FvShape){ 1, 4, 5 }, TRUE, NULL, NULL);
    g_assert_nonnull(setting->prep);
    setting->config = (FvLoaderConfig){ .source = &fake_source,
                                        .state = &setting->fake,
                                        .info = &setting->info,
                                        .split = FV_TRAIN,
                                        .prep = setting->prep,
                                        .seed = 5,
                                        .batch = 8,
                                        .shuffle = TRUE,
                                        .workers = 3 };
}

static FvLoader *loader_of(const Setting *setting)
{
    GError *error = NULL;
    FvLoader *loader = fv_loader_new(&setting->config, &error);
    g_assert_no_error(error);
    return loader;
}

/* The samples of an epoch, in order; checks that each batch is what it says. */
static GArray *run_epoch(FvLoader *loader, guint32 epoch, gint64 first)
{
    GArray *seen = g_array_new(FALSE, FALSE, sizeof(guint32));
    GError *error = NULL;
    fv_loader_start_epoch(loader, epoch, first);
    for (FvBatch *batch; (batch = fv_loader_next(loader, &error));) {
        gsize at = 0;
        g_assert_cmpint(batch->number, ==, first++);
        for (int i = 0; i < batch->n; i++) {
            const FvImageInfo *info = &batch->info[i];
            g_assert_cmpuint(info->offset_low, ==, at);
            g_assert_cmpuint(info->offset_high, ==, 0);
            for (gint32 j = 0; j < info->c * info->h * info->w; j++)
                g_assert_cmpint(batch->pixels[at + (gsize) j], ==, batch->samples[i] & 0xff);
            at += (gsize) (info->c * info->h * info->w);
            g_assert_cmpint(batch->info[i].label, ==, batch->samples[i] % 10);
            g_autofree char *name = g_strdup_printf("file %u", batch->samples[i]);
            g_assert_cmpstr(batch->names[i], ==, name);
        }
        g_assert_cmpuint(at, ==, batch->bytes);
        g_array_append_vals(seen, batch->samples, (guint) batch->n);
        fv_loader_recycle(loader, batch);
    }
    g_assert_no_error(error);
    g_assert_cmpint(first, ==, fv_loader_batches(loader));
    g_assert_null(fv_loader_next(loader, &error));
    g_assert_no_error(error);
    return seen;
}

static gboolean same(const GArray *a, const GArray *b, guint from)
{
    return a->len - from == b->len && memcmp(a->data + 4 * from, b->data, 4 * b->len) == 0;
}

static int ascending(gconstpointer a, gconstpointer b)
{
    guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;
    return (x > y) - (x < y);
}

static void assert_each_once(GArray *seen, guint count)
{
    g_assert_cmpuint(seen->len, ==, count);
    g_array_sort(seen, ascending);
    for (guint i = 0; i < count; i++)
        g_assert_cmpuint(g_array_index(seen, guint32, i), ==, i);
}

static void test_order(void)
{
    g_auto(Setting) setting = { 0 };
    set_up(&setting, 107);
    setting.fake.pause = 300;
    g_autoptr(GArray) first = NULL;
    for (int workers = 1; workers <= 16; workers += 5) {
        setting.config.workers = workers;
        g_autoptr(FvLoader) loader = loader_of(&setting);
        g_assert_cmpint(fv_loader_count(loader), ==, 107);
        g_assert_cmpint(fv_loader_batches(loader), ==, 14);
        g_autoptr(GArray) seen = run_epoch(loader, 2, 0);
        g_autoptr(GArray) again = run_epoch(loader, 2, 0);
        g_autoptr(GArray) other = run_epoch(loader, 3, 0);
        g_autoptr(GArray) tail = run_epoch(loader, 2, 9);
        g_assert_true(same(seen, again, 0));
        g_assert_true(same(seen, tail, 9 * 8));
        g_assert_false(same(seen, other, 0));
        if (first)
            g_assert_true(same(first, seen, 0));
        else
            first = g_array_ref(seen);
    }
    assert_each_once(first, 107);
}

static void test_unshuffled(void)
{
    g_auto(Setting) setting = { 0 };
    set_up(&setting, 20);
    setting.config.shuffle = FALSE;
    setting.config.batch = 64;
    g_autoptr(FvLoader) loader = loader_of(&setting);
    g_assert_cmpint(fv_loader_batches(loader), ==, 1);
    g_autoptr(GArray) seen = run_epoch(loader, 0, 0);
    for (guint i = 0; i < 20; i++)
        g_assert_cmpuint(g_array_index(seen, guint32, i), ==, i);
}

static void test_sizes_differ(void)
{
    g_auto(Setting) setting = { 0 };
    set_up(&setting, 50);
    fv_prep_free(setting.prep);
    setting.fake.sizes_differ = TRUE;
    setting.info.shape = (FvShape){ 1, 0, 0 };
    setting.prep = fv_prep_new(NULL, NULL, setting.info.shape, (FvShape){ 1, 4, 5 }, TRUE, NULL, NULL);
    setting.config.prep = setting.prep;
    setting.config.shuffle = FALSE;
    g_autoptr(FvLoader) loader = loader_of(&setting);
    g_autoptr(GError) error = NULL;
    fv_loader_start_epoch(loader, 0, 0);
    g_assert_null(fv_loader_next(loader, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_cmpstr(error->message, ==,
                    "file 1: the image is 1x5x6, the net's input 1x4x5; crop([4, 5]) would make it fit");
}

/* Sample by sample, all that is told of its images: numbers, classes and shares. */
static void collect_mixed(const FvBatch *batch, double *told)
{
    for (int i = 0; i < batch->n; i++) {
        double *to = told + (gsize) batch->samples[i] * 6;
        float all = 0;
        g_assert_cmpint(batch->pixels[batch->offsets[2 * i]], ==, batch->samples[i]);
        g_assert_cmpint(batch->info[i].label, ==, batch->labels[i]);
        g_assert_cmpfloat((double) batch->shares[i], >=, (double) batch->shares[batch->n + i]);
        for (int part = 0; part < 2; part++) {
            const gboolean there = part == 0 || batch->shares[batch->n + i] > 0;
            to[part] = there ? batch->pixels[batch->offsets[2 * i + part]] : 0;
            to[2 + part] = batch->labels[part * batch->n + i];
            to[4 + part] = (double) batch->shares[part * batch->n + i];
            all += batch->shares[part * batch->n + i];
        }
        g_assert_cmpfloat_with_epsilon((double) all, 1, 1e-6);
        /* The classes are those of the two images, whichever comes first. */
        const int own = (int) to[0] % 10, other = (int) to[1] % 10;
        if (to[5] > 0)
            g_assert_true((to[2] == own && to[3] == other) || (to[2] == other && to[3] == own));
        else
            g_assert_cmpfloat(to[2], ==, own);
    }
}

static void test_mixed(void)
{
    enum { COUNT = 107 };
    g_autoptr(GError) error = NULL;
    FvPipeline *pipeline = fv_pipeline_from_chain("chain", "mixup(1, p=0.7)", &error);
    g_assert_no_error(error);
    g_autofree double *first = NULL;
    for (int workers = 1; workers <= 4; workers++) {
        g_auto(Setting) setting = { 0 };
        set_up(&setting, COUNT);
        fv_prep_free(setting.prep);
        setting.prep =
            fv_prep_new(pipeline->graph->augment, NULL, (FvShape){ 1, 4, 5 }, (FvShape){ 1, 4, 5 }, TRUE, NULL, &error);
        g_assert_no_error(error);
        setting.config.prep = setting.prep;
        setting.config.workers = workers;
        setting.config.batch = 5 * workers;
        g_autoptr(FvLoader) loader = loader_of(&setting);
        g_autofree double *told = g_new0(double, 6 * COUNT);
        fv_loader_start_epoch(loader, 2, 0);
        for (FvBatch *batch; (batch = fv_loader_next(loader, &error));) {
            g_assert_cmpint(batch->parts, ==, 2);
            collect_mixed(batch, told);
            fv_loader_recycle(loader, batch);
        }
        g_assert_no_error(error);
        int mixed = 0;
        for (int i = 0; i < COUNT; i++)
            mixed += told[6 * i + 5] > 0;
        g_assert_cmpint(mixed, >, COUNT / 2);
        g_assert_cmpint(mixed, <, COUNT);
        if (first)
            g_assert_cmpmem(told, sizeof(double) * 6 * COUNT, first, sizeof(double) * 6 * COUNT);
        else
            first = g_steal_pointer(&told);
    }
    fv_pipeline_free(pipeline);
}

static GArray *split_of(Setting *setting, FvSplit split)
{
    setting->config.split = split;
    g_autoptr(FvLoader) loader = loader_of(setting);
    return run_epoch(loader, 0, 0);
}

static void test_shares(void)
{
    g_auto(Setting) setting = { 0 };
    set_up(&setting, 200);
    setting.config.validate = 0.1;
    setting.config.test = 0.25;
    g_autoptr(GArray) all = split_of(&setting, FV_TRAIN);
    g_autoptr(GArray) validate = split_of(&setting, FV_VALIDATE);
    g_autoptr(GArray) again = split_of(&setting, FV_VALIDATE);
    g_autoptr(GArray) test = split_of(&setting, FV_TEST);
    g_assert_cmpuint(all->len, ==, 130);
    g_assert_cmpuint(validate->len, ==, 20);
    g_assert_cmpuint(test->len, ==, 50);
    g_assert_true(same(validate, again, 0));
    setting.config.seed++;
    g_autoptr(GArray) other = split_of(&setting, FV_VALIDATE);
    g_assert_false(same(validate, other, 0));
    g_array_append_vals(all, validate->data, validate->len);
    g_array_append_vals(all, test->data, test->len);
    assert_each_once(all, 200);
}

static void refuse_config(const FvLoaderConfig *config, int code)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(fv_loader_new(config, &error));
    g_assert_error(error, FV_ERROR, code);
}

static void test_wrong_shares(void)
{
    g_auto(Setting) setting = { 0 };
    set_up(&setting, 10);
    FvLoaderConfig config = setting.config;
    config.split = FV_VALIDATE;
    refuse_config(&config, FV_ERROR_DATA);
    config = setting.config;
    config.validate = 1;
    refuse_config(&config, FV_ERROR_OPTION);
    config.validate = -0.5;
    refuse_config(&config, FV_ERROR_OPTION);
    config.validate = config.test = 0.5;
    refuse_config(&config, FV_ERROR_OPTION);
    config.validate = 0;
    setting.info.count[FV_TEST] = 3;
    refuse_config(&config, FV_ERROR_OPTION);
    config.test = 0;
    config.batch = 0;
    refuse_config(&config, FV_ERROR_OPTION);
}

/* The first in the batch's order is reported, although its worker is the slowest; batches before it come out whole. */
static void test_error(void)
{
    g_auto(Setting) setting = { 0 };
    set_up(&setting, 64);
    setting.config.shuffle = FALSE;
    setting.config.workers = 4;
    setting.fake.broken = 18;
    setting.fake.pause = 3000;
    g_autoptr(FvLoader) loader = loader_of(&setting);
    for (int round = 0; round < 2; round++) {
        g_autoptr(GError) error = NULL;
        fv_loader_start_epoch(loader, 0, 0);
        for (int i = 0; i < 2; i++) {
            FvBatch *batch = fv_loader_next(loader, &error);
            g_assert_no_error(error);
            fv_loader_recycle(loader, batch);
        }
        g_assert_null(fv_loader_next(loader, &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
        g_assert_cmpstr(error->message, ==, "file 18: broken");
        g_clear_error(&error);
        g_assert_null(fv_loader_next(loader, &error));
        g_assert_no_error(error);
    }
}

static void test_wrong_label(void)
{
    g_auto(Setting) setting = { 0 };
    set_up(&setting, 16);
    setting.info.classes = 9;
    setting.config.shuffle = FALSE;
    g_autoptr(FvLoader) loader = loader_of(&setting);
    g_autoptr(GError) error = NULL;
    fv_loader_start_epoch(loader, 0, 1);
    g_assert_null(fv_loader_next(loader, &error));
    g_assert_cmpstr(error->message, ==, "file 9: class 9, where classes are 0 to 8");
}

/* Leaving at any time: before the first batch, with batches held, in the middle of an epoch. */
static void test_shutdown(void)
{
    g_auto(Setting) setting = { 0 };
    set_up(&setting, 1000);
    setting.fake.pause = 200;
    for (int held = 0; held < 4; held++) {
        g_autoptr(FvLoader) loader = loader_of(&setting);
        fv_loader_start_epoch(loader, 0, 0);
        for (int i = 0; i < held; i++)
            g_assert_nonnull(fv_loader_next(loader, NULL));
    }
    g_autoptr(FvLoader) unused = loader_of(&setting);
    g_autoptr(FvLoader) loader = loader_of(&setting);
    for (guint32 epoch = 0; epoch < 20; epoch++) {
        fv_loader_start_epoch(loader, epoch, 0);
        FvBatch *batch = epoch % 2 ? fv_loader_next(loader, NULL) : NULL;
        if (batch)
            fv_loader_recycle(loader, batch);
    }
}

/* Batches are read ahead, but not more than the ring holds. */
static void test_ahead(void)
{
    g_auto(Setting) setting = { 0 };
    set_up(&setting, 1000);
    g_autoptr(FvLoader) loader = loader_of(&setting);
    fv_loader_start_epoch(loader, 0, 0);
    for (int i = 0; i < 5000 && g_atomic_int_get(&setting.fake.reads) < 32; i++)
        g_usleep(1000);
    g_usleep(20000);
    g_assert_cmpint(g_atomic_int_get(&setting.fake.reads), ==, 32);
    GError *error = NULL;
    FvBatch *held[4];
    for (int i = 0; i < 4; i++)
        held[i] = fv_loader_next(loader, &error);
    g_assert_null(fv_loader_next(loader, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_clear_error(&error);
    fv_loader_recycle(loader, held[2]);
    FvBatch *next = fv_loader_next(loader, &error);
    g_assert_no_error(error);
    g_assert_cmpint(next->number, ==, 4);
    g_assert_cmpint(held[0]->number, ==, 0);
}

/* -------------------------------------------------------------- images kept */

enum { IMAGE = 20 }; /* bytes of an image of the fake source */

/* Takes `most` batches of an epoch (-1: all) and keeps their images in @kept, as a device would; checks that each
 * sample is found there with its label, and that those that are kept come without pixels. Returns the samples. */
static GArray *keep_epoch(FvLoader *loader, guint8 *kept, guint32 epoch, gint64 first, int most)
{
    GArray *seen = g_array_new(FALSE, FALSE, sizeof(guint32));
    GError *error = NULL;
    fv_loader_start_epoch(loader, epoch, first);
    for (FvBatch *batch; most-- != 0 && (batch = fv_loader_next(loader, &error));) {
        g_assert_cmpint(batch->number, ==, first);
        g_assert_cmpint(batch->n, <=, fv_loader_most(loader));
        first += batch->batches;
        memcpy(kept + batch->place, batch->pixels, batch->bytes);
        fv_loader_set_kept(loader, batch);
        for (int i = 0; i < batch->n; i++) {
            const FvImageInfo *info = &batch->info[i];
            g_assert_cmpuint(info->offset_low % IMAGE, ==, 0);
            g_assert_cmpint(info->label, ==, batch->samples[i] % 10);
            g_assert_cmpint(info->c * info->h * info->w, ==, IMAGE);
            for (int j = 0; j < IMAGE; j++)
                g_assert_cmpint(kept[info->offset_low + (guint32) j], ==, batch->samples[i] & 0xff);
        }
        g_array_append_vals(seen, batch->samples, (guint) batch->n);
        fv_loader_recycle(loader, batch);
    }
    g_assert_no_error(error);
    return seen;
}

static void assert_reads(Setting *setting, gint reads)
{
    g_assert_cmpint(g_atomic_int_get(&setting->fake.reads), ==, reads);
    g_atomic_int_set(&setting->fake.reads, 0);
}

/* Each image is read once, in whatever epochs it comes by; the order is that of a loader that keeps nothing. */
static void test_kept(void)
{
    enum { COUNT = 107 };
    g_auto(Setting) setting = { 0 };
    set_up(&setting, COUNT);
    g_autoptr(FvLoader) plain = loader_of(&setting);
    g_autoptr(FvLoader) loader = loader_of(&setting);
    g_autofree guint8 *kept = g_malloc0(COUNT * IMAGE);
    fv_loader_keep_images(loader);
    g_assert_cmpint(fv_loader_batch(loader), ==, 8);

    /* As a resumed run: from the middle of an epoch. */
    g_autoptr(GArray) tail = keep_epoch(loader, kept, 0, 9, -1);
    assert_reads(&setting, COUNT - 9 * 8);
    g_autoptr(GArray) plain_tail = run_epoch(plain, 0, 9);
    g_assert_true(same(tail, plain_tail, 0));
    g_atomic_int_set(&setting.fake.reads, 0);

    g_autoptr(GArray) second = keep_epoch(loader, kept, 1, 0, -1);
    assert_reads(&setting, 9 * 8); /* those that were left */
    g_autoptr(GArray) plain_second = run_epoch(plain, 1, 0);
    g_assert_true(same(second, plain_second, 0));
    assert_reads(&setting, COUNT);

    setting.fake.broken = 0; /* nothing can be read any more */
    for (guint32 epoch = 2; epoch < 5; epoch++) {
        g_autoptr(GArray) seen = keep_epoch(loader, kept, epoch, 0, -1);
        assert_each_once(seen, COUNT);
    }
    g_autoptr(GArray) end = keep_epoch(loader, kept, 0, 9, -1);
    g_assert_true(same(end, tail, 0));
    assert_reads(&setting, 0);
}

/* What was read ahead and dropped, or handed out but not kept, is read again; what was kept is not. */
static void test_kept_in_part(void)
{
    enum { COUNT = 107 };
    g_auto(Setting) setting = { 0 };
    set_up(&setting, COUNT);
    g_autoptr(FvLoader) loader = loader_of(&setting);
    g_autofree guint8 *kept = g_malloc0(COUNT * IMAGE);
    fv_loader_keep_images(loader);
    for (guint32 epoch = 0; epoch < 3; epoch++) { /* of 14 batches */
        g_autoptr(GArray) seen = keep_epoch(loader, kept, epoch, epoch, 4);
        g_assert_cmpuint(seen->len, ==, 4 * 8);
    }
    fv_loader_start_epoch(loader, 3, 0);
    FvBatch *forgotten = fv_loader_next(loader, NULL);
    memset(forgotten->pixels, 0x7e, forgotten->bytes);
    fv_loader_recycle(loader, forgotten);
    g_autoptr(GArray) first = keep_epoch(loader, kept, 4, 0, -1);
    assert_each_once(first, COUNT);
    setting.fake.broken = 0;
    g_autoptr(GArray) second = keep_epoch(loader, kept, 5, 0, -1);
    assert_each_once(second, COUNT);
}

/* Once all are kept, several batches come together, from whatever batch an epoch begins at. */
static void test_kept_runs(void)
{
    enum { COUNT = 5003 };
    g_auto(Setting) setting = { 0 };
    set_up(&setting, COUNT);
    setting.config.validate = 0.1; /* samples are numbered with gaps */
    g_autoptr(FvLoader) loader = loader_of(&setting);
    const gint64 count = fv_loader_count(loader), batches = fv_loader_batches(loader);
    g_autofree guint8 *kept = g_malloc0((gsize) count * IMAGE);
    fv_loader_keep_images(loader);
    g_assert_cmpint(fv_loader_most(loader), ==, 2048);
    g_autoptr(GArray) first = keep_epoch(loader, kept, 0, 0, -1);
    g_autoptr(GArray) again = keep_epoch(loader, kept, 0, 0, -1);
    g_autoptr(GArray) tail = keep_epoch(loader, kept, 0, 301, -1);
    g_assert_cmpint(first->len, ==, count);
    g_assert_true(same(first, again, 0));
    g_assert_true(same(first, tail, 301 * 8));
    fv_loader_start_epoch(loader, 1, 0);
    FvBatch *run = fv_loader_next(loader, NULL);
    g_assert_cmpint(run->batches, ==, 256);
    g_assert_cmpint(run->n, ==, 2048);
    g_assert_cmpuint(run->bytes, ==, 0);
    fv_loader_recycle(loader, run);
    fv_loader_start_epoch(loader, 1, batches - 1);
    run = fv_loader_next(loader, NULL);
    g_assert_cmpint(run->batches, ==, 1);
    g_assert_cmpint(run->n, ==, count % 8);
}

/* ------------------------------------------------------------------ sources */

typedef struct {
    FvRegistry *registry;
    const FvSource *source;
    FvState *state;
    FvSourceInfo info;
} Opened;

static void set_text(FvState *state, const FvPlugin *plugin, const char *name, const char *text)
{
    GError *error = NULL;
    FvValue value = { .type = FV_VALUE_TEXT, .text = text };
    g_assert_true(fv_option_set(state, fv_option_find(plugin, name, NULL), &value, &error));
    g_assert_no_error(error);
}

static gboolean open_source(Opened *opened, const char *plugin_name, const char *path, const char *names,
                            GError **error)
{
    GError *missing = NULL;
    opened->registry = fv_registry_new();
    const FvPlugin *plugin = fv_registry_find(opened->registry, FV_SOURCE, plugin_name, &missing);
    g_assert_no_error(missing);
    opened->source = (const FvSource *) plugin;
    opened->state = fv_state_new(plugin);
    opened->info = (FvSourceInfo){ 0 };
    set_text(opened->state, plugin, "path", path);
    if (names)
        set_text(opened->state, plugin, "names", names);
    return opened->source->open(fv_state_self(opened->state), &opened->info, error);
}

static void drop(Opened *opened)
{
    fv_state_free(opened->state);
    fv_registry_free(opened->registry);
}

static void close_source(Opened *opened)
{
    opened->source->close(fv_state_self(opened->state));
    drop(opened);
}

/* Whether a sample of each split can be read. */
static gboolean read_first(const Opened *opened, GError **error)
{
    FvSample sample = { .pixels = g_byte_array_new() };
    gboolean done = TRUE;
    for (int split = 0; split < FV_SPLITS && done; split++)
        done = opened->info.count[split] == 0 ||
               opened->source->read(fv_state_self(opened->state), (FvSplit) split, 0, &sample, error);
    g_free(sample.name);
    g_byte_array_unref(sample.pixels);
    return done;
}

/* When it is opened, or when the first sample is read. */
static void refuse_source(const char *plugin, const char *path, const char *names, const char *reason)
{
    Opened opened;
    g_autoptr(GError) error = NULL;
    gboolean open = open_source(&opened, plugin, path, names, &error);
    g_assert_false(open && read_first(&opened, &error));
    g_assert_nonnull(error);
    if (!strstr(error->message, reason) || strchr(error->message, '\n'))
        g_error("'%s' does not say '%s'", error->message, reason);
    if (open)
        close_source(&opened);
    else
        drop(&opened);
}

static void put(const char *folder, const char *name, const void *data, gsize size)
{
    g_autofree char *file = g_build_filename(folder, name, NULL);
    g_autofree char *parent = g_path_get_dirname(file);
    g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, data, (gssize) size, NULL));
}

static void remove_all(const char *path)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
        for (const char *name; (name = g_dir_read_name(dir));) {
            g_autofree char *inner = g_build_filename(path, name, NULL);
            remove_all(inner);
        }
    }
    g_remove(path);
}

/* Two images of 2 channels, 1x3: bytes count up. */
static const guint8 images[] = { 0, 0, 8, 4, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0,  0,  1,
                                 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
static const guint8 labels[] = { 0, 0, 8, 1, 0, 0, 0, 2, 1, 4 };

static void test_idx(void)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-idx-XXXXXX", NULL);
    g_autofree char *names = g_build_filename(folder, "names.txt", NULL);
    Opened opened;
    GError *error = NULL;
    put(folder, "train-images.idx4-ubyte", images, sizeof images);
    put(folder, "train-labels-idx1-ubyte", labels, sizeof labels);
    put(folder, "names.txt", "a\nb\nc\nd\ne\nf\n", 12);
    g_assert_true(open_source(&opened, "idx", folder, names, &error));
    g_assert_no_error(error);
    g_assert_cmpint(opened.info.count[FV_TRAIN], ==, 2);
    g_assert_cmpint(opened.info.count[FV_VALIDATE], ==, 0);
    g_assert_cmpint(opened.info.count[FV_TEST], ==, 0);
    g_assert_true(fv_shape_equal(opened.info.shape, (FvShape){ 2, 1, 3 }));
    g_assert_cmpint(opened.info.classes, ==, 6);
    g_assert_cmpstr(opened.info.class_names[5], ==, "f");
    FvSample sample = { .pixels = g_byte_array_new() };
    g_assert_true(opened.source->read(fv_state_self(opened.state), FV_TRAIN, 1, &sample, &error));
    const guint8 interleaved[] = { 7, 10, 8, 11, 9, 12 };
    g_assert_cmpmem(sample.pixels->data, sample.pixels->len, interleaved, 6);
    g_assert_cmpint(sample.label, ==, 4);
    g_free(sample.name);
    g_byte_array_unref(sample.pixels);
    close_source(&opened);
    g_assert_true(open_source(&opened, "idx", folder, "a,b, c d ,d,e", &error));
    g_assert_no_error(error);
    g_assert_cmpint(opened.info.classes, ==, 5);
    g_assert_cmpstr(opened.info.class_names[2], ==, "c d");
    close_source(&opened);
    put(folder, "names.txt", "a\nb\n", 4);
    refuse_source("idx", folder, names, "class 4");
    refuse_source("idx", folder, "a,b", "class 4");
    refuse_source("idx", folder, "no such file", "no such file");
    remove_all(folder);
}

static void refuse_images(const void *data, gsize size, const char *reason)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-idx-XXXXXX", NULL);
    put(folder, "train-images-idx4-ubyte", data, size);
    put(folder, "train-labels-idx1-ubyte", labels, sizeof labels);
    refuse_source("idx", folder, NULL, reason);
    remove_all(folder);
}

static GByteArray *compressed(const guint8 *data, gsize size)
{
    GByteArray *out = g_byte_array_new();
    g_byte_array_set_size(out, (guint) size + 200);
    z_stream stream = { .next_in = (Bytef *) data, .avail_in = (uInt) size, .next_out = out->data };
    stream.avail_out = out->len;
    g_assert_cmpint(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
    g_assert_cmpint(deflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    g_byte_array_set_size(out, (guint) stream.total_out);
    deflateEnd(&stream);
    return out;
}

static void test_wrong_idx(void)
{
    for (gsize size = 0; size < sizeof images; size++)
        refuse_images(images, size, size < 4 || size < 20 ? "too early" : "too short");
    guint8 other[sizeof images + 1];
    memcpy(other, images, sizeof images);
    other[sizeof images] = 0;
    refuse_images(other, sizeof other, "longer");
    other[2] = 0x0d;
    refuse_images(other, sizeof images, "type 0x0d");
    other[2] = 8;
    other[3] = 2;
    refuse_images(other, sizeof images, "rank 2");
    other[3] = 4;
    other[0] = 'P';
    refuse_images(other, sizeof images, "no IDX file");
    other[0] = 0;
    memset(other + 4, 0xff, 16);
    refuse_images(other, sizeof images, "too short");
    memset(other + 4, 0, 4);
    refuse_images(other, sizeof images, "dimension of 0");
    const guint8 one[] = { 0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 9 };
    refuse_images(one, sizeof one, "1 images, but 2 labels");
    refuse_images(labels, sizeof labels, "rank 1, where images have 3 or 4");
    g_autoptr(GByteArray) gz = compressed(images, sizeof images);
    for (gsize size = 2; size < gz->len; size++)
        refuse_images(gz->data, size, "");
    gz->data[gz->len - 6] ^= 1;
    refuse_images(gz->data, gz->len, "broken compression");
    refuse_source("idx", "/nowhere/fashion-mnist", NULL,
                  "no such folder; Debian's package dataset-fashion-mnist has it");
    g_autofree char *folder = g_dir_make_tmp("fovea-idx-XXXXXX", NULL);
    refuse_source("idx", folder, NULL, "neither train-images-idx3-ubyte nor");
    put(folder, "t10k-images-idx3-ubyte", one, sizeof one);
    refuse_source("idx", folder, NULL, "there are no labels beside it");
    remove_all(folder);
}

static void test_idx_compressed(void)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-idx-XXXXXX", NULL);
    g_autoptr(GByteArray) gz = compressed(images, sizeof images);
    Opened opened;
    GError *error = NULL;
    put(folder, "t10k-images-idx4-ubyte.gz", gz->data, gz->len);
    put(folder, "t10k-labels-idx1-ubyte", labels, sizeof labels);
    g_assert_true(open_source(&opened, "idx", folder, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(opened.info.count[FV_TEST], ==, 2);
    g_assert_cmpint(opened.info.classes, ==, 5);
    g_assert_null(opened.info.class_names);
    close_source(&opened);
    remove_all(folder);
}

static void test_fashion_mnist(void)
{
    const char *folder = "/usr/share/datasets/fashion-mnist";
    Opened opened;
    GError *error = NULL;
    if (!g_file_test(folder, G_FILE_TEST_IS_DIR)) {
        g_test_skip("dataset-fashion-mnist is not installed");
        return;
    }
    g_assert_true(open_source(&opened, "idx", folder, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(opened.info.count[FV_TRAIN], ==, 60000);
    g_assert_cmpint(opened.info.count[FV_TEST], ==, 10000);
    g_assert_true(fv_shape_equal(opened.info.shape, (FvShape){ 1, 28, 28 }));
    g_assert_cmpint(opened.info.classes, ==, 10);
    FvPrep *prep = fv_prep_new(NULL, NULL, opened.info.shape, opened.info.shape, TRUE, NULL, NULL);
    FvLoaderConfig config = { .source = opened.source,
                              .state = fv_state_self(opened.state),
                              .info = &opened.info,
                              .prep = prep,
                              .batch = 64,
                              .shuffle = TRUE };
    FvLoader *loader = fv_loader_new(&config, &error);
    g_assert_no_error(error);
    gint64 seen = 0, sum = 0, per_class[10] = { 0 };
    fv_loader_start_epoch(loader, 0, 0);
    for (FvBatch *batch; (batch = fv_loader_next(loader, &error));) {
        for (gsize i = 0; i < batch->bytes; i++)
            sum += batch->pixels[i];
        for (int i = 0; i < batch->n; i++)
            per_class[batch->info[i].label]++;
        seen += batch->n;
        fv_loader_recycle(loader, batch);
    }
    g_assert_no_error(error);
    g_assert_cmpint(seen, ==, 60000);
    for (int i = 0; i < 10; i++)
        g_assert_cmpint(per_class[i], ==, 6000);
    /* The mean of the training images is known to be 0.2860. */
    g_assert_cmpfloat(ABS((double) sum / (60000.0 * 784 * 255) - 0.2860), <, 0.0001);
    fv_loader_free(loader);
    fv_prep_free(prep);
    close_source(&opened);
}

static void put_png(const char *folder, const char *name, int w, int h, guint8 value)
{
    g_autofree guint8 *pixels = g_malloc((gsize) (w * h));
    memset(pixels, value, (gsize) (w * h));
    png_image image = { .version = PNG_IMAGE_VERSION, .width = (png_uint_32) w, .height = (png_uint_32) h };
    image.format = PNG_FORMAT_GRAY;
    guint8 data[4096];
    png_alloc_size_t size = sizeof data;
    g_assert_true(png_image_write_to_memory(&image, data, &size, 0, pixels, 0, NULL));
    put(folder, name, data, size);
}

static void assert_sample(const Opened *opened, FvSplit split, gint64 index, int label, guint8 value, const char *end)
{
    FvSample sample = { .pixels = g_byte_array_new() };
    GError *error = NULL;
    g_assert_true(opened->source->read(fv_state_self(opened->state), split, index, &sample, &error));
    g_assert_no_error(error);
    g_assert_cmpint(sample.label, ==, label);
    g_assert_cmpint(sample.shape.c, ==, 3);
    g_assert_cmpint(sample.pixels->data[0], ==, value);
    g_assert_true(g_str_has_suffix(sample.name, end));
    g_free(sample.name);
    g_byte_array_unref(sample.pixels);
}

static void test_folder(void)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-folder-XXXXXX", NULL);
    Opened opened;
    GError *error = NULL;
    put_png(folder, "cat/b.PNG", 3, 4, 20);
    put_png(folder, "cat/a.png", 5, 4, 10);
    put_png(folder, "Dog/x.png", 2, 2, 30);
    put(folder, "cat/notes.txt", "no image", 8);
    put(folder, "cat/.hidden.png", "no image", 8);
    put(folder, ".cache/x.png", "no image", 8);
    g_assert_true(open_source(&opened, "folder", folder, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(opened.info.count[FV_TRAIN], ==, 3);
    g_assert_cmpint(opened.info.count[FV_TEST], ==, 0);
    g_assert_cmpint(opened.info.classes, ==, 2);
    g_assert_cmpstr(opened.info.class_names[0], ==, "Dog");
    g_assert_cmpstr(opened.info.class_names[1], ==, "cat");
    g_assert_true(fv_shape_equal(opened.info.shape, (FvShape){ 3, 0, 0 }));
    assert_sample(&opened, FV_TRAIN, 0, 0, 30, "Dog/x.png");
    assert_sample(&opened, FV_TRAIN, 1, 1, 10, "cat/a.png");
    assert_sample(&opened, FV_TRAIN, 2, 1, 20, "cat/b.PNG");
    close_source(&opened);
    remove_all(folder);
}

static void test_folder_splits(void)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-folder-XXXXXX", NULL);
    g_autofree char *empty = g_build_filename(folder, "train", "empty", NULL);
    g_autofree char *missing = g_build_filename(folder, "missing", NULL);
    Opened opened;
    GError *error = NULL;
    put_png(folder, "train/a/1.png", 2, 2, 1);
    put_png(folder, "train/b/2.png", 2, 2, 2);
    put_png(folder, "val/b/3.png", 2, 2, 3);
    put_png(folder, "test/b/4.png", 2, 2, 4);
    put_png(folder, "test/a/5.png", 2, 2, 5);
    g_assert_true(open_source(&opened, "folder", folder, NULL, &error));
    g_assert_no_error(error);
    g_assert_cmpint(opened.info.count[FV_TRAIN], ==, 2);
    g_assert_cmpint(opened.info.count[FV_VALIDATE], ==, 1);
    g_assert_cmpint(opened.info.count[FV_TEST], ==, 2);
    assert_sample(&opened, FV_VALIDATE, 0, 1, 3, "val/b/3.png");
    assert_sample(&opened, FV_TEST, 0, 0, 5, "test/a/5.png");
    close_source(&opened);
    put_png(folder, "test/c/6.png", 2, 2, 6);
    refuse_source("folder", folder, NULL, "test/c: there is no class of that name to train with");
    g_assert_cmpint(g_mkdir(empty, 0700), ==, 0);
    refuse_source("folder", folder, NULL, "empty: no PNG, JPEG or WebP files in it");
    refuse_source("folder", missing, NULL, "missing");
    refuse_source("folder", empty, NULL, "no sub-folders in it");
    remove_all(folder);
}

static void test_files(void)
{
    g_autofree char *folder = g_dir_make_tmp("fovea-files-XXXXXX", NULL);
    g_autofree char *a = g_build_filename(folder, "a.png", NULL);
    put_png(folder, "a.png", 5, 4, 40);
    const char *files[] = { a, "no such file.png", NULL };
    FvSourceInfo info;
    void *state = fv_files_source_new(files, 1, &info);
    g_assert_cmpint(info.count[FV_TEST], ==, 2);
    g_assert_cmpint(info.classes, ==, 0);
    FvPrep *prep = fv_prep_new(NULL, NULL, info.shape, (FvShape){ 1, 4, 5 }, FALSE, NULL, NULL);
    FvLoaderConfig config = {
        .source = fv_files_source(), .state = state, .info = &info, .split = FV_TEST, .prep = prep, .batch = 1
    };
    GError *error = NULL;
    FvLoader *loader = fv_loader_new(&config, &error);
    g_assert_no_error(error);
    fv_loader_start_epoch(loader, 0, 0);
    FvBatch *batch = fv_loader_next(loader, &error);
    g_assert_no_error(error);
    g_assert_cmpint(batch->info[0].label, ==, -1);
    g_assert_cmpstr(batch->names[0], ==, a);
    g_assert_cmpuint(batch->bytes, ==, 20);
    g_assert_cmpint(batch->pixels[19], ==, 40);
    fv_loader_recycle(loader, batch);
    g_assert_null(fv_loader_next(loader, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_IO);
    g_assert_true(g_str_has_prefix(error->message, "no such file.png: "));
    g_clear_error(&error);
    fv_loader_free(loader);
    fv_prep_free(prep);
    fv_files_source_free(state);
    remove_all(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/loader/order", test_order);
    g_test_add_func("/loader/unshuffled", test_unshuffled);
    g_test_add_func("/loader/sizes-differ", test_sizes_differ);
    g_test_add_func("/loader/mixed", test_mixed);
    g_test_add_func("/loader/shares", test_shares);
    g_test_add_func("/loader/wrong-shares", test_wrong_shares);
    g_test_add_func("/loader/error", test_error);
    g_test_add_func("/loader/wrong-label", test_wrong_label);
    g_test_add_func("/loader/shutdown", test_shutdown);
    g_test_add_func("/loader/ahead", test_ahead);
    g_test_add_func("/loader/kept", test_kept);
    g_test_add_func("/loader/kept-in-part", test_kept_in_part);
    g_test_add_func("/loader/kept-runs", test_kept_runs);
    g_test_add_func("/source/idx", test_idx);
    g_test_add_func("/source/idx-compressed", test_idx_compressed);
    g_test_add_func("/source/idx-wrong", test_wrong_idx);
    g_test_add_func("/source/fashion-mnist", test_fashion_mnist);
    g_test_add_func("/source/folder", test_folder);
    g_test_add_func("/source/folder-splits", test_folder_splits);
    g_test_add_func("/source/files", test_files);
    return g_test_run();
}
