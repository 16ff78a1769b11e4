/* SPDX-License-Identifier: MIT
 * image.c: images of any format: told apart, checked against the limits, decoded upright, encoded. */
#include "core/data/image_private.h"

#include <string.h>

const FvImageLimits fv_image_limits = { FV_IMAGE_SIDE, FV_IMAGE_PIXELS, FV_IMAGE_BYTES };

static const FvImageCodec *const codecs[FV_IMAGE_FORMATS] = {
    [FV_IMAGE_PNG] = &fv_image_png,
    [FV_IMAGE_JPEG] = &fv_image_jpeg,
    [FV_IMAGE_WEBP] = &fv_image_webp,
};

const char *fv_image_format_name(FvImageFormat format)
{
    return codecs[format]->name;
}

gboolean fv_image_format_built(FvImageFormat format)
{
    return codecs[format]->built;
}

gboolean fv_image_format_of(const char *file, FvImageFormat *format)
{
    static const struct {
        const char *ending;
        FvImageFormat format;
    } endings[] = {
        { ".png", FV_IMAGE_PNG }, { ".jpg", FV_IMAGE_JPEG }, { ".jpeg", FV_IMAGE_JPEG }, { ".webp", FV_IMAGE_WEBP }
    };
    const char *ending = strrchr(file, '.');
    for (guint i = 0; ending && i < G_N_ELEMENTS(endings); i++)
        if (g_ascii_strcasecmp(ending, endings[i].ending) == 0) {
            *format = endings[i].format;
            return TRUE;
        }
    return FALSE;
}

gboolean fv_image_broken(const FvImageBytes *file, const char *format, const char *reason, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: broken %s: %s", file->name, format, reason);
    return FALSE;
}

/* ------------------------------------------------------- before it is decoded */

static gboolean find_format(const FvImageBytes *file, FvImageFormat *format, GError **error)
{
    static const struct {
        FvImageFormat format;
        gsize at;
        const char *bytes;
    } magic[] = {
        { FV_IMAGE_PNG, 0, "\x89PNG\r\n\x1a\n" },
        { FV_IMAGE_JPEG, 0, "\xff\xd8\xff" },
        { FV_IMAGE_WEBP, 8, "WEBP" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(magic); i++) {
        const gsize length = strlen(magic[i].bytes);
        if (file->size < magic[i].at + length || memcmp(file->data + magic[i].at, magic[i].bytes, length) != 0)
            continue;
        *format = magic[i].format;
        return TRUE;
    }
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s", file->name,
                file->size ? "neither PNG nor JPEG nor WebP" : "the file is empty");
    return FALSE;
}

static gboolean check_extent(const char *name, FvShape shape, const FvImageLimits *limits, GError **error)
{
    const int side = MIN(limits->side, FV_IMAGE_MOST_SIDE);
    const gint64 pixels = MIN(limits->pixels, FV_IMAGE_MOST_PIXELS);
    if (shape.w <= side && shape.h <= side && (gint64) shape.w * shape.h <= pixels)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                "%s: the image is %dx%d pixels; the most are %d a side and %.6g megapixels", name, shape.w, shape.h,
                side, (double) pixels / 1e6);
    return FALSE;
}

/* @head: the shape as stored. */
static gboolean read_head(const FvImageBytes *file, const FvImageLimits *limits, FvImageHead *head, GError **error)
{
    return find_format(file, &head->format, error) && codecs[head->format]->head(file, head, error) &&
           check_extent(file->name, head->shape, limits ? limits : &fv_image_limits, error);
}

gboolean fv_image_head(const char *name, const guint8 *data, gsize size, const FvImageLimits *limits, FvImageHead *head,
                       GError **error)
{
    const FvImageBytes file = { name, data, size };
    if (!read_head(&file, limits, head, error))
        return FALSE;
    head->shape = fv_image_turned(head->shape, head->orientation);
    return TRUE;
}

/* ----------------------------------------------------------------- decoding */

/* Rec. 601 luma, rounded. In place: the grey value of a pixel is written no later than its colours are read. */
static void to_grey(guint8 *pixels, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        const guint8 *p = pixels + 3 * i;
        pixels[i] = (299u * p[0] + 587u * p[1] + 114u * p[2] + 500u) / 1000u;
    }
}

/* From the end, so that nothing is overwritten before it is read. */
static void to_colour(guint8 *pixels, gsize count)
{
    for (gsize i = count; i-- > 0;) {
        guint8 grey = pixels[i];
        pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = grey;
    }
}

void fv_image_convert(GByteArray *pixels, FvShape *shape, int channels)
{
    gsize count = (gsize) shape->h * shape->w;
    if (channels == 1 && shape->c == 3) {
        to_grey(pixels->data, count);
        g_byte_array_set_size(pixels, (guint) count);
        shape->c = 1;
    } else if (channels == 3 && shape->c == 1) {
        g_byte_array_set_size(pixels, (guint) (3 * count));
        to_colour(pixels->data, count);
        shape->c = 3;
    }
}

gboolean fv_image_decode_as(const char *name, const guint8 *data, gsize size, const FvImageDecoding *how,
                            FvShape *shape, FvImageScale *scale, GByteArray *pixels, GError **error)
{
    static const FvImageDecoding plain = { 0 };
    const FvImageBytes file = { name, data, size };
    FvImageHead head;
    if (!how)
        how = &plain;
    int eighths = how->eighths ? how->eighths : 8;
    if (!read_head(&file, how->limits, &head, error))
        return FALSE;
    g_autoptr(GByteArray) aside = head.orientation == 1 ? NULL : g_byte_array_new();
    GByteArray *stored = aside ? aside : pixels;
    if (!codecs[head.format]->decode(&file, &head, how->channels, &eighths, shape, stored, error))
        return FALSE;
    if (scale)
        *scale = fv_image_turned_scale(head.shape, eighths, head.orientation);
    fv_image_convert(stored, shape, how->channels);
    if (aside)
        fv_image_turn(stored, shape, head.orientation, pixels);
    return TRUE;
}

gboolean fv_image_decode(const char *name, const guint8 *data, gsize size, int channels, FvShape *shape,
                         GByteArray *pixels, GError **error)
{
    const FvImageDecoding how = { .channels = channels };
    return fv_image_decode_as(name, data, size, &how, shape, NULL, pixels, error);
}

gboolean fv_image_read(const char *file, int channels, FvShape *shape, GByteArray *pixels, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    return fv_image_file(file, NULL, bytes, error) &&
           fv_image_decode(file, bytes->data, bytes->len, channels, shape, pixels, error);
}

/* ----------------------------------------------------------------- encoding */

gboolean fv_image_encode(const char *name, const FvImageEncoding *how, FvShape shape, const guint8 *pixels,
                         GByteArray *bytes, GError **error)
{
    g_byte_array_set_size(bytes, 0);
    if ((shape.c != 1 && shape.c != 3) || shape.h < 1 || shape.w < 1 || shape.h > FV_IMAGE_MOST_SIDE ||
        shape.w > FV_IMAGE_MOST_SIDE || (gint64) shape.h * shape.w > FV_IMAGE_MOST_PIXELS) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: an image of %dx%dx%d cannot be written as %s", name, shape.c,
                    shape.h, shape.w, fv_image_format_name(how->format));
        return FALSE;
    }
    return codecs[how->format]->encode(name, how, shape, pixels, bytes, error);
}
