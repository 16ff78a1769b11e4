/* SPDX-License-Identifier: MIT
 * image_png.c: reads PNG: into colours, or as the class numbers of a mask. */
#include "core/data/image_private.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>
#include <zlib.h>

enum { SIGNATURE = 8, CHUNK = 12 /* length, type and checksum */, IHDR = 13 };

static guint32 big_endian(const guint8 *bytes)
{
    return (guint32) bytes[0] << 24 | (guint32) bytes[1] << 16 | (guint32) bytes[2] << 8 | bytes[3];
}

/* The chunk at *at, and on to the next one. FALSE at the end and where a length cannot be. */
static gboolean next_chunk(const FvImageBytes *file, gsize *at, const guint8 **chunk, gsize *length)
{
    if (file->size - *at < CHUNK)
        return FALSE;
    *chunk = file->data + *at;
    *length = big_endian(*chunk);
    if (*length > file->size - *at - CHUNK)
        return FALSE;
    *at += CHUNK + *length;
    return TRUE;
}

static gboolean sum_is_right(const guint8 *chunk, gsize length)
{
    return crc32(crc32(0, NULL, 0), chunk + 4, (uInt) length + 4) == big_endian(chunk + 8 + length);
}

/* The block may stand anywhere in the file. */
static int find_orientation(const FvImageBytes *file)
{
    const guint8 *chunk;
    gsize at = SIGNATURE, length;
    while (next_chunk(file, &at, &chunk, &length))
        if (memcmp(chunk + 4, "eXIf", 4) == 0 && sum_is_right(chunk, length))
            return fv_exif_orientation(chunk + 8, length);
    return 1;
}

gboolean fv_png_head(const FvImageBytes *file, FvImageHead *head, GError **error)
{
    const guint8 *chunk;
    gsize at = SIGNATURE, length;
    if (!next_chunk(file, &at, &chunk, &length))
        return fv_image_broken(file, "PNG", "the file ends too early", error);
    if (memcmp(chunk + 4, "IHDR", 4) != 0 || length != IHDR)
        return fv_image_broken(file, "PNG", "it does not begin with IHDR", error);
    if (!sum_is_right(chunk, length))
        return fv_image_broken(file, "PNG", "IHDR: CRC error", error);
    const guint32 w = big_endian(chunk + 8), h = big_endian(chunk + 12);
    const guint8 type = chunk[17];
    if (w < 1 || h < 1 || w > PNG_UINT_31_MAX || h > PNG_UINT_31_MAX)
        return fv_image_broken(file, "PNG", "its extent cannot be", error);
    head->shape = (FvShape){ type & PNG_COLOR_MASK_COLOR ? 3 : 1, (int) h, (int) w };
    head->orientation = find_orientation(file);
    return TRUE;
}

/* ----------------------------------------------------------------- decoding */

typedef struct {
    FvImageBytes file;
    gsize at;
    png_structp png;
    png_infop info;
    jmp_buf jump;
    char message[120];
} Reader;

static G_NORETURN void failed(png_structp png, png_const_charp message)
{
    Reader *reader = png_get_error_ptr(png);
    g_strlcpy(reader->message, message, sizeof reader->message);
    longjmp(reader->jump, 1);
}

static void warned(png_structp png, png_const_charp message)
{
}

static void give_bytes(png_structp png, png_bytep out, size_t count)
{
    Reader *reader = png_get_io_ptr(png);
    if (count > reader->file.size - reader->at)
        png_error(png, "the file ends too early");
    memcpy(out, reader->file.data + reader->at, count);
    reader->at += count;
}

static void take_palette(const Reader *reader, FvPalette *palette)
{
    png_colorp colours = NULL;
    palette->count = 0;
    if (!png_get_PLTE(reader->png, reader->info, &colours, &palette->count))
        return;
    for (int i = 0; i < palette->count; i++)
        memcpy(palette->rgb[i], (guint8[]){ colours[i].red, colours[i].green, colours[i].blue }, 3);
}

/* Indices and grey values as they stand, a byte each. */
static void want_numbers(const Reader *reader, FvPalette *palette)
{
    const int type = png_get_color_type(reader->png, reader->info);
    if (type != PNG_COLOR_TYPE_PALETTE && type != PNG_COLOR_TYPE_GRAY)
        png_error(reader->png, "a mask must have a palette or be grey, without alpha");
    if (png_get_bit_depth(reader->png, reader->info) > 8)
        png_error(reader->png, "a mask must have 8 bits a pixel at most");
    png_set_packing(reader->png);
    take_palette(reader, palette);
    if (type == PNG_COLOR_TYPE_GRAY)
        palette->count = 0; /* a grey file may suggest one */
}

static void want_colours(const Reader *reader)
{
    png_set_palette_to_rgb(reader->png);
    png_set_expand_gray_1_2_4_to_8(reader->png);
    png_set_scale_16(reader->png);
    png_set_strip_alpha(reader->png);
}

/* Ends in png_error(), and by that in a jump, where it fails. */
static void read_pixels(Reader *reader, FvPalette *palette, FvShape *shape, GByteArray *pixels)
{
    png_structp png = reader->png;
    png_set_read_fn(png, reader, give_bytes);
    /* The caller has checked the extent. */
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_chunk_malloc_max(png, 8 * 1024 * 1024);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_read_info(png, reader->info);
    const guint32 w = png_get_image_width(png, reader->info), h = png_get_image_height(png, reader->info);
    if ((int) w != shape->w || (int) h != shape->h)
        png_error(png, "it has two extents");
    if (palette)
        want_numbers(reader, palette);
    else
        want_colours(reader);
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader->info);
    shape->c = png_get_channels(png, reader->info);
    const gsize row = (gsize) w * shape->c;
    if ((shape->c != 1 && shape->c != 3) || png_get_rowbytes(png, reader->info) != row)
        png_error(png, "unknown kind of pixels");
    g_byte_array_set_size(pixels, (guint) (row * h));
    for (int pass = 0; pass < passes; pass++)
        for (guint32 y = 0; y < h; y++)
            png_read_row(png, pixels->data + y * row, NULL);
    png_read_end(png, NULL);
}

gboolean fv_png_decode(const FvImageBytes *file, FvPalette *palette, FvShape *shape, GByteArray *pixels, GError **error)
{
    Reader reader = { .file = *file };
    reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, failed, warned);
    reader.info = reader.png ? png_create_info_struct(reader.png) : NULL;
    if (!reader.info) {
        png_destroy_read_struct(&reader.png, NULL, NULL);
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: no memory to read it", file->name);
        return FALSE;
    }
    /* What is allocated behind it hangs on what was there before. */
    if (setjmp(reader.jump)) {
        png_destroy_read_struct(&reader.png, &reader.info, NULL);
        return fv_image_broken(file, "PNG", reader.message, error);
    }
    read_pixels(&reader, palette, shape, pixels);
    png_destroy_read_struct(&reader.png, &reader.info, NULL);
    return TRUE;
}

static gboolean decode(const FvImageBytes *file, const FvImageHead *head, int channels, int *eighths, FvShape *shape,
                       GByteArray *pixels, GError **error)
{
    *eighths = 8;
    *shape = head->shape;
    return fv_png_decode(file, NULL, shape, pixels, error);
}

const FvImageCodec fv_image_png = { "PNG", TRUE, fv_png_head, decode, fv_png_encode };
