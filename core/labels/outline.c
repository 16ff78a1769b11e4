/* SPDX-License-Identifier: MIT
 * outline.c: polygons and lines, measured and clipped to rectangles (Sutherland and Hodgman, 1974; Liang and Barsky,
 * 1984). */
#include "core/labels/private.h"

#include <math.h>

#define AT(points, i) g_array_index(points, FvPoint, i)

double fv_outline_measure(const GArray *outline, gboolean open)
{
    double sum = 0;
    for (guint i = 0; i + (open ? 1 : 0) < outline->len; i++) {
        const FvPoint a = AT(outline, i), b = AT(outline, (i + 1) % outline->len);
        /* from the first point, so that nothing is lost far from the origin */
        const FvPoint o = AT(outline, 0);
        sum += open ? hypot(b.x - a.x, b.y - a.y) : ((a.x - o.x) * (b.y - o.y) - (b.x - o.x) * (a.y - o.y)) / 2;
    }
    return fabs(sum);
}

/* What is on one side of a line across an axis: side * (coordinate - at) <= 0. */
static GArray *clip_half(const GArray *outline, gboolean x_axis, double side, double at)
{
    GArray *clipped = fv_points_new();
    for (guint i = 0; i < outline->len; i++) {
        const FvPoint a = AT(outline, i), b = AT(outline, (i + 1) % outline->len);
        const double da = side * ((x_axis ? a.x : a.y) - at), db = side * ((x_axis ? b.x : b.y) - at);
        if (da <= 0)
            g_array_append_val(clipped, a);
        if ((da < 0 && db > 0) || (da > 0 && db < 0)) {
            const double t = da / (da - db);
            fv_points_add(clipped, x_axis ? at : a.x + t * (b.x - a.x), x_axis ? a.y + t * (b.y - a.y) : at, 2);
        }
    }
    return clipped;
}

static void clip_polygon(const GArray *outline, const double box[4], GPtrArray *pieces)
{
    g_autoptr(GArray) left = clip_half(outline, TRUE, -1, box[0]);
    g_autoptr(GArray) upper = clip_half(left, FALSE, -1, box[1]);
    g_autoptr(GArray) right = clip_half(upper, TRUE, 1, box[2]);
    GArray *clipped = clip_half(right, FALSE, 1, box[3]);
    if (clipped->len >= 3 && fv_outline_measure(clipped, FALSE) > 0)
        g_ptr_array_add(pieces, clipped);
    else
        g_array_unref(clipped);
}

/* The part of segment a, b in the box, from *t0 to *t1 of its way. */
static gboolean clip_segment(FvPoint a, FvPoint b, const double box[4], double *t0, double *t1)
{
    const double step[4] = { a.x - b.x, b.x - a.x, a.y - b.y, b.y - a.y };
    const double room[4] = { a.x - box[0], box[2] - a.x, a.y - box[1], box[3] - a.y };
    *t0 = 0;
    *t1 = 1;
    for (int i = 0; i < 4; i++) {
        if (step[i] == 0 && room[i] < 0)
            return FALSE;
        if (step[i] < 0)
            *t0 = MAX(*t0, room[i] / step[i]);
        else if (step[i] > 0)
            *t1 = MIN(*t1, room[i] / step[i]);
    }
    return *t0 < *t1;
}

static void clip_line(const GArray *line, const double box[4], GPtrArray *pieces)
{
    GArray *piece = NULL; /* the one that has not left the box yet */
    for (guint i = 0; i + 1 < line->len; i++) {
        const FvPoint a = AT(line, i), b = AT(line, i + 1);
        double t0, t1;
        if (!clip_segment(a, b, box, &t0, &t1))
            continue;
        if (!piece || t0 > 0) {
            piece = fv_points_new();
            g_ptr_array_add(pieces, piece);
            fv_points_add(piece, a.x + t0 * (b.x - a.x), a.y + t0 * (b.y - a.y), 2);
        }
        fv_points_add(piece, t1 < 1 ? a.x + t1 * (b.x - a.x) : b.x, t1 < 1 ? a.y + t1 * (b.y - a.y) : b.y, 2);
        if (t1 < 1)
            piece = NULL;
    }
}

void fv_outline_clip(const GArray *outline, gboolean open, const double box[4], GPtrArray *pieces)
{
    if (!outline->len || !(box[0] < box[2] && box[1] < box[3]))
        return;
    if (open)
        clip_line(outline, box, pieces);
    else
        clip_polygon(outline, box, pieces);
}

void fv_outline_subtract(const GArray *outline, gboolean open, const double box[4], GPtrArray *pieces)
{
    const double far = 1e9;
    const double bands[4][4] = {
        { -far, -far, box[0], far },
        { box[2], -far, far, far },
        { box[0], -far, box[2], box[1] },
        { box[0], box[3], box[2], far },
    };
    for (int i = 0; i < 4; i++)
        fv_outline_clip(outline, open, bands[i], pieces);
}

GPtrArray *fv_box_outlines(const FvBox *box)
{
    GPtrArray *outlines = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    for (guint i = 0; box->outlines && i < box->outlines->len; i++)
        g_ptr_array_add(outlines, g_array_copy(box->outlines->pdata[i]));
    if (box->outline == FV_OUTLINE_BOX) {
        GArray *corners = fv_points_new();
        fv_points_add(corners, box->x0, box->y0, 2);
        fv_points_add(corners, box->x1, box->y0, 2);
        fv_points_add(corners, box->x1, box->y1, 2);
        fv_points_add(corners, box->x0, box->y1, 2);
        g_ptr_array_add(outlines, corners);
    }
    return outlines;
}

gboolean fv_box_set_pieces(FvBox *box, GPtrArray *pieces)
{
    const FvOutline kind = box->outline;
    g_clear_pointer(&box->outlines, g_ptr_array_unref);
    if (!pieces->len)
        return FALSE;
    for (guint i = 0; i < pieces->len; i++)
        fv_box_add_outline(box, kind, g_array_ref(pieces->pdata[i]));
    fv_box_bound(box);
    if (kind == FV_OUTLINE_BOX)
        g_clear_pointer(&box->outlines, g_ptr_array_unref);
    return TRUE;
}
