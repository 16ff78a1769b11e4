/* SPDX-License-Identifier: MIT
 * image.c: writes pixels and tensors as PNG files. */
#include "core/sink/image.h"

#include "core/data/image.h"
#include "core/sink/atomic.h"

#include <math.h>

enum { MAX_SIDE = 1 << 20, MAX_BYTES = 1 << 30 };

gboolean fv_png_write(const char *file, const guint8 *pixels, int c, int h, int w, GError **error)
{
    const FvImageEncoding how = { .format = FV_IMAGE_PNG, .small = TRUE };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    return fv_image_encode(file, &how, (FvShape){ c, h, w }, pixels, bytes, error) &&
           fv_file_replace(file, bytes->data, bytes->len, error);
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
