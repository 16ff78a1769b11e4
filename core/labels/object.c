/* SPDX-License-Identifier: MIT
 * object.c: objects of an image and labels of an image, made, copied and freed. */
#include "core/labels/private.h"

GArray *fv_points_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(FvPoint));
}

void fv_points_add(GArray *points, double x, double y, int visible)
{
    const FvPoint point = { x, y, visible };
    g_array_append_val(points, point);
}

FvBox *fv_box_new(int label)
{
    FvBox *box = g_new0(FvBox, 1);
    box->label = label;
    box->visible = box->weight = 1;
    return box;
}

static gpointer copy_points(gconstpointer points, gpointer data)
{
    return g_array_copy((GArray *) points);
}

static gpointer copy_box(gconstpointer box, gpointer data)
{
    return fv_box_copy(box);
}

FvBox *fv_box_copy(const FvBox *box)
{
    FvBox *copy = g_memdup2(box, sizeof *box);
    copy->outlines = box->outlines ? g_ptr_array_copy(box->outlines, copy_points, NULL) : NULL;
    copy->points = box->points ? g_array_copy(box->points) : NULL;
    copy->parts = box->parts ? g_ptr_array_copy(box->parts, copy_box, NULL) : NULL;
    copy->kept = box->kept ? g_ref_string_acquire(box->kept) : NULL;
    return copy;
}

void fv_box_free(gpointer data)
{
    FvBox *box = data;
    g_clear_pointer(&box->outlines, g_ptr_array_unref);
    g_clear_pointer(&box->points, g_array_unref);
    g_clear_pointer(&box->parts, g_ptr_array_unref);
    g_clear_pointer(&box->kept, g_ref_string_release);
    g_free(box);
}

void fv_box_add_outline(FvBox *box, FvOutline kind, GArray *outline)
{
    if (!box->outlines)
        box->outlines = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    box->outline = kind;
    g_ptr_array_add(box->outlines, outline);
}

static void bound_points(FvBox *box, const GArray *points, gboolean *any)
{
    for (guint i = 0; i < points->len; i++) {
        const FvPoint p = g_array_index(points, FvPoint, i);
        if (!p.visible)
            continue;
        box->x0 = *any ? MIN(box->x0, p.x) : p.x;
        box->y0 = *any ? MIN(box->y0, p.y) : p.y;
        box->x1 = *any ? MAX(box->x1, p.x) : p.x;
        box->y1 = *any ? MAX(box->y1, p.y) : p.y;
        *any = TRUE;
    }
}

void fv_box_bound(FvBox *box)
{
    gboolean any = FALSE;
    for (guint i = 0; box->outlines && i < box->outlines->len; i++)
        bound_points(box, box->outlines->pdata[i], &any);
    if (!box->outlines && box->points)
        bound_points(box, box->points, &any);
}

FvLabels *fv_labels_new(FvShape image)
{
    FvLabels *labels = g_new0(FvLabels, 1);
    labels->image = image;
    labels->classes = g_array_new(FALSE, FALSE, sizeof(FvClass));
    labels->boxes = g_ptr_array_new_with_free_func(fv_box_free);
    return labels;
}

void fv_labels_free(FvLabels *labels)
{
    if (!labels)
        return;
    g_array_unref(labels->classes);
    g_ptr_array_unref(labels->boxes);
    g_free(labels->mask);
    g_clear_pointer(&labels->kept, g_ref_string_release);
    g_free(labels);
}

FvLabels *fv_labels_copy(const FvLabels *labels)
{
    FvLabels *copy = fv_labels_new(labels->image);
    g_array_append_vals(copy->classes, labels->classes->data, labels->classes->len);
    for (guint i = 0; i < labels->boxes->len; i++)
        g_ptr_array_add(copy->boxes, fv_box_copy(labels->boxes->pdata[i]));
    copy->mask = g_strdup(labels->mask);
    copy->kept = labels->kept ? g_ref_string_acquire(labels->kept) : NULL;
    return copy;
}
