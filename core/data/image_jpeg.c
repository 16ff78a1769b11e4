/* SPDX-License-Identifier: MIT
 * image_jpeg.c: reads JPEG, at eighths of its size where that is wanted.
 *
 * Each picture gets a decoder of its own. It costs 0.2 us, and one that has been used keeps tables: a broken file that
 * lacks some would be decoded with those of the picture before it, and so depend on which that was. */
#include "core/data/image_private.h"

#include <string.h>
#include <turbojpeg.h>

typedef void Decoder;
static void decoder_free(Decoder *decoder)
{
    tjDestroy(decoder);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Decoder, decoder_free)

static Decoder *decoder_new(const FvImageBytes *file, GError **error)
{
    Decoder *decoder = tjInitDecompress();
    if (!decoder)
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: no memory to read it", file->name);
    return decoder;
}

/* -------------------------------------------------------------- orientation */

/* The segment at *at, and on to the next one. FALSE where the picture's data begin, or the file is cut. */
static gboolean next_segment(const FvImageBytes *file, gsize *at, guint8 *marker, const guint8 **segment, gsize *length)
{
    const guint8 *p = file->data + *at, *end = file->data + file->size;
    while (p < end && (*p == 0xff || (p[-1] != 0xff || *p == 0)))
        p++; /* fill bytes, and what does not belong there */
    if (end - p < 3)
        return FALSE;
    *marker = *p;
    *segment = p + 3;
    *length = (gsize) p[1] << 8 | p[2];
    if (*marker == 0xda || *marker == 0xd9 || *length < 2 || *length > (gsize) (end - p - 1))
        return FALSE;
    *at = (gsize) (p + 1 - file->data) + *length;
    *length -= 2;
    return TRUE;
}

static int find_orientation(const FvImageBytes *file)
{
    static const char exif[6] = "Exif\0";
    const guint8 *segment;
    guint8 marker;
    gsize at = 2, length;
    while (next_segment(file, &at, &marker, &segment, &length))
        if (marker == 0xe1 && length > sizeof exif && memcmp(segment, exif, sizeof exif) == 0)
            return fv_exif_orientation(segment, length);
    return 1;
}

/* ----------------------------------------------------------------- decoding */

static gboolean broken(const FvImageBytes *file, Decoder *decoder, GError **error)
{
    return fv_image_broken(file, "JPEG", tjGetErrorStr2(decoder), error);
}

static gboolean read_header(const FvImageBytes *file, Decoder *decoder, FvShape *shape, int *space, GError **error)
{
    int subsampling = 0;
    *shape = (FvShape){ 3, 0, 0 };
    *space = 0;
    if (tjDecompressHeader3(decoder, file->data, file->size, &shape->w, &shape->h, &subsampling, space) != 0)
        return broken(file, decoder, error);
    /* What only has tables, or is cut before the frame, is no error to the library. */
    if (shape->w < 1 || shape->h < 1)
        return fv_image_broken(file, "JPEG", "no picture in it", error);
    if (*space == TJCS_GRAY)
        shape->c = 1;
    return TRUE;
}

static gboolean read_head(const FvImageBytes *file, FvImageHead *head, GError **error)
{
    g_autoptr(Decoder) decoder = decoder_new(file, error);
    int space;
    if (!decoder || !read_header(file, decoder, &head->shape, &space, error))
        return FALSE;
    head->orientation = find_orientation(file);
    return TRUE;
}

/* Warnings that leave the picture whole. Every other means that data are lost. */
static gboolean harmless(const char *warning)
{
    static const char *const known[] = { "extraneous bytes", "Invalid SOS parameters", "JFIF major revision" };
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (strstr(warning, known[i]))
            return TRUE;
    return FALSE;
}

/* Adobe's programs write inks inverted, and nothing else writes CMYK. */
static void cmyk_to_rgb(guint8 *pixels, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        const guint8 *inks = pixels + 4 * i;
        guint k = inks[3];
        guint8 rgb[3] = { (inks[0] * k + 127) / 255, (inks[1] * k + 127) / 255, (inks[2] * k + 127) / 255 };
        memcpy(pixels + 3 * i, rgb, 3);
    }
}

/* The eighths at which the library is fastest: others have no vector code, and take longer than those above them. */
static int fast_eighths(int least)
{
    return least <= 1 ? 1 : least <= 2 ? 2 : least <= 4 ? 4 : 8;
}

static gboolean decode(const FvImageBytes *file, const FvImageHead *head, int channels, int *eighths, FvShape *shape,
                       GByteArray *pixels, GError **error)
{
    g_autoptr(Decoder) decoder = decoder_new(file, error);
    int space;
    if (!decoder || !read_header(file, decoder, shape, &space, error))
        return FALSE;
    *eighths = fast_eighths(*eighths);
    const tjscalingfactor scale = { *eighths, 8 };
    const gboolean inks = space == TJCS_CMYK || space == TJCS_YCCK;
    const gboolean grey = !inks && (channels == 1 || (channels == 0 && shape->c == 1));
    const int format = inks ? TJPF_CMYK : grey ? TJPF_GRAY : TJPF_RGB;
    *shape = (FvShape){ grey ? 1 : 3, TJSCALED(shape->h, scale), TJSCALED(shape->w, scale) };
    const gsize count = (gsize) shape->h * shape->w;
    g_byte_array_set_size(pixels, (guint) (count * tjPixelSize[format]));
    if (tjDecompress2(decoder, file->data, file->size, pixels->data, shape->w, 0, shape->h, format,
                      TJFLAG_LIMITSCANS) != 0 &&
        (tjGetErrorCode(decoder) != TJERR_WARNING || !harmless(tjGetErrorStr2(decoder))))
        return broken(file, decoder, error);
    if (inks) {
        cmyk_to_rgb(pixels->data, count);
        g_byte_array_set_size(pixels, (guint) (3 * count));
    }
    return TRUE;
}

const FvImageCodec fv_image_jpeg = { "JPEG", TRUE, read_head, decode, fv_jpeg_encode };
