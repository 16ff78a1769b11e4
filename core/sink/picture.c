/* SPDX-License-Identifier: MIT
 * picture.c: pixels as images within a page. */
#include "core/sink/picture.h"

#include "core/data/image.h"
#include "core/sink/page.h"

enum { PIXELATED = 96 }; /* smaller images are shown with their pixels, as they are seen by a net */

/* Mean of the rows and columns that fall on a pixel: at least one of each. */
static guint8 mean_of(const guint8 *pixels, FvShape shape, FvShape small, int y, int x, int c)
{
    const int top = (int) ((gint64) y * shape.h / small.h), left = (int) ((gint64) x * shape.w / small.w);
    const int bottom = MAX(top + 1, (int) ((gint64) (y + 1) * shape.h / small.h));
    const int right = MAX(left + 1, (int) ((gint64) (x + 1) * shape.w / small.w));
    gint64 sum = 0;
    for (int v = top; v < bottom; v++)
        for (int u = left; u < right; u++)
            sum += pixels[((gint64) v * shape.w + u) * shape.c + c];
    const gint64 count = (gint64) (bottom - top) * (right - left);
    return (guint8) ((sum + count / 2) / count);
}

static guint8 *shrink(const guint8 *pixels, FvShape shape, int side, FvShape *small)
{
    const int longest = MAX(shape.h, shape.w);
    *small = shape;
    if (longest <= side)
        return g_memdup2(pixels, (gsize) fv_shape_elements(shape));
    small->h = MAX(1, (int) ((gint64) shape.h * side / longest));
    small->w = MAX(1, (int) ((gint64) shape.w * side / longest));
    guint8 *out = g_malloc((gsize) fv_shape_elements(*small));
    for (int y = 0; y < small->h; y++)
        for (int x = 0; x < small->w; x++)
            for (int c = 0; c < shape.c; c++)
                out[(y * small->w + x) * shape.c + c] = mean_of(pixels, shape, *small, y, x, c);
    return out;
}

void fv_picture_append(GString *html, const guint8 *pixels, FvShape shape, int side, const char *text)
{
    const FvImageEncoding how = { .format = FV_IMAGE_PNG };
    g_autoptr(GByteArray) png = g_byte_array_new();
    FvShape small;
    if (shape.h < 1 || shape.w < 1 || (shape.c != 1 && shape.c != 3))
        return;
    g_autofree guint8 *shrunk = shrink(pixels, shape, side, &small);
    if (!fv_image_encode("image", &how, small, shrunk, png, NULL))
        return;
    g_autofree char *base64 = g_base64_encode(png->data, png->len);
    g_string_append_printf(html, "<img%s width=\"%d\" height=\"%d\" src=\"data:image/png;base64,%s\" alt=\"",
                           MAX(small.h, small.w) > PIXELATED ? " class=\"photo\"" : "", small.w, small.h, base64);
    fv_page_text(html, text);
    g_string_append(html, "\">");
}
