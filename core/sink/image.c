/* SPDX-License-Identifier: MIT
 * image.c: writes pixels and tensors as PNG files. */
#include "core/sink/image.h"

#include "core/sink/atomic.h"

#include <math.h>
#include <png.h>
#include <setjmp.h>

enum { MAX_SIDE = 1 << 20, MAX_BYTES = 1 << 30 };

typedef struct {
    GByteArray *bytes;
    const char *reason; /* libpng's, copied */
    char text[128];
} Output;

static void append(png_structp png, png_bytep data, size_t size)
{
    Output *output = png_get_io_ptr(png);
    g_byte_array_append(output->bytes, data, (guint) size);
}

static void flush(png_structp png)
{
}

static G_NORETURN void failed(png_structp png, png_const_charp message)
{
    Output *output = png_get_error_ptr(png);
    g_strlcpy(output->text, message, sizeof output->text);
    output->reason = output->text;
    longjmp(png_jmpbuf(png), 1);
}

static void warned(png_structp png, png_const_charp message)
{
    g_debug("libpng: %s", message);
}

/* Whatever longjmp() skips is owned by the caller. */
static gboolean encode(Output *output, const guint8 *pixels, int c, int h, int w)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, output, failed, warned);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!info || setjmp(png_jmpbuf(png))) {
        png_destroy_write_struct(&png, &info);
        return FALSE;
    }
    png_set_write_fn(png, output, append, flush);
    png_set_IHDR(png, info, (png_uint_32) w, (png_uint_32) h, 8, c == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    for (int y = 0; y < h; y++)
        png_write_row(png, pixels + (gsize) y * (gsize) w * (gsize) c);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    return TRUE;
}

gboolean fv_png_write(const char *file, const guint8 *pixels, int c, int h, int w, GError **error)
{
    if ((c != 1 && c != 3) || h < 1 || w < 1 || h > MAX_SIDE || w > MAX_SIDE || (gint64) c * h * w > MAX_BYTES) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: an image of %dx%dx%d cannot be written as PNG", file, c, h,
                    w);
        return FALSE;
    }
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Output output = { .bytes = bytes };
    if (!encode(&output, pixels, c, h, w)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be written: %s", file,
                    output.reason ? output.reason : "out of memory");
        return FALSE;
    }
    return fv_file_replace(file, bytes->data, bytes->len, error);
}

static guint8 to_byte(const FvTensor *tensor, gint64 index)
{
    double value = fv_tensor_get(tensor, index);
    if (tensor->dtype == FV_U8)
        return (guint8) value;
    return value > 0 ? (guint8) lround(MIN(value, 1) * 255) : 0; /* NaN is not above 0 */
}

gboolean fv_tensor_to_png(const FvTensor *tensor, const char *file, GError **error)
{
    gboolean batch = tensor->rank == 4 && tensor->dims[0] == 1,
             numbers = tensor->dtype == FV_I64 || tensor->dtype == FV_I32;
    gint64 c = 1;
    const gint64 *dims = tensor->dims + (batch ? 1 : 0);
    int rank = tensor->rank - (batch ? 1 : 0);
    if (rank == 3)
        c = *dims++;
    if ((rank != 2 && rank != 3) || numbers || (c != 1 && c != 3) || dims[0] < 1 || dims[1] < 1 || dims[0] > MAX_SIDE ||
        dims[1] > MAX_SIDE || c * dims[0] * dims[1] > MAX_BYTES) {
        g_autofree char *text = fv_tensor_dims_text(tensor);
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: a tensor of %s %s cannot be written as PNG", file, text,
                    numbers ? "whole numbers" : "elements");
        return FALSE;
    }
    gint64 plane = dims[0] * dims[1];
    g_autofree guint8 *pixels = g_try_malloc((gsize) (c * plane));
    if (!pixels) {
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: the image does not fit into memory", file);
        return FALSE;
    }
    for (gint64 i = 0; i < plane; i++)
        for (gint64 k = 0; k < c; k++)
            pixels[i * c + k] = to_byte(tensor, k * plane + i);
    return fv_png_write(file, pixels, (int) c, (int) dims[0], (int) dims[1], error);
}
