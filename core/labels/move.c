/* SPDX-License-Identifier: MIT
 * move.c: labels of an image that was moved. */
#include "core/labels/private.h"

#include <math.h>

#define AT(points, i) g_array_index(points, FvPoint, i)

enum { SIDE = 16 /* points of a box's edge */, DEEPEST = 6 /* halvings of a polygon's edge */ };
/* How far an edge may bend before it is divided, in pixels. */
#define MOST_BEND 0.25

/* Of an image, and how much of an object must be left at its end. */
typedef struct {
    const FvMoveStep *steps;
    int count;
    FvShape in;
    double least_visible;
} Way;

static gboolean move_point(const FvMoveStep *step, FvPoint from, FvPoint *to)
{
    *to = from;
    return step->move(step->data, &to->x, &to->y) && isfinite(to->x) && isfinite(to->y);
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
static void divide(const FvMoveStep *step, FvPoint a, FvPoint b, FvPoint moved_a, FvPoint moved_b, int depth,
                   GArray *moved)
{
    FvPoint middle, side;
    const FvPoint half = between(a, b, 0.5);
    if (!depth || !move_point(step, half, &middle))
        return;
    /* An S crosses its chord in the middle: a second point tells it from a straight line. */
    if (bend(moved_a, moved_b, middle) < MOST_BEND && move_point(step, between(a, b, 0.3), &side) &&
        bend(moved_a, moved_b, side) < MOST_BEND)
        return;
    divide(step, a, half, moved_a, middle, depth - 1, moved);
    g_array_append_val(moved, middle);
    divide(step, half, b, middle, moved_b, depth - 1, moved);
}

/* Points without a place are left out: what is left of the outline is closed over them. */
static GArray *move_outline(const FvMoveStep *step, const GArray *outline, gboolean open)
{
    GArray *moved = fv_points_new();
    for (guint i = 0; i < outline->len; i++) {
        const FvPoint a = AT(outline, i), b = AT(outline, (i + 1) % outline->len);
        FvPoint moved_a, moved_b;
        if (!move_point(step, a, &moved_a))
            continue;
        g_array_append_val(moved, moved_a);
        if ((!open || i + 1 < outline->len) && move_point(step, b, &moved_b))
            divide(step, a, b, moved_a, moved_b, DEEPEST, moved);
    }
    return moved;
}

/* The edges of a box, 16 points a side. */
static GArray *divide_sides(const GArray *corners)
{
    GArray *divided = fv_points_new();
    for (guint i = 0; i < corners->len; i++)
        for (int k = 0; k < SIDE; k++) {
            const FvPoint p = between(AT(corners, i), AT(corners, (i + 1) % corners->len), (double) k / SIDE);
            g_array_append_val(divided, p);
        }
    return divided;
}

static gboolean move_key(const Way *way, FvPoint *p)
{
    for (int i = 0; i < way->count; i++) {
        const FvMoveStep *step = &way->steps[i];
        FvPoint moved = *p;
        if (!move_point(step, *p, &moved) || moved.x < 0 || moved.y < 0 || moved.x > step->out.w ||
            moved.y > step->out.h)
            return FALSE;
        *p = moved;
    }
    return TRUE;
}

/* Moves key points; returns how many are in the output. */
static int move_keys(const Way *way, GArray *points)
{
    int inside = 0;
    for (guint i = 0; i < points->len; i++) {
        FvPoint *p = &AT(points, i);
        if (p->visible && move_key(way, p))
            inside++;
        else
            *p = (FvPoint){ 0, 0, 0 };
    }
    return inside;
}

static GPtrArray *pieces_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
}

/* What of an object the image holds: maps know no way for the rest. */
static GPtrArray *find_pieces(const Way *way, const FvBox *box)
{
    const double source[4] = { 0, 0, way->in.w, way->in.h };
    g_autoptr(GPtrArray) outlines = fv_box_outlines(box);
    GPtrArray *pieces = pieces_new();
    for (guint i = 0; i < outlines->len; i++)
        fv_outline_clip(outlines->pdata[i], box->outline == FV_OUTLINE_LINE, source, pieces);
    for (guint i = 0; box->outline == FV_OUTLINE_BOX && i < pieces->len; i++) {
        GArray *corners = pieces->pdata[i];
        pieces->pdata[i] = divide_sides(corners);
        g_array_unref(corners);
    }
    return pieces;
}

/* Replaces pieces by what is left of them after a step; returns their share. */
static double move_pieces(const FvMoveStep *step, GPtrArray **pieces, gboolean open)
{
    const double out[4] = { 0, 0, step->out.w, step->out.h };
    GPtrArray *left = pieces_new();
    double before = 0, after = 0;
    for (guint i = 0; i < (*pieces)->len; i++) {
        g_autoptr(GArray) moved = move_outline(step, (*pieces)->pdata[i], open);
        before += moved->len ? fv_outline_measure(moved, open) : 0;
        fv_outline_clip(moved, open, out, left);
    }
    for (guint i = 0; i < left->len; i++)
        after += fv_outline_measure(left->pdata[i], open);
    g_ptr_array_unref(*pieces);
    *pieces = left;
    return before > 0 ? MIN(after / before, 1.0) : 0;
}

static gboolean move_area(const Way *way, FvBox *box)
{
    g_autoptr(GPtrArray) pieces = find_pieces(way, box);
    for (int i = 0; i < way->count; i++)
        box->visible *= move_pieces(&way->steps[i], &pieces, box->outline == FV_OUTLINE_LINE);
    /* a share that is all but the limit is the limit: rounding must not decide */
    return fv_box_set_pieces(box, pieces) && box->visible > 0 && box->visible >= way->least_visible - 1e-9;
}

static FvBox *move_box(const Way *way, const FvBox *box)
{
    FvBox *moved = fv_box_copy(box);
    const int inside = moved->points ? move_keys(way, moved->points) : 0;
    const gboolean there = moved->outline == FV_OUTLINE_POINT ? inside > 0 : move_area(way, moved);
    if (!there) {
        fv_box_free(moved);
        return NULL;
    }
    if (moved->outline == FV_OUTLINE_POINT)
        fv_box_bound(moved);
    for (guint i = 0; moved->parts && i < moved->parts->len;) {
        FvBox *part = move_box(way, moved->parts->pdata[i]);
        g_ptr_array_remove_index(moved->parts, i);
        if (part)
            g_ptr_array_insert(moved->parts, (int) i++, part);
    }
    return moved;
}

FvLabels *fv_labels_moved_along(const FvLabels *labels, const FvMoveStep *steps, int count, double least_visible)
{
    const Way way = { steps, count, labels->image, least_visible };
    FvLabels *moved = fv_labels_copy(labels);
    moved->image = count ? steps[count - 1].out : labels->image;
    g_ptr_array_set_size(moved->boxes, 0);
    for (guint i = 0; i < labels->boxes->len; i++) {
        FvBox *box = move_box(&way, labels->boxes->pdata[i]);
        if (box)
            g_ptr_array_add(moved->boxes, box);
    }
    return moved;
}

FvLabels *fv_labels_moved(const FvLabels *labels, FvMove move, gpointer data, FvShape out, double least_visible)
{
    const FvMoveStep step = { move, data, out };
    return fv_labels_moved_along(labels, &step, 1, least_visible);
}
