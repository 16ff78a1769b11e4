/* SPDX-License-Identifier: MIT
 * make.c: one output on its way. */
#include "core/batch/make.h"

#include "core/batch/manifest.h"

#include <string.h>

/* A file that some of the outputs need. */
typedef struct {
    GByteArray *bytes;
    FvImageHead head;
    GError *error;
    FvDecoded *decoded[9]; /* by eighths */
} Source;

/* Outputs that are read together. */
typedef struct {
    const FvMaker *maker;
    GHashTable *sources; /* number -> Source */
} Reading;

static FvDecoded *decoded_ref(FvDecoded *decoded)
{
    g_atomic_ref_count_inc(&decoded->references);
    return decoded;
}

static void decoded_unref(FvDecoded *decoded)
{
    if (!decoded || !g_atomic_ref_count_dec(&decoded->references))
        return;
    g_byte_array_unref(decoded->pixels);
    g_free(decoded);
}

static void source_free(gpointer data)
{
    Source *source = data;
    for (guint i = 0; i < G_N_ELEMENTS(source->decoded); i++)
        decoded_unref(source->decoded[i]);
    g_clear_error(&source->error);
    g_byte_array_unref(source->bytes);
    g_free(source);
}

/* ------------------------------------------------------------------- reading */

static Source *open_source(Reading *reading, guint32 number)
{
    const FvMaker *maker = reading->maker;
    Source *source = g_hash_table_lookup(reading->sources, GUINT_TO_POINTER(number));
    if (source)
        return source;
    source = g_new0(Source, 1);
    source->bytes = g_byte_array_new();
    g_hash_table_insert(reading->sources, GUINT_TO_POINTER(number), source);
    if (fv_images_read(maker->images, number, source->bytes, &source->error))
        fv_image_head(fv_images_place(maker->images, number), source->bytes->data, source->bytes->len,
                      &maker->settings->limits, &source->head, &source->error);
    return source;
}

static void fail(FvMade *made, const GError *error, gint64 bad)
{
    if (!made->error) {
        made->error = g_error_copy(error);
        made->bad = bad;
    }
}

/* Sets the images and shapes that an output is made of; NULL, or the source that is broken. */
static const Source *gather(Reading *reading, FvMade *made, guint32 *others, int *count)
{
    const FvMaker *maker = reading->maker;
    const FvWorkItem *item = &made->item;
    *count = item->drawn ? item->other_count
                         : fv_draw_others(maker->settings->chain, item->key, fv_images_count(maker->images), others);
    if (item->drawn)
        memcpy(others, item->others, sizeof item->others);
    made->parts = 1 + *count;
    for (int part = 0; part < made->parts; part++) {
        made->samples[part] = part ? others[part - 1] : item->key.sample;
        made->images[part] = !part ? item->image : item->drawn ? item->other_images[part - 1] : others[part - 1];
        const Source *source = open_source(reading, made->images[part]);
        made->shapes[part] = source->head.shape;
        made->shapes[part].c = made->shapes[0].c; /* others are decoded as the first one */
        if (source->error) {
            made->bad = made->images[part];
            return source;
        }
    }
    return NULL;
}

/* An image that the chain cannot take is a broken one, as far as the batch goes. */
static GError *about_image(const FvMaker *maker, guint32 image, GError *error)
{
    if (!g_error_matches(error, FV_ERROR, FV_ERROR_SHAPE))
        return error;
    GError *other =
        g_error_new(FV_ERROR, FV_ERROR_DATA, "%s: %s", fv_images_place(maker->images, image), error->message);
    g_error_free(error);
    return other;
}

