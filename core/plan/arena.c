/* SPDX-License-Identifier: MIT
 * arena.c: packs pieces of memory by the time they live. */
#include "core/plan/arena.h"

#include <string.h>

static int larger_first(const void *a, const void *b, gpointer unused)
{
    const FvPiece *const *x = a, *const *y = b;
    if ((*x)->bytes != (*y)->bytes)
        return (*x)->bytes < (*y)->bytes ? 1 : -1;
    if ((*x)->first != (*y)->first)
        return (*x)->first < (*y)->first ? -1 : 1;
    return 0; /* the sort is stable: as the caller has them, wherever they lie in memory */
}

static int by_offset(const void *a, const void *b)
{
    const FvPiece *const *x = a, *const *y = b;
    return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

static guint64 round_up(guint64 value, guint64 align)
{
    return (value + align - 1) / align * align;
}

/* Where a piece of that size may begin at or after `from` without crossing a chunk's end. */
static guint64 within_chunk(guint64 from, guint64 bytes, guint64 chunk)
{
    if (chunk == 0 || bytes == 0 || from / chunk == (from + bytes - 1) / chunk)
        return from;
    return (from / chunk + 1) * chunk;
}

guint64 fv_arena_pack(FvPiece *const *pieces, guint count, guint64 align, guint64 chunk)
{
    g_autofree FvPiece **order = g_memdup2(pieces, count * sizeof *pieces);
    g_autofree FvPiece **living = g_new(FvPiece *, count + 1); /* placed, and alive with the one at hand */
    guint64 total = 0;

    chunk = chunk / align * align;
    if (count == 0)
        return 0;
    g_qsort_with_data(order, (gint) count, sizeof *order, larger_first, NULL);
    for (guint i = 0; i < count; i++) {
        FvPiece *piece = order[i];
        guint alive = 0;
        if (chunk > 0 && piece->bytes > chunk)
            return 0;
        for (guint j = 0; j < i; j++)
            if (order[j]->first <= piece->last && piece->first <= order[j]->last)
                living[alive++] = order[j];
        qsort(living, alive, sizeof *living, by_offset);

        guint64 offset = 0;
        for (guint j = 0; j < alive; j++) {
            if (offset + piece->bytes <= living[j]->offset)
                break;
            guint64 after = round_up(living[j]->offset + living[j]->bytes, align);
            offset = within_chunk(MAX(offset, after), piece->bytes, chunk);
        }
        piece->offset = offset;
        total = MAX(total, offset + piece->bytes);
    }
    return total;
}
