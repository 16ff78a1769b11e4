/* SPDX-License-Identifier: MIT
 * move.c: labels of an image that was moved. */
#include "core/labels/private.h"

#include <math.h>

#define AT(points, i) g_array_index(points, FvPoint, i)

enum { SIDE = 16 /* points of a box's edge */, DEEPEST = 6 /* halvings of a polygon's edge */ };
/* How far an edge may bend before it is divided, in pixels. */
#define MOST_BEND 0.25

typedef struct {
    FvMove move;
    gpointer data;
    double source[4], out[4];
    double least_visible;
} Mover;

static gboolean move_point(const Mover *mover, FvPoint from, FvPoint *to)
{
    *to = from;
    return mover->move(mover->data, &to->x, &to->y) && isfinite(to->x) && isfinite(to->y);
}

static FvPoint between(FvPoint a, FvPoint b, double share)
{
    return (FvPoint){ a.x + share * (b.x - a.x), a.y + share * (b.y - a.y), 2 };
}

/* How far p is from the straight line through a and b. */
static double bend(FvPoint a, FvPoint b, FvPoint p)
{
    const double length = hypot(b.x - a.x, b.y - a.y);
    return length > 0 ? fabs((b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x)) / length
                      : hypot(p.x - a.x, p.y - a.y);
}

/* Adds the points within edge a, b, which moved to moved_a, moved_b, that it needs to stay on its way. */
static void divide(const Mover *mover, FvPoint a, FvPoint b, FvPoint moved_a, FvPoint moved_b, int depth, GArray *moved)
{
    FvPoint middle, side;
    const FvPoint half = between(a, b, 0.5);
    if (!depth || !move_point(mover, half, &middle))
        return;
    /* An S crosses its chord in the middle: a second point tells it from a straight line. */
    if (bend(moved_a, moved_b, middle) < MOST_BEND && move_point(mover, between(a, b, 0.3), &side) &&
        bend(moved_a, moved_b, side) < MOST_BEND)
        return;
    divide(mover, a, half, moved_a, middle, depth - 1, moved);
    g_array_append_val(moved, middle);
    divide(mover, half, b, middle, moved_b, depth - 1, moved);
}

/* Points without a place are left out: what is left of the outline is closed over them. */
static GArray *move_outline(const Mover *mover, const GArray *outline, gboolean open)
{
    GArray *moved = fv_points_new();
    for (guint i = 0; i < outline->len; i++) {
        const FvPoint a = AT(outline, i), b = AT(outline, (i + 1) % outline->len);
        FvPoint moved_a, moved_b;
        if (!move_point(mover, a, &moved_a))
            continue;
        g_array_append_val(moved, moved_a);
        if ((!open || i + 1 < outline->len) && move_point(mover, b, &moved_b))
            divide(mover, a, b, moved_a, moved_b, DEEPEST, moved);
    }
    return moved;
}

static GArray *move_corners(const Mover *mover, const GArray *corners)
{
    GArray *moved = fv_points_new();
    for (guint i = 0; i < corners->len; i++)
        for (int k = 0; k < SIDE; k++) {
            FvPoint p;
            if (move_point(mover, between(AT(corners, i), AT(corners, (i + 1) % corners->len), (double) k / SIDE), &p))
                g_array_append_val(moved, p);
        }
    return moved;
}

/* Moves key points; returns how many are in the output. */
static int move_keys(const Mover *mover, GArray *points)
{
    int inside = 0;
    for (guint i = 0; i < points->len; i++) {
        FvPoint *p = &AT(points, i), moved;
        moved = *p;
        if (p->visible && move_point(mover, *p, &moved) && moved.x >= 0 && moved.y >= 0 && moved.x <= mover->out[2] &&
            moved.y <= mover->out[3]) {
            *p = moved;
            inside++;
        } else {
            *p = (FvPoint){ 0, 0, 0 };
        }
    }
    return inside;
}

static gboolean move_area(const Mover *mover, FvBox *box)
{
    const gboolean open = box->outline == FV_OUTLINE_LINE;
    g_autoptr(GPtrArray) outlines = fv_box_outlines(box);
    g_autoptr(GPtrArray) within = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    double before = 0, after = 0;
    /* Nothing is moved that the image does not hold: maps know no way for it. */
    for (guint i = 0; i < outlines->len; i++)
        fv_outline_clip(outlines->pdata[i], open, mover->source, within);
    for (guint i = 0; i < within->len; i++) {
        g_autoptr(GArray) moved = box->outline == FV_OUTLINE_BOX ? move_corners(mover, within->pdata[i])
                                                                 : move_outline(mover, within->pdata[i], open);
        before += moved->len ? fv_outline_measure(moved, open) : 0;
        fv_outline_clip(moved, open, mover->out, pieces);
    }
    for (guint i = 0; i < pieces->len; i++)
        after += fv_outline_measure(pieces->pdata[i], open);
    if (!fv_box_set_pieces(box, pieces) || !(before > 0))
        return FALSE;
    box->visible *= MIN(after / before, 1.0);
    /* a share that is all but the limit is the limit: rounding must not decide */
    return box->visible > 0 && box->visible >= mover->least_visible - 1e-9;
}

static FvBox *move_box(const Mover *mover, const FvBox *box)
{
    FvBox *moved = fv_box_copy(box);
    const int inside = moved->points ? move_keys(mover, moved->points) : 0;
    const gboolean there = moved->outline == FV_OUTLINE_POINT ? inside > 0 : move_area(mover, moved);
    if (!there) {
        fv_box_free(moved);
        return NULL;
    }
    if (moved->outline == FV_OUTLINE_POINT)
        fv_box_bound(moved);
    for (guint i = 0; moved->parts && i < moved->parts->len;) {
        FvBox *part = move_box(mover, moved->parts->pdata[i]);
        g_ptr_array_remove_index(moved->parts, i);
        if (part)
            g_ptr_array_insert(moved->parts, (int) i++, part);
    }
    return moved;
}

FvLabels *fv_labels_moved(const FvLabels *labels, FvMove move, gpointer data, FvShape out, double least_visible)
{
    const FvShape in = labels->image;
    const Mover mover = {
        .move = move,
        .data = data,
        .source = { 0, 0, in.w, in.h },
        .out = { 0, 0, out.w, out.h },
        .least_visible = least_visible,
    };
    FvLabels *moved = fv_labels_copy(labels);
    moved->image = out;
    g_ptr_array_set_size(moved->boxes, 0);
    for (guint i = 0; i < labels->boxes->len; i++) {
        FvBox *box = move_box(&mover, labels->boxes->pdata[i]);
        if (box)
            g_ptr_array_add(moved->boxes, box);
    }
    return moved;
}
