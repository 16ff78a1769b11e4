/* SPDX-License-Identifier: MIT
 * labelme.c: a JSON per image, as labelme writes it: shapes, each a label, a shape_type and points.
 *
 * Circles become polygons, since a moved circle is none any more; an image within the JSON (imageData) is not kept. */
#include "core/labels/private.h"

#include <math.h>
#include <string.h>

enum { CIRCLE = 64 /* corners of a polygon for a circle */ };

static const char *const root_members[] = { "shapes", "imagePath", "imageData", "imageHeight", "imageWidth", NULL };
static const char *const shape_members[] = { "label", "points", "shape_type", "mask", "weight", NULL };

static void make_rectangle(FvBox *box, GArray *points)
{
    for (guint i = 0; i < points->len; i++)
        g_array_index(points, FvPoint, i).visible = 2;
    box->points = points;
    fv_box_bound(box);
    g_clear_pointer(&box->points, g_array_unref);
}

/* The centre and a point of the edge. The polygon is drawn around the circle, to bound what it bounds. */
static void make_circle(FvBox *box, GArray *points)
{
    const FvPoint o = g_array_index(points, FvPoint, 0), edge = g_array_index(points, FvPoint, 1);
    const double radius = hypot(edge.x - o.x, edge.y - o.y) / cos(G_PI / CIRCLE);
    GArray *outline = fv_points_new();
    for (int i = 0; i < CIRCLE; i++) {
        const double angle = (2 * i + 1) * G_PI / CIRCLE;
        fv_points_add(outline, o.x + radius * cos(angle), o.y + radius * sin(angle), 2);
    }
    g_array_unref(points);
    fv_box_add_outline(box, FV_OUTLINE_POLYGON, outline);
    fv_box_bound(box);
}

static void make_polygon(FvBox *box, GArray *points)
{
    fv_box_add_outline(box, FV_OUTLINE_POLYGON, points);
    fv_box_bound(box);
}

static void make_line(FvBox *box, GArray *points)
{
    fv_box_add_outline(box, FV_OUTLINE_LINE, points);
    fv_box_bound(box);
}

static void make_points(FvBox *box, GArray *points)
{
    box->outline = FV_OUTLINE_POINT;
    box->points = points;
    fv_box_bound(box);
}

static const struct {
    const char *name;
    guint least, most;
    void (*make)(FvBox *box, GArray *points); /* takes the points */
} types[] = {
    { "polygon", 3, G_MAXUINT, make_polygon }, { "rectangle", 2, 4, make_rectangle },
    { "circle", 2, 2, make_circle },           { "line", 2, 2, make_line },
    { "linestrip", 2, G_MAXUINT, make_line },  { "point", 1, 1, make_points },
    { "points", 1, G_MAXUINT, make_points },   { "mask", 2, 2, make_rectangle },
};

static GArray *read_points(JsonArray *array)
{
    g_autoptr(GArray) points = fv_points_new();
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        JsonArray *pair = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
        double x, y;
        if (!pair || json_array_get_length(pair) != 2 || !fv_label_json_number(json_array_get_element(pair, 0), &x) ||
            !fv_label_json_number(json_array_get_element(pair, 1), &y))
            return NULL;
        fv_points_add(points, x, y, 2);
    }
    return g_steal_pointer(&points);
}

static gboolean read_shape(FvLabelSet *set, const char *file, JsonObject *shape, guint at, FvLabels *labels,
                           GError **error)
{
    const char *name = shape ? fv_label_json_string(shape, "label") : NULL;
    JsonArray *array = shape ? fv_label_json_array(shape, "points") : NULL;
    /* files of before version 3.5 have polygons alone, and do not say so */
    const char *type =
        shape && json_object_has_member(shape, "shape_type") ? fv_label_json_string(shape, "shape_type") : "polygon";
    guint kind = 0;
    if (!name || !array || !type)
        return fv_label_refuse(set, file, 0, error, "shapes[%u]: no label, no points or no shape_type", at);
    while (kind < G_N_ELEMENTS(types) && strcmp(types[kind].name, type) != 0)
        kind++;
    if (kind == G_N_ELEMENTS(types))
        return fv_label_refuse(set, file, 0, error, "shapes[%u]: no shape_type '%s'", at, type);
    GArray *points = read_points(array);
    if (!points || points->len < types[kind].least || points->len > types[kind].most) {
        g_clear_pointer(&points, g_array_unref);
        return fv_label_refuse(set, file, 0, error, "shapes[%u]: these are no points of a %s", at, type);
    }
    if (!strcmp(type, "mask"))
        fv_label_warn(set, file, "shapes[%u]: a mask within the JSON is left out, its rectangle kept", at);
    FvBox *box = fv_box_new(fv_label_set_intern(set, name));
    box->weight = fv_label_json_weight(shape);
    box->kept = fv_label_json_kept(shape, shape_members);
    types[kind].make(box, points);
    g_ptr_array_add(labels->boxes, box);
    return TRUE;
}

