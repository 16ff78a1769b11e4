/* SPDX-License-Identifier: MIT
 * mask.c: masks of class numbers, with the palette that they came with. */
#include "core/labels/labels.h"

FvMask *fv_mask_read(const char *name, GBytes *bytes, gint64 most_pixels, GError **error)
{
    const FvImageLimits limits = { FV_IMAGE_MOST_SIDE, most_pixels, FV_IMAGE_MOST_BYTES };
    g_autoptr(FvMask) mask = g_new0(FvMask, 1);
    g_autoptr(GByteArray) classes = g_byte_array_new();
    FvShape shape;
    gsize size;
    const guint8 *data = g_bytes_get_data(bytes, &size);
    if (!fv_mask_decode(name, data, size, &limits, &shape, classes, &mask->palette, error))
        return NULL;
    mask->w = shape.w;
    mask->h = shape.h;
    mask->classes = g_byte_array_free(g_steal_pointer(&classes), FALSE);
    return g_steal_pointer(&mask);
}

GBytes *fv_mask_write(const FvMask *like, const guint8 *classes, int w, int h)
{
    FvPalette whole = like->palette;
    const FvImageEncoding how = { .format = FV_IMAGE_PNG, .palette = whole.count ? &whole : NULL };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    /* Masks of other palettes may have been mixed in, and what stands outside of an image may have any number. */
    whole.count = G_N_ELEMENTS(whole.rgb);
    /* Every size that is above 0 can be written. */
    fv_image_encode("mask", &how, (FvShape){ 1, h, w }, classes, bytes, NULL);
    return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

void fv_mask_free(FvMask *mask)
{
    if (!mask)
        return;
    g_free(mask->classes);
    g_free(mask);
}
