/* SPDX-License-Identifier: MIT
 * tensor.c: arrays on the host, and their way into and out of the device's layout. */
#include "core/tensor.h"

#include <string.h>

/* Files hold little-endian numbers and are read straight into memory. */
G_STATIC_ASSERT(G_BYTE_ORDER == G_LITTLE_ENDIAN);

static const size_t sizes[FV_DTYPES] = {
    [FV_F32] = sizeof(float),  [FV_F64] = sizeof(double), [FV_I64] = sizeof(gint64),
    [FV_I32] = sizeof(gint32), [FV_U8] = sizeof(guint8),
};

size_t fv_dtype_size(FvDtype dtype)
{
    return sizes[dtype];
}

gint64 fv_tensor_elements(const FvTensor *tensor)
{
    gint64 product = 1;
    gboolean empty = FALSE;
    if (tensor->rank < 0 || tensor->rank > FV_MAX_RANK)
        return -1;
    for (int i = 0; i < tensor->rank; i++) {
        gint64 dim = tensor->dims[i];
        if (dim < 0)
            return -1;
        /* A dim of 0 must not hide an overflow of the others: strides are products of them. */
        empty = empty || dim == 0;
        if (__builtin_mul_overflow(product, MAX(dim, 1), &product))
            return -1;
    }
    return empty ? 0 : product;
}

FvTensor *fv_tensor_new(FvDtype dtype, int rank, const gint64 *dims, GError **error)
{
    if ((guint) dtype >= FV_DTYPES || rank < 0 || rank > FV_MAX_RANK) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "a tensor of %d dimensions is not possible: at most %d", rank,
                    FV_MAX_RANK);
        return NULL;
    }
    g_autoptr(FvTensor) tensor = g_new0(FvTensor, 1);
    tensor->dtype = dtype;
    tensor->rank = rank;
    if (rank > 0)
        memcpy(tensor->dims, dims, (size_t) rank * sizeof *dims);
    gint64 elements = fv_tensor_elements(tensor), bytes = 0;
    g_autofree char *text = fv_tensor_dims_text(tensor);
    if (elements < 0 || __builtin_mul_overflow(elements, (gint64) sizes[dtype], &bytes) ||
        (guint64) bytes > G_MAXSSIZE) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "a tensor of %s elements is not possible", text);
        return NULL;
    }
    tensor->data = g_try_malloc0(MAX((gsize) bytes, 1));
    if (!tensor->data) {
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "a tensor of %s elements needs %" G_GINT64_FORMAT " MiB of memory",
                    text, bytes >> 20);
        return NULL;
    }
    return g_steal_pointer(&tensor);
}

void fv_tensor_free(FvTensor *tensor)
{
    if (!tensor)
        return;
    g_free(tensor->data);
    g_free(tensor);
}

double fv_tensor_get(const FvTensor *tensor, gint64 index)
{
    switch (tensor->dtype) {
    case FV_F32:
        return ((const float *) tensor->data)[index];
    case FV_F64:
        return ((const double *) tensor->data)[index];
    case FV_I64:
        return (double) ((const gint64 *) tensor->data)[index];
    case FV_I32:
        return ((const gint32 *) tensor->data)[index];
    default:
        return ((const guint8 *) tensor->data)[index];
    }
}

/* Rounded to nearest and clamped, NaN as 0: a conversion that C leaves undefined must not happen. */
static gint64 whole(double value, gint64 lo, gint64 hi)
{
    if (!(value == value))
        return 0;
    double rounded = value < 0 ? value - 0.5 : value + 0.5;
    if (rounded <= (double) lo)
        return lo;
    if (rounded >= (double) hi)
        return hi;
    return (gint64) rounded;
}

void fv_tensor_set(FvTensor *tensor, gint64 index, double value)
{
    switch (tensor->dtype) {
    case FV_F32:
        ((float *) tensor->data)[index] = (float) value;
        break;
    case FV_F64:
        ((double *) tensor->data)[index] = value;
        break;
    case FV_I64:
        ((gint64 *) tensor->data)[index] = whole(value, G_MININT64, G_MAXINT64);
        break;
    case FV_I32:
        ((gint32 *) tensor->data)[index] = (gint32) whole(value, G_MININT32, G_MAXINT32);
        break;
    default:
        ((guint8 *) tensor->data)[index] = (guint8) whole(value, 0, G_MAXUINT8);
    }
}

char *fv_tensor_dims_text(const FvTensor *tensor)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < tensor->rank; i++)
        g_string_append_printf(text, "%s%" G_GINT64_FORMAT, i ? "x" : "", tensor->dims[i]);
    if (text->len == 0)
        g_string_append_c(text, '1'); /* a scalar */
    return g_string_free(text, FALSE);
}

/* Where a sample's first element lies in the device's layout; the next of the same sample is `lanes` further. */
static gint64 sample_offset(int sample, FvShape shape, int lanes)
{
    return sample / lanes * fv_shape_elements(shape) * lanes + sample % lanes;
}

void fv_layout_pack(const double *nchw_or_null, const float *nchw, int n, FvShape shape, int lanes, size_t real_size,
                    void *device)
{
    gint64 plane = (gint64) shape.h * shape.w, elements = fv_shape_elements(shape);
    if (n % lanes)
        memset((char *) device + (gsize) (n / lanes * elements * lanes) * real_size, 0,
               (gsize) (elements * lanes) * real_size);
    for (int s = 0; s < n; s++) {
        gint64 to = sample_offset(s, shape, lanes), from = s * elements;
        for (gint64 i = 0; i < plane; i++)
            for (int c = 0; c < shape.c; c++, to += lanes) {
                gint64 at = from + c * plane + i;
                double value = nchw_or_null ? nchw_or_null[at] : (double) nchw[at];
                if (real_size == sizeof(double))
                    ((double *) device)[to] = value;
                else
                    ((float *) device)[to] = (float) value;
            }
    }
}

void fv_layout_unpack(const void *device, int n, FvShape shape, int lanes, size_t real_size, double *nchw)
{
    gint64 plane = (gint64) shape.h * shape.w, elements = fv_shape_elements(shape);
    for (int s = 0; s < n; s++) {
        gint64 from = sample_offset(s, shape, lanes), to = s * elements;
        for (gint64 i = 0; i < plane; i++)
            for (int c = 0; c < shape.c; c++, from += lanes)
                nchw[to + c * plane + i] = real_size == sizeof(double) ? ((const double *) device)[from]
                                                                       : (double) ((const float *) device)[from];
    }
}
