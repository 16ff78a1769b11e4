/* SPDX-License-Identifier: MIT
 * image_mask.c: masks, whose pixels are class numbers. */
#include "core/data/image_private.h"

#include <math.h>

static gboolean check_palette(const FvImageBytes *file, const GByteArray *mask, const FvPalette *palette,
                              GError **error)
{
    guint8 most = 0;
    for (guint i = 0; i < mask->len; i++)
        most = MAX(most, mask->data[i]);
    if (palette->count == 0 || most < palette->count)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: class %d, and the palette has %d colours", file->name, most,
                palette->count);
    return FALSE;
}

gboolean fv_mask_decode(const char *name, const guint8 *data, gsize size, const FvImageLimits *limits, FvShape *shape,
                        GByteArray *mask, FvPalette *palette, GError **error)
{
    const FvImageBytes file = { name, data, size };
    FvPalette own;
    FvImageHead head;
    if (!palette)
        palette = &own;
    if (!fv_image_head(name, data, size, limits, &head, error))
        return FALSE;
    if (head.format != FV_IMAGE_PNG) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: a mask must be PNG, and this is %s", name,
                    fv_image_format_name(head.format));
        return FALSE;
    }
    g_autoptr(GByteArray) stored = g_byte_array_new();
    *shape = fv_image_turned(head.shape, head.orientation); /* turned back: as stored */
    if (!fv_png_decode(&file, palette, shape, stored, error) || !check_palette(&file, stored, palette, error))
        return FALSE;
    fv_image_turn(stored, shape, head.orientation, mask);
    return TRUE;
}

/* The pixel of the full extent that a smaller one's centre lies in. */
static int centre(int at, double shift, int eighths, int extent)
{
    return CLAMP((int) floor((at + 0.5 - shift) * 8 / eighths), 0, extent - 1);
}

void fv_mask_shrink(GByteArray *mask, FvShape *shape, FvShape to, const FvImageScale *scale)
{
    const FvShape full = *shape;
    if (to.h == full.h && to.w == full.w)
        return;
    g_autofree guint8 *whole = g_memdup2(mask->data, mask->len);
    g_autofree int *columns = g_new(int, to.w);
    for (int x = 0; x < to.w; x++)
        columns[x] = centre(x, scale->u_shift, scale->eighths, full.w);
    g_byte_array_set_size(mask, (guint) ((gsize) to.h * to.w));
    for (int y = 0; y < to.h; y++) {
        const guint8 *from = whole + (gsize) centre(y, scale->v_shift, scale->eighths, full.h) * full.w;
        for (int x = 0; x < to.w; x++)
            mask->data[(gsize) y * to.w + x] = from[columns[x]];
    }
    *shape = (FvShape){ 1, to.h, to.w };
}