static void draw(Reading *reading, FvMade *made)
{
    const FvMaker *maker = reading->maker;
    const FvAugmentChain *chain = maker->settings->chain;
    guint32 others[FV_AUGMENT_PARTS];
    g_autoptr(GError) error = NULL;
    int count;
    const Source *broken = gather(reading, made, others, &count);
    if (broken) {
        fail(made, broken->error, made->bad);
        return;
    }
    made->draw = made->item.drawn ? fv_draw_read(chain, made->item.key, count ? others : NULL, count, made->shapes,
                                                 made->item.drawn, &error)
                                  : fv_draw_new(chain, made->item.key, count ? others : NULL, made->shapes, &error);
    if (!made->draw) {
        error = about_image(maker, made->item.image, g_steal_pointer(&error));
        fail(made, error, made->item.image);
        return;
    }
    for (int part = 0; part < made->parts; part++)
        made->eighths[part] = made->item.drawn ? made->item.eighths[part] : fv_draw_eighths(made->draw, part);
}

/* The scale of an image that several outputs are made of is what the largest of all copies needs, whichever of them are
 * made now: otherwise their pixels would depend on that. */
static int eighths_of_all(Reading *reading, const FvMade *made, guint count)
{
    const guint copies = fv_work_copies(reading->maker->work);
    int most = 1;
    for (guint i = 0; i < count; i++)
        if (made[i].draw)
            most = MAX(most, made[i].eighths[0]);
    for (guint copy = 0; copy < copies && count < copies && most < 8; copy++) {
        FvMade other = { .item = made->item };
        other.item.key.copy = copy;
        draw(reading, &other);
        if (other.draw)
            most = MAX(most, other.eighths[0]);
        other.item.name = NULL;
        fv_made_clear(&other);
    }
    return most;
}

static FvDecoded *decode(Reading *reading, const FvMade *made, int part, GError **error)
{
    const FvMaker *maker = reading->maker;
    Source *source = open_source(reading, made->images[part]);
    const int eighths = made->eighths[part];
    const FvImageDecoding how = { made->shapes[part].c, eighths, &maker->settings->limits };
    /* Another one of the group may want other channels. */
    FvDecoded *old = source->decoded[eighths];
    if (old && old->shape.c == how.channels)
        return decoded_ref(old);
    FvDecoded *decoded = g_new0(FvDecoded, 1);
    g_atomic_ref_count_init(&decoded->references);
    decoded->pixels = g_byte_array_new();
    if (!fv_image_decode_as(fv_images_place(maker->images, made->images[part]), source->bytes->data, source->bytes->len,
                            &how, &decoded->shape, &decoded->scale, decoded->pixels, error)) {
        decoded_unref(decoded);
        return NULL;
    }
    decoded_unref(old);
    source->decoded[eighths] = decoded;
    return decoded_ref(decoded);
}

/* The labels of what the output is made of, and its own. */
static void move_labels(Reading *reading, FvMade *made)
{
    const FvMaker *maker = reading->maker;
    FvLabels *labels[FV_AUGMENT_PARTS] = { NULL };
    for (int part = 0; part < made->parts && !made->error; part++) {
        g_autoptr(GError) error = NULL;
        labels[part] = fv_annotations_get(maker->annotations, made->images[part], made->shapes[part], &error);
        if (!labels[part])
            fail(made, error, made->images[part]);
    }
    if (!made->error) {
        made->labels = fv_annotations_moved(maker->annotations, made->draw, labels);
        made->before = g_steal_pointer(&labels[0]);
    }
    for (int part = 0; part < made->parts; part++)
        g_clear_pointer(&labels[part], fv_labels_free);
}

static void decode_mask(Reading *reading, FvMade *made, int part)
{
    g_autoptr(GError) error = NULL;
    const FvMaker *maker = reading->maker;
    g_autoptr(FvLabels) labels = fv_annotations_get(maker->annotations, made->images[part], made->shapes[part], &error);
    FvMask *like = NULL;
    if (labels)
        made->masks[part] = fv_annotations_mask(maker->annotations, labels, made->decoded[part]->shape,
                                                &made->decoded[part]->scale, &like, &error);
    if (error)
        fail(made, error, made->images[part]);
    if (made->like)
        g_clear_pointer(&like, fv_mask_free);
    else
        made->like = like;
}

