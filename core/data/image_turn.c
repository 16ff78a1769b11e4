/* SPDX-License-Identifier: MIT
 * image_turn.c: stored pixels into upright ones, by EXIF's eight orientations. */
#include "core/data/image_private.h"

#include <string.h>

enum { TILE = 32 /* pixels a side: where rows become columns, both stay in the cache */ };

/* What becomes of the stored picture: first rows and columns are exchanged, then upright columns, then rows mirrored.
 */
static const struct {
    gboolean exchange, columns, rows;
} turns[9] = {
    [2] = { FALSE, TRUE, FALSE }, [3] = { FALSE, TRUE, TRUE }, [4] = { FALSE, FALSE, TRUE },
    [5] = { TRUE, FALSE, FALSE }, [6] = { TRUE, TRUE, FALSE }, [7] = { TRUE, TRUE, TRUE },
    [8] = { TRUE, FALSE, TRUE },
};

FvShape fv_image_turned(FvShape shape, int orientation)
{
    return turns[orientation].exchange ? (FvShape){ shape.c, shape.w, shape.h } : shape;
}

/* The part of the last stored pixel that lies outside of the picture; mirrored, it comes first. */
static double outside(int extent, int eighths)
{
    return ((8 - extent * (gint64) eighths % 8) % 8) / 8.0;
}

FvImageScale fv_image_turned_scale(FvShape stored, int eighths, int orientation)
{
    const FvShape upright = fv_image_turned(stored, orientation);
    return (FvImageScale){ .eighths = eighths,
                           .u_shift = turns[orientation].columns ? outside(upright.w, eighths) : 0,
                           .v_shift = turns[orientation].rows ? outside(upright.h, eighths) : 0 };
}

/* Pixels of a tile of the upright picture; @from is that of column and row 0, the steps are in bytes. */
static void turn_tile(const guint8 *from, gssize column, gssize row, guint8 *to, FvShape upright, int x0, int y0)
{
    const int x1 = MIN(x0 + TILE, upright.w), y1 = MIN(y0 + TILE, upright.h);
    for (int y = y0; y < y1; y++) {
        const guint8 *p = from + y * row + x0 * column;
        guint8 *q = to + ((gsize) y * upright.w + x0) * upright.c;
        if (upright.c == 3)
            for (int x = x0; x < x1; x++, p += column, q += 3)
                memcpy(q, p, 3);
        else
            for (int x = x0; x < x1; x++, p += column)
                *q++ = *p;
    }
}

void fv_image_turn(const GByteArray *stored, FvShape *shape, int orientation, GByteArray *pixels)
{
    const FvShape upright = fv_image_turned(*shape, orientation);
    const gssize along = shape->c, down = (gssize) shape->c * shape->w;
    gssize column = turns[orientation].exchange ? down : along, row = turns[orientation].exchange ? along : down;
    const guint8 *from = stored->data;
    g_byte_array_set_size(pixels, stored->len);
    if (turns[orientation].columns) {
        from += column * (upright.w - 1);
        column = -column;
    }
    if (turns[orientation].rows) {
        from += row * (upright.h - 1);
        row = -row;
    }
    for (int y = 0; y < upright.h; y += TILE)
        for (int x = 0; x < upright.w; x += TILE)
            turn_tile(from, column, row, pixels->data, upright, x, y);
    *shape = upright;
}