static gboolean read_file(FvLabelSet *set, const char *file, GBytes *bytes, FvLabels *labels, GError **error)
{
    g_autoptr(JsonNode) root = fv_label_json(set, file, bytes, error);
    if (!root)
        return FALSE;
    JsonObject *object = json_node_get_object(root);
    JsonArray *shapes = fv_label_json_array(object, "shapes");
    if (!shapes)
        return fv_label_refuse(set, file, 0, error, "no array 'shapes'");
    for (guint i = 0; i < json_array_get_length(shapes); i++)
        if (!read_shape(set, file, fv_label_json_element(shapes, i), i, labels, error))
            return FALSE;
    labels->kept = fv_label_json_kept(object, root_members);
    return TRUE;
}

/* ----------------------------------------------------------------- writing */

static void put_points(GString *text, const GArray *points)
{
    gboolean any = FALSE;
    for (guint i = 0; i < points->len; i++) {
        const FvPoint p = g_array_index(points, FvPoint, i);
        if (!p.visible)
            continue;
        g_string_append(text, any ? ", [" : "[");
        fv_label_put_number(text, p.x);
        g_string_append(text, ", ");
        fv_label_put_number(text, p.y);
        g_string_append_c(text, ']');
        any = TRUE;
    }
}

static void put_shape(FvLabelSet *set, GString *text, const FvBox *box, const char *type, const GArray *points,
                      gboolean *any)
{
    g_autofree char *name = fv_label_set_class(set, box->label);
    g_string_append_printf(text, "%s\n    {\"label\": ", *any ? "," : "");
    fv_label_put_string(text, name);
    g_string_append(text, ", \"points\": [");
    put_points(text, points);
    g_string_append_printf(text, "], \"shape_type\": \"%s\"", type);
    if (box->weight != 1) {
        g_string_append(text, ", \"weight\": ");
        fv_label_put_number(text, box->weight);
    }
    g_string_append_printf(text, "%s}", box->kept ? box->kept : "");
    *any = TRUE;
}

/* An object in several pieces is several shapes. */
static void put_box(FvLabelSet *set, GString *text, const FvBox *box, gboolean *any)
{
    if (box->outline == FV_OUTLINE_POINT) {
        put_shape(set, text, box, box->points->len > 1 ? "points" : "point", box->points, any);
        return;
    }
    for (guint i = 0; box->outlines && i < box->outlines->len; i++) {
        const GArray *outline = box->outlines->pdata[i];
        const char *line = outline->len > 2 ? "linestrip" : "line";
        put_shape(set, text, box, box->outline == FV_OUTLINE_LINE ? line : "polygon", outline, any);
    }
    if (box->outlines)
        return;
    g_autoptr(GArray) corners = fv_points_new();
    fv_points_add(corners, box->x0, box->y0, 2);
    fv_points_add(corners, box->x1, box->y1, 2);
    put_shape(set, text, box, "rectangle", corners, any);
}

static void write_file(FvLabelSet *set, const char *path, const FvLabels *labels, GString *text)
{
    g_autofree char *name = g_path_get_basename(path);
    gboolean any = FALSE;
    g_string_append(text, "{\n  \"shapes\": [");
    for (guint i = 0; i < labels->boxes->len; i++)
        put_box(set, text, labels->boxes->pdata[i], &any);
    g_string_append(text, "],\n  \"imagePath\": ");
    fv_label_put_string(text, name);
    g_string_append_printf(text, ", \"imageData\": null, \"imageHeight\": %d, \"imageWidth\": %d%s\n}\n",
                           labels->image.h, labels->image.w,
                           labels->kept ? labels->kept : ", \"version\": \"5.0.0\", \"flags\": {}");
}

const FvLabelHooks fv_labels_labelme = {
    .name = "labelme", .extension = ".json", .read = read_file, .write = write_file
};