static void decode_parts(Reading *reading, FvMade *made)
{
    for (int part = 0; part < made->parts && !made->error; part++) {
        g_autoptr(GError) error = NULL;
        made->decoded[part] = decode(reading, made, part, &error);
        if (!made->decoded[part])
            fail(made, error, made->images[part]);
        else if (made->before->mask)
            decode_mask(reading, made, part);
    }
}

static void write_line(const FvMaker *maker, FvMade *made)
{
    FvManifestLine line = { .item = &made->item, .draw = made->draw, .parts = made->parts };
    FvImageFormat format = maker->settings->encoding.format;
    memcpy(line.images, made->images, sizeof line.images);
    memcpy(line.samples, made->samples, sizeof line.samples);
    memcpy(line.shapes, made->shapes, sizeof line.shapes);
    memcpy(line.eighths, made->eighths, sizeof line.eighths);
    fv_image_format_of(made->item.name, &format);
    line.quality = format == FV_IMAGE_PNG ? 0 : maker->settings->encoding.quality;
    made->line = fv_manifest_line(&line, maker->images);
}

gboolean fv_made_together(const FvMaker *maker, const FvMade *a, const FvMade *b)
{
    return fv_work_copies(maker->work) > 0 && a->item.image == b->item.image;
}

void fv_make_read(const FvMaker *maker, FvMade *made, guint count)
{
    g_autoptr(GHashTable) sources = g_hash_table_new_full(NULL, NULL, NULL, source_free);
    Reading reading = { maker, sources };
    for (guint i = 0; i < count; i++) {
        made[i].bad = -1;
        made[i].kept = maker->settings->resume && fv_outputs_whole(maker->outputs, made[i].index, made[i].item.name);
        draw(&reading, &made[i]);
    }
    const int eighths = fv_work_copies(maker->work) > 0 ? eighths_of_all(&reading, made, count) : 0;
    for (guint i = 0; i < count; i++) {
        if (made[i].error)
            continue;
        if (eighths)
            made[i].eighths[0] = eighths;
        write_line(maker, &made[i]);
        move_labels(&reading, &made[i]);
        if (!made[i].error && made[i].kept)
            fv_annotations_add(maker->annotations, made[i].item.name, made[i].labels, NULL, &made[i].error);
        if (made[i].error)
            continue;
        if (!made[i].kept || made[i].show >= 0)
            decode_parts(&reading, &made[i]);
    }
}

/* ------------------------------------------------------------------ computing */

gboolean fv_made_wants_device(const FvMade *made)
{
    return !made->error && made->decoded[0];
}

gsize fv_made_size(const FvMade *made)
{
    gsize size = made->draw ? (gsize) fv_shape_elements(fv_draw_output(made->draw)) : 0;
    for (int part = 0; part < FV_AUGMENT_PARTS; part++)
        if (made->decoded[part])
            size += made->decoded[part]->pixels->len;
    return size;
}

static FvPlacing placing_of(const FvImageScale *scale)
{
    return scale->eighths == 8 ? (FvPlacing){ 0 } : (FvPlacing){ scale->eighths / 8.0, scale->u_shift, scale->v_shift };
}

void fv_make_job(FvMade *made, FvAugmentJob *job)
{
    const FvShape shape = fv_draw_output(made->draw);
    made->pixels = g_malloc((gsize) fv_shape_elements(shape));
    if (made->like)
        made->mask = g_malloc((gsize) shape.h * (gsize) shape.w);
    *job = (FvAugmentJob){ .draw = made->draw, .pixels = made->pixels, .mask = made->mask };
    for (int part = 0; part < made->parts; part++) {
        job->images[part].shape = made->decoded[part]->shape;
        job->images[part].pixels = made->decoded[part]->pixels->data;
        job->images[part].placing = placing_of(&made->decoded[part]->scale);
        job->images[part].mask = made->masks[part] ? made->masks[part]->data : NULL;
    }
}

/* -------------------------------------------------------------------- writing */

