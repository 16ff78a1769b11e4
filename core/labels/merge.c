/* SPDX-License-Identifier: MIT
 * merge.c: labels of an output that is made of several images. */
#include "core/labels/private.h"

#include <string.h>

#define AT(points, i) g_array_index(points, FvPoint, i)

static void add_class(GArray *classes, int label, double weight)
{
    for (guint i = 0; i < classes->len; i++)
        if (g_array_index(classes, FvClass, i).label == label) {
            g_array_index(classes, FvClass, i).weight += weight;
            return;
        }
    const FvClass new = { label, weight };
    g_array_append_val(classes, new);
}

static gboolean within(FvPoint p, const double box[4])
{
    return p.x >= box[0] && p.x <= box[2] && p.y >= box[1] && p.y <= box[3];
}

/* Parts that fill the same are seen through one another. */
static gboolean covers(const FvLabelPart *later, const FvLabelPart *part)
{
    return memcmp(later->region, part->region, sizeof part->region) != 0;
}

static gboolean cover_keys(GArray *points, const FvLabelPart *parts, int count, int at)
{
    gboolean any = FALSE;
    for (guint i = 0; i < points->len; i++) {
        FvPoint *p = &AT(points, i);
        if (!within(*p, parts[at].region))
            *p = (FvPoint){ 0, 0, 0 };
        for (int k = at + 1; k < count && p->visible; k++)
            if (covers(&parts[k], &parts[at]) && within(*p, parts[k].region))
                *p = (FvPoint){ 0, 0, 0 };
        any |= p->visible != 0;
    }
    return any;
}

static double measure_all(const GPtrArray *pieces, gboolean open)
{
    double sum = 0;
    for (guint i = 0; i < pieces->len; i++)
        sum += fv_outline_measure(pieces->pdata[i], open);
    return sum;
}

static gboolean cover_area(FvBox *box, const FvLabelPart *parts, int count, int at, double least_visible)
{
    const gboolean open = box->outline == FV_OUTLINE_LINE;
    g_autoptr(GPtrArray) outlines = fv_box_outlines(box);
    g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    const double before = measure_all(outlines, open);
    for (guint i = 0; i < outlines->len; i++)
        fv_outline_clip(outlines->pdata[i], open, parts[at].region, pieces);
    for (int k = at + 1; k < count; k++) {
        if (!covers(&parts[k], &parts[at]))
            continue;
        GPtrArray *left = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
        for (guint i = 0; i < pieces->len; i++)
            fv_outline_subtract(pieces->pdata[i], open, parts[k].region, left);
        g_ptr_array_unref(pieces);
        pieces = left;
    }
    const double after = measure_all(pieces, open);
    if (!(before > 0) || after >= before * (1 - 1e-9))
        return before > 0; /* whole: its outlines stay as they are */
    if (!fv_box_set_pieces(box, pieces))
        return FALSE;
    box->visible *= after / before;
    return box->visible > 0 && box->visible >= least_visible - 1e-9;
}

static gboolean blended(const FvLabelPart *parts, int count, int at)
{
    for (int i = 0; i < count; i++)
        if (i != at && !covers(&parts[i], &parts[at]))
            return TRUE;
    return FALSE;
}

static FvBox *cover_box(const FvBox *box, const FvLabelPart *parts, int count, int at, double least_visible)
{
    FvBox *left = fv_box_copy(box);
    if (blended(parts, count, at))
        left->weight *= parts[at].weight;
    const gboolean keys = left->points && cover_keys(left->points, parts, count, at);
    if (left->outline == FV_OUTLINE_POINT ? !keys : !cover_area(left, parts, count, at, least_visible)) {
        fv_box_free(left);
        return NULL;
    }
    if (left->outline == FV_OUTLINE_POINT)
        fv_box_bound(left);
    for (guint i = 0; left->parts && i < left->parts->len;) {
        FvBox *part = cover_box(left->parts->pdata[i], parts, count, at, least_visible);
        g_ptr_array_remove_index(left->parts, i);
        if (part)
            g_ptr_array_insert(left->parts, (int) i++, part);
    }
    return left;
}

FvLabels *fv_labels_merged(const FvLabelPart *parts, int count, FvShape out, double least_visible)
{
    FvLabels *merged = fv_labels_new(out);
    for (int i = 0; i < count; i++) {
        const FvLabels *labels = parts[i].labels;
        for (guint k = 0; k < labels->classes->len; k++) {
            const FvClass class = g_array_index(labels->classes, FvClass, k);
            add_class(merged->classes, class.label, class.weight * parts[i].weight);
        }
        for (guint k = 0; k < labels->boxes->len; k++) {
            FvBox *box = cover_box(labels->boxes->pdata[k], parts, count, i, least_visible);
            if (box)
                g_ptr_array_add(merged->boxes, box);
        }
    }
    if (count) {
        merged->mask = g_strdup(parts[0].labels->mask);
        merged->kept = parts[0].labels->kept ? g_ref_string_acquire(parts[0].labels->kept) : NULL;
    }
    return merged;
}
