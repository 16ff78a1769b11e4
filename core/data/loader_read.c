/* SPDX-License-Identifier: MIT
 * loader_read.c: what the loader's workers do for one sample: read it, draw its numbers, put its pixels into the batch.
 */
#include "core/data/loader_private.h"

#include <string.h>

/* One sample, and the images that it is mixed of. */
typedef struct {
    const FvLoader *loader;
    FvBatch *batch;
    int place;         /* in the batch */
    FvSample *samples; /* the loader's parts of them */
    FvDrawKey key;
    int others; /* images beside its own */
    guint32 numbers[FV_AUGMENT_PARTS];
} Reading;

static gboolean check_sample(const FvLoader *loader, const FvSample *sample, GError **error)
{
    const FvShape shape = sample->shape;
    const FvSourceInfo *info = loader->config.info;
    const int classes = info->classes;
    if (shape.c < 1 || shape.h < 1 || shape.w < 1 || shape.h > G_MAXINT / shape.w ||
        (gint64) shape.h * shape.w > G_MAXINT / shape.c || sample->pixels->len != fv_source_bytes(info, shape)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%dx%dx%d do not go with %u bytes", shape.c, shape.h, shape.w,
                    sample->pixels->len);
        return FALSE;
    }
    if (classes > 0 && (sample->label < 0 || sample->label >= classes)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "class %d, where classes are 0 to %d", sample->label, classes - 1);
        return FALSE;
    }
    return TRUE;
}

/* What one sample is like is no mistake of the pipeline. */
static gboolean blame(const FvSample *sample, guint32 number, GError **error)
{
    if (error && g_error_matches(*error, FV_ERROR, FV_ERROR_SHAPE))
        (*error)->code = FV_ERROR_DATA;
    if (sample->name)
        g_prefix_error(error, "%s: ", sample->name);
    else
        g_prefix_error(error, "sample %u: ", number);
    return FALSE;
}

static gboolean read_image(const Reading *reading, int part, GError **error)
{
    const FvLoaderConfig *config = &reading->loader->config;
    const FvSplit split = fv_order_source_split(config);
    const guint32 number = part == 0 ? reading->key.sample : reading->numbers[part - 1];
    FvSample *sample = &reading->samples[part];
    g_clear_pointer(&sample->name, g_free);
    sample->label = -1;
    if (!config->source->read(config->state, split, number, sample, error))
        return FALSE;
    return check_sample(reading->loader, sample, error) || blame(sample, number, error);
}

static guint32 *program_of(const Reading *reading)
{
    return reading->batch->programs + reading->loader->words * (gsize) reading->place;
}

static void set_info(const Reading *reading, FvShape shape, int label)
{
    reading->batch->info[reading->place] = (FvImageInfo){ .c = shape.c, .h = shape.h, .w = shape.w, .label = label };
}

/* The label with the largest share goes first: it is the one that metrics see. */
static void set_mixed(const Reading *reading, const float *shares)
{
    FvBatch *batch = reading->batch;
    const int parts = reading->loader->parts;
    int most = 0;
    for (int part = 1; part < parts; part++)
        most = shares[part] > shares[most] ? part : most;
    for (int part = 0; part < parts; part++) {
        const int from = part == 0 ? most : part == most ? 0 : part, at = part * batch->n + reading->place;
        batch->labels[at] = reading->samples[from <= reading->others ? from : 0].label;
        batch->shares[at] = shares[from];
    }
    batch->info[reading->place].label = batch->labels[reading->place];
}

static gboolean draw_read(const Reading *reading, GError **error)
{
    const FvLoader *loader = reading->loader;
    FvShape shapes[FV_AUGMENT_PARTS];
    float shares[FV_AUGMENT_PARTS] = { 1 };
    for (int part = 0; part <= reading->others; part++)
        shapes[part] = reading->samples[part].shape;
    set_info(reading, shapes[0], reading->samples[0].label);
    if (!fv_prep_program(loader->config.prep, reading->key, reading->others > 0 ? reading->numbers : NULL, shapes,
                         program_of(reading), shares, error))
        return blame(&reading->samples[0], reading->key.sample, error);
    if (loader->parts > 1)
        set_mixed(reading, shares);
    return TRUE;
}

