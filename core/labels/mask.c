/* SPDX-License-Identifier: MIT
 * mask.c: PNGs of class numbers: indices of a palette, or grey values. */
#include "core/labels/private.h"

#include "core/data/data.h"
#include "core/sink/input.h"

#include <png.h>
#include <setjmp.h>
#include <string.h>

typedef struct {
    const guint8 *data;
    gsize size, at;
    char reason[80];
    jmp_buf jump;
} Input;

static G_NORETURN void fail(png_structp png, png_const_charp message)
{
    Input *input = png_get_error_ptr(png);
    g_strlcpy(input->reason, message, sizeof input->reason);
    longjmp(input->jump, 1);
}

static void ignore(png_structp png, png_const_charp message)
{
}

static void give(png_structp png, png_bytep data, size_t size)
{
    Input *input = png_get_io_ptr(png);
    if (size > input->size - input->at)
        png_error(png, "the file ends early");
    memcpy(data, input->data + input->at, size);
    input->at += size;
}

static void read_palette(png_structp png, png_infop info, FvMask *mask)
{
    png_colorp palette;
    mask->palette = png_get_PLTE(png, info, &palette, &mask->colours) != 0;
    mask->colours = mask->palette ? MIN(mask->colours, 256) : 0;
    for (int i = 0; i < mask->colours; i++)
        memcpy(mask->colour[i], (guint8[]){ palette[i].red, palette[i].green, palette[i].blue }, 3);
}

/* All that is allocated hangs on @mask, which was there before setjmp. */
static void read_png(png_structp png, png_infop info, gint64 most_pixels, FvMask *mask)
{
    png_read_info(png, info);
    const gint64 w = png_get_image_width(png, info), h = png_get_image_height(png, info);
    const int type = png_get_color_type(png, info), depth = png_get_bit_depth(png, info);
    if (type != PNG_COLOR_TYPE_PALETTE && type != PNG_COLOR_TYPE_GRAY)
        png_error(png, "a mask must have a palette or grey values, not colours");
    if (depth > 8)
        png_error(png, "a mask of 16 bits is not supported");
    if (w > FV_IMAGE_MAX_SIDE || h > FV_IMAGE_MAX_SIDE || w * h > most_pixels)
        png_error(png, "the mask is too large");
    mask->w = (int) w;
    mask->h = (int) h;
    if (type == PNG_COLOR_TYPE_PALETTE)
        read_palette(png, info, mask);
    png_set_packing(png); /* numbers stay what they are: 1 of 1 bit is 1, not 255 */
    const int passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    mask->classes = g_try_malloc0((gsize) (w * h));
    if (!mask->classes)
        png_error(png, "no memory");
    for (int pass = 0; pass < passes; pass++)
        for (int y = 0; y < mask->h; y++)
            png_read_row(png, mask->classes + (gsize) y * w, NULL);
    png_read_end(png, NULL);
}

FvMask *fv_mask_read(const char *name, GBytes *bytes, gint64 most_pixels, GError **error)
{
    Input input = { .data = g_bytes_get_data(bytes, NULL), .size = g_bytes_get_size(bytes) };
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, fail, ignore);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    FvMask *const mask = g_new0(FvMask, 1);
    if (!info || setjmp(input.jump)) {
        g_autofree char *shown = fv_printable(name);
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s", shown, *input.reason ? input.reason : "no memory");
        png_destroy_read_struct(&png, &info, NULL);
        fv_mask_free(mask);
        return NULL;
    }
    png_set_read_fn(png, &input, give);
    read_png(png, info, most_pixels, mask);
    png_destroy_read_struct(&png, &info, NULL);
    return mask;
}

static void take(png_structp png, png_bytep data, size_t size)
{
    g_byte_array_append(png_get_io_ptr(png), data, (guint) size);
}

static void flush(png_structp png)
{
}

static G_NORETURN void stop(png_structp png, png_const_charp message)
{
    g_error("libpng: %s", message); /* there is no input that could be wrong */
}

GBytes *fv_mask_write(const FvMask *like, const guint8 *classes, int w, int h)
{
    GByteArray *bytes = g_byte_array_new();
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, stop, ignore);
    png_infop info = png_create_info_struct(png);
    png_set_write_fn(png, bytes, take, flush);
    png_set_IHDR(png, info, (png_uint_32) w, (png_uint_32) h, 8,
                 like->palette ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (like->palette) {
        /* Whole, so that every number that a pixel may have is of the palette. */
        png_color colours[256] = { { 0 } };
        for (int i = 0; i < like->colours; i++)
            colours[i] = (png_color){ like->colour[i][0], like->colour[i][1], like->colour[i][2] };
        png_set_PLTE(png, info, colours, 256);
    }
    png_write_info(png, info);
    for (int y = 0; y < h; y++)
        png_write_row(png, classes + (gsize) y * (gsize) w);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    return g_byte_array_free_to_bytes(bytes);
}

void fv_mask_free(FvMask *mask)
{
    if (!mask)
        return;
    g_free(mask->classes);
    g_free(mask);
}