static gboolean encode(const FvMaker *maker, FvMade *made, GError **error)
{
    FvImageEncoding how = maker->settings->encoding;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    fv_image_format_of(made->item.name, &how.format); /* a manifest may list several formats */
    if (!fv_image_encode(made->item.name, &how, fv_draw_output(made->draw), made->pixels, bytes, error))
        return FALSE;
    if (!fv_annotations_add(maker->annotations, made->item.name, made->labels, made->files, error))
        return FALSE;
    if (made->mask)
        fv_annotations_add_mask(made->item.name, made->like, made->mask, fv_draw_output(made->draw), made->files);
    made->bytes += bytes->len;
    fv_output_files_add(made->files, g_strdup(made->item.name), g_steal_pointer(&bytes));
    return TRUE;
}

static void mark(GArray *marks, int label, double x0, double y0, double x1, double y1, double x_scale, double y_scale)
{
    const FvSheetMark one = { x0 * x_scale, y0 * y_scale, x1 * x_scale, y1 * y_scale, label };
    g_array_append_val(marks, one);
}

static GArray *marks_of(const FvLabels *labels, double x_scale, double y_scale)
{
    GArray *marks = g_array_new(FALSE, FALSE, sizeof(FvSheetMark));
    for (guint i = 0; i < labels->boxes->len; i++) {
        const FvBox *box = labels->boxes->pdata[i];
        mark(marks, box->label, box->x0, box->y0, box->x1, box->y1, x_scale, y_scale);
        for (guint k = 0; box->points && k < box->points->len; k++) {
            const FvPoint *point = &g_array_index(box->points, FvPoint, k);
            if (point->visible)
                mark(marks, box->label, point->x, point->y, point->x, point->y, x_scale, y_scale);
        }
    }
    return marks;
}

static void show(const FvMaker *maker, FvMade *made)
{
    const FvShape decoded = made->decoded[0]->shape;
    g_autoptr(GArray) before =
        marks_of(made->before, (double) decoded.w / made->shapes[0].w, (double) decoded.h / made->shapes[0].h);
    g_autoptr(GArray) after = marks_of(made->labels, 1, 1);
    const FvSheetPair pair = { fv_images_names(maker->images)[made->images[0]],
                               made->item.name,
                               { decoded, made->decoded[0]->pixels->data, (FvSheetMark *) before->data, before->len },
                               { fv_draw_output(made->draw), made->pixels, (FvSheetMark *) after->data, after->len } };
    fv_sheet_set(maker->sheet, made->show, &pair);
}

void fv_make_write(const FvMaker *maker, FvMade *made)
{
    if (made->show >= 0)
        show(maker, made);
    if (made->kept)
        return;
    made->files = fv_output_files_new();
    if (!encode(maker, made, &made->error) || fv_outputs_in_order(maker->outputs))
        return;
    fv_outputs_put(maker->outputs, made->index, made->files, &made->error);
    g_clear_pointer(&made->files, g_ptr_array_unref);
}

void fv_made_drop_pixels(FvMade *made)
{
    for (int part = 0; part < FV_AUGMENT_PARTS; part++)
        g_clear_pointer(&made->decoded[part], decoded_unref);
    for (int part = 0; part < FV_AUGMENT_PARTS; part++)
        g_clear_pointer(&made->masks[part], g_byte_array_unref);
    g_clear_pointer(&made->pixels, g_free);
    g_clear_pointer(&made->mask, g_free);
}

void fv_made_clear(FvMade *made)
{
    fv_made_drop_pixels(made);
    fv_work_item_clear(&made->item);
    g_clear_pointer(&made->draw, fv_draw_free);
    g_clear_pointer(&made->line, g_free);
    g_clear_pointer(&made->like, fv_mask_free);
    g_clear_pointer(&made->before, fv_labels_free);
    g_clear_pointer(&made->labels, fv_labels_free);
    g_clear_pointer(&made->files, g_ptr_array_unref);
    g_clear_error(&made->error);
}