/* The images are on the device already. */
static gboolean draw_kept(const Reading *reading, GError **error)
{
    const FvLoader *loader = reading->loader;
    const guint32 number = reading->key.sample;
    const FvShape shape = loader->config.info->shape;
    set_info(reading, shape, loader->labels[number]);
    fv_image_info_set_offset(&reading->batch->info[reading->place], (guint64) loader->places[number] * loader->image);
    reading->batch->names[reading->place] = NULL;
    return fv_prep_program(loader->config.prep, reading->key, NULL, &shape, program_of(reading), NULL, error);
}

/* Those that a sample is mixed with come from its own split. */
static void draw_others(Reading *reading)
{
    const FvLoader *loader = reading->loader;
    reading->others =
        fv_draw_others(fv_prep_chain(loader->config.prep), reading->key, (guint32) loader->count, reading->numbers);
    for (int i = 0; i < reading->others; i++)
        reading->numbers[i] = loader->indices[reading->numbers[i]];
}

gboolean fv_loader_read(const FvLoader *loader, FvSlot *slot, int i, GError **error)
{
    FvBatch *batch = &slot->batch;
    const guint32 index = loader->order[batch->number * loader->config.batch + i];
    Reading reading = {
        .loader = loader, .batch = batch, .place = i, .key = { loader->config.seed, loader->epoch, index }
    };
    batch->samples[i] = index;
    if (fv_loader_is_kept(loader, index))
        return draw_kept(&reading, error);
    reading.samples = slot->sample + (gsize) i * (gsize) loader->parts;
    draw_others(&reading);
    for (int part = 0; part < loader->parts; part++)
        g_byte_array_set_size(reading.samples[part].pixels, 0);
    for (int part = 0; part <= reading.others; part++)
        if (!read_image(&reading, part, error))
            return FALSE;
    batch->names[i] = reading.samples[0].name;
    return draw_read(&reading, error);
}

static gsize bytes_to_join(const FvLoader *loader, const FvSlot *slot)
{
    gsize bytes = 0;
    for (int i = 0; i < slot->batch.n; i++)
        for (int part = 0; part < loader->parts && !fv_loader_is_kept(loader, slot->batch.samples[i]); part++)
            bytes += slot->sample[i * loader->parts + part].pixels->len;
    return bytes;
}

static void join_image(FvBatch *batch, FvSample *sample)
{
    enum { STORAGE = 1 << 20 /* a sample's storage that is worth holding for the next one, bytes */ };
    if (sample->pixels->len > 0)
        memcpy(batch->pixels + batch->bytes, sample->pixels->data, sample->pixels->len);
    batch->bytes += sample->pixels->len;
    if (sample->pixels->len > STORAGE) {
        g_byte_array_unref(sample->pixels);
        sample->pixels = g_byte_array_new();
    }
}

/* Where images differ, their places are only known when all have been read. */
gboolean fv_loader_join(const FvLoader *loader, FvSlot *slot, GError **error)
{
    FvBatch *batch = &slot->batch;
    const gsize bytes = bytes_to_join(loader, slot);
    batch->bytes = 0;
    if (bytes > slot->capacity) {
        guint8 *pixels = g_try_realloc(batch->pixels, bytes);
        if (!pixels) {
            g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "no memory for a batch of %d images, %" G_GSIZE_FORMAT " MiB",
                        batch->n, bytes >> 20);
            return FALSE;
        }
        batch->pixels = pixels;
        slot->capacity = bytes;
    }
    for (int i = 0; i < batch->n; i++) {
        if (fv_loader_is_kept(loader, batch->samples[i]))
            continue;
        fv_image_info_set_offset(&batch->info[i], batch->bytes);
        for (int part = 0; part < loader->parts; part++) {
            if (batch->offsets)
                batch->offsets[i * loader->parts + part] = batch->bytes;
            join_image(batch, &slot->sample[i * loader->parts + part]);
        }
    }
    return TRUE;
}
