/* SPDX-License-Identifier: MIT
 * coco.c: one JSON for all images, as COCO has it (cocodataset.org, "Data format").
 *
 * Masks in run lengths are left out, with a warning: their boxes alone move. */
#include "core/labels/private.h"

#include <string.h>

static const char *const root_members[] = { "images", "annotations", "categories", NULL };
static const char *const image_members[] = { "id", "file_name", "width", "height", NULL };
static const char *const annotation_members[] = { "id",        "image_id",      "category_id", "bbox",   "segmentation",
                                                  "keypoints", "num_keypoints", "area",        "weight", NULL };

typedef struct {
    FvLabelSet *set;
    const char *file;
    GHashTable *images;      /* id -> FvLabels, of the set */
    GHashTable *annotations; /* ids */
    GHashTable *categories;  /* id -> class + 1 */
    GError **error;
} Reader;

static gint64 *new_id(gint64 id)
{
    return g_memdup2(&id, sizeof id);
}

static gboolean read_category(Reader *reader, JsonObject *category, guint at)
{
    gint64 id;
    const char *name = category ? fv_label_json_string(category, "name") : NULL;
    if (!name || !fv_label_json_integer(category, "id", &id))
        return fv_label_refuse(reader->set, reader->file, 0, reader->error, "categories[%u]: no id or no name", at);
    /* A name that is there twice would be one class: with its id it is two again. */
    g_autofree char *other = g_strdup_printf("%s %" G_GINT64_FORMAT, name, id);
    const gboolean twice = g_hash_table_contains(reader->set->class_of, name);
    const int label = fv_label_set_intern(reader->set, twice ? other : name);
    if ((guint) label != at || !g_hash_table_insert(reader->categories, new_id(id), GINT_TO_POINTER(label + 1)))
        return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                               "categories[%u]: id %" G_GINT64_FORMAT " is there twice", at, id);
    g_array_append_val(reader->set->ids, id);
    return TRUE;
}

static gboolean read_image(Reader *reader, JsonObject *image, guint at)
{
    gint64 id;
    const char *path = image ? fv_label_json_string(image, "file_name") : NULL;
    if (!path || !fv_label_json_integer(image, "id", &id))
        return fv_label_refuse(reader->set, reader->file, 0, reader->error, "images[%u]: no id or no file_name", at);
    if (!fv_label_path_safe(path))
        return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                               "images[%u]: file_name '%s' is not a relative path", at, path);
    if (g_hash_table_contains(reader->set->images, path) || g_hash_table_contains(reader->images, &id))
        return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                               "images[%u]: id %" G_GINT64_FORMAT " or '%s' is there twice", at, id, path);
    FvLabels *labels = fv_labels_new((FvShape){ 0 });
    labels->kept = fv_label_json_kept(image, image_members);
    g_hash_table_insert(reader->set->images, g_strdup(path), labels);
    g_hash_table_insert(reader->images, new_id(id), labels);
    return TRUE;
}

static gboolean read_numbers(JsonArray *array, double *numbers)
{
    for (guint i = 0; i < json_array_get_length(array); i++)
        if (!fv_label_json_number(json_array_get_element(array, i), &numbers[i]))
            return FALSE;
    return TRUE;
}

static gboolean read_bbox(JsonArray *bbox, FvBox *box)
{
    double numbers[4];
    if (json_array_get_length(bbox) != 4 || !read_numbers(bbox, numbers) || numbers[2] < 0 || numbers[3] < 0)
        return FALSE;
    box->x0 = numbers[0];
    box->y0 = numbers[1];
    box->x1 = numbers[0] + numbers[2];
    box->y1 = numbers[1] + numbers[3];
    return TRUE;
}

static gboolean read_polygon(JsonNode *node, FvBox *box)
{
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    const guint length = array ? json_array_get_length(array) : 0;
    g_autofree double *numbers = g_new(double, length + 1);
    if (length < 6 || length % 2 || !read_numbers(array, numbers))
        return FALSE;
    GArray *outline = fv_points_new();
    for (guint i = 0; i < length; i += 2)
        fv_points_add(outline, numbers[i], numbers[i + 1], 2);
    fv_box_add_outline(box, FV_OUTLINE_POLYGON, outline);
    return TRUE;
}

static gboolean read_keys(JsonArray *keys, FvBox *box)
{
    const guint length = json_array_get_length(keys);
    g_autofree double *numbers = g_new(double, length + 1);
    if (length % 3 || !read_numbers(keys, numbers))
        return FALSE;
    box->points = fv_points_new();
    for (guint i = 0; i < length; i += 3) {
        if (numbers[i + 2] != 0 && numbers[i + 2] != 1 && numbers[i + 2] != 2)
            return FALSE;
        const int visible = (int) numbers[i + 2];
        fv_points_add(box->points, visible ? numbers[i] : 0, visible ? numbers[i + 1] : 0, visible);
    }
    return TRUE;
}

static gboolean read_place(Reader *reader, JsonObject *annotation, FvBox *box, guint at)
{
    JsonArray *bbox = fv_label_json_array(annotation, "bbox"), *keys = fv_label_json_array(annotation, "keypoints");
    JsonArray *polygons = fv_label_json_array(annotation, "segmentation");
    JsonNode *segmentation = json_object_get_member(annotation, "segmentation");
    if (bbox && !read_bbox(bbox, box))
        return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                               "annotations[%u]: bbox must be [x, y, width, height]", at);
    for (guint i = 0; polygons && i < json_array_get_length(polygons); i++)
        if (!read_polygon(json_array_get_element(polygons, i), box))
            return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                                   "annotations[%u]: segmentation must be polygons [x, y, x, y, x, y ...]", at);
    if (keys && !read_keys(keys, box))
        return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                               "annotations[%u]: keypoints must be [x, y, visible ...], visible 0, 1 or 2", at);
    if (segmentation && JSON_NODE_HOLDS_OBJECT(segmentation) && bbox)
        fv_label_warn(reader->set, reader->file, "annotations[%u]: a mask in run lengths is left out, its box kept",
                      at);
    if (!bbox && !box->outlines && !box->points)
        return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                               "annotations[%u]: neither bbox nor polygons nor keypoints", at);
    if (!bbox && !box->outlines)
        box->outline = FV_OUTLINE_POINT;
    if (!bbox || box->outlines)
        fv_box_bound(box);
    return TRUE;
}

static gboolean read_annotation(Reader *reader, JsonObject *annotation, guint at)
{
    gint64 id, image = 0, category = 0;
    if (!annotation || !fv_label_json_integer(annotation, "image_id", &image) ||
        !fv_label_json_integer(annotation, "category_id", &category))
        return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                               "annotations[%u]: no image_id or no category_id", at);
    FvLabels *labels = g_hash_table_lookup(reader->images, &image);
    const int label = GPOINTER_TO_INT(g_hash_table_lookup(reader->categories, &category)) - 1;
    if (!labels || label < 0)
        return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                               "annotations[%u]: no %s of id %" G_GINT64_FORMAT, at, labels ? "category" : "image",
                               labels ? category : image);
    if (fv_label_json_integer(annotation, "id", &id) && !g_hash_table_add(reader->annotations, new_id(id)))
        return fv_label_refuse(reader->set, reader->file, 0, reader->error,
                               "annotations[%u]: id %" G_GINT64_FORMAT " is there twice", at, id);
    FvBox *box = fv_box_new(label);
    g_ptr_array_add(labels->boxes, box);
    box->weight = fv_label_json_weight(annotation);
    box->kept = fv_label_json_kept(annotation, annotation_members);
    return read_place(reader, annotation, box, at);
}

static gboolean read_all(Reader *reader, JsonObject *root, const char *name,
                         gboolean (*read)(Reader *reader, JsonObject *element, guint at))
{
    JsonArray *array = fv_label_json_array(root, name);
    if (!array)
        return fv_label_refuse(reader->set, reader->file, 0, reader->error, "no array '%s'", name);
    for (guint i = 0; i < json_array_get_length(array); i++)
        if (!read(reader, fv_label_json_element(array, i), i))
            return FALSE;
    return TRUE;
}

static gboolean load(FvLabelSet *set, GError **error)
{
    g_autoptr(GBytes) bytes = fv_label_set_read(set, set->only, error);
    g_autoptr(JsonNode) root = bytes ? fv_label_json(set, set->only, bytes, error) : NULL;
    if (!root)
        return FALSE;
    g_autoptr(GHashTable) images = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GHashTable) annotations = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    g_autoptr(GHashTable) categories = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    Reader reader = { set, set->only, images, annotations, categories, error };
    JsonObject *object = json_node_get_object(root);
    set->ids = g_array_new(FALSE, FALSE, sizeof(gint64));
    set->kept = fv_label_json_kept(object, root_members);
    if (!read_all(&reader, object, "categories", read_category) || !read_all(&reader, object, "images", read_image) ||
        !read_all(&reader, object, "annotations", read_annotation))
        return FALSE;
    set->categories = json_to_string(json_object_get_member(object, "categories"), FALSE);
    return TRUE;
}

/* ----------------------------------------------------------------- writing */

static void put_outlines(GString *text, const FvBox *box, double *area)
{
    *area = box->outline == FV_OUTLINE_BOX ? (box->x1 - box->x0) * (box->y1 - box->y0) : 0;
    g_string_append(text, ", \"segmentation\": [");
    for (guint i = 0; box->outlines && i < box->outlines->len; i++) {
        const GArray *outline = box->outlines->pdata[i];
        *area += fv_outline_measure(outline, FALSE);
        g_string_append(text, i ? ", [" : "[");
        for (guint k = 0; k < outline->len; k++) {
            g_string_append(text, k ? ", " : "");
            fv_label_put_number(text, g_array_index(outline, FvPoint, k).x);
            g_string_append(text, ", ");
            fv_label_put_number(text, g_array_index(outline, FvPoint, k).y);
        }
        g_string_append_c(text, ']');
    }
    g_string_append_c(text, ']');
}

static void put_keys(GString *text, const GArray *points)
{
    int there = 0;
    g_string_append(text, ", \"keypoints\": [");
    for (guint i = 0; i < points->len; i++) {
        const FvPoint p = g_array_index(points, FvPoint, i);
        g_string_append(text, i ? ", " : "");
        fv_label_put_number(text, p.x);
        g_string_append(text, ", ");
        fv_label_put_number(text, p.y);
        g_string_append_printf(text, ", %d", p.visible);
        there += p.visible > 0;
    }
    g_string_append_printf(text, "], \"num_keypoints\": %d", there);
}

static void put_annotation(const FvLabelSet *set, GString *text, const FvBox *box, guint id, guint image)
{
    const double numbers[] = { box->x0, box->y0, box->x1 - box->x0, box->y1 - box->y0 };
    double area;
    g_string_append_printf(text, "%s\n  {\"id\": %u, \"image_id\": %u, \"category_id\": %" G_GINT64_FORMAT,
                           id > 1 ? "," : "", id, image, g_array_index(set->ids, gint64, box->label));
    /* Key points alone stay that: with a box they would be read as an object of that place. */
    for (int i = 0; i < 4 && box->outline != FV_OUTLINE_POINT; i++) {
        g_string_append(text, i ? ", " : ", \"bbox\": [");
        fv_label_put_number(text, numbers[i]);
    }
    g_string_append(text, box->outline != FV_OUTLINE_POINT ? "]" : "");
    put_outlines(text, box, &area);
    if (box->points)
        put_keys(text, box->points);
    g_string_append(text, ", \"area\": ");
    fv_label_put_number(text, area);
    if (box->weight != 1) {
        g_string_append(text, ", \"weight\": ");
        fv_label_put_number(text, box->weight);
    }
    g_string_append_printf(text, "%s}", box->kept ? box->kept : "");
}

static gboolean write_all(FvLabelSet *set, const GPtrArray *paths, const GPtrArray *all, GString *text)
{
    guint id = 0;
    g_string_append(text, "{\"images\": [");
    for (guint i = 0; i < paths->len; i++) {
        const FvLabels *labels = all->pdata[i];
        g_string_append_printf(text, "%s\n  {\"id\": %u, \"file_name\": ", i ? "," : "", i + 1);
        fv_label_put_string(text, paths->pdata[i]);
        g_string_append_printf(text, ", \"width\": %d, \"height\": %d%s}", labels->image.w, labels->image.h,
                               labels->kept ? labels->kept : "");
    }
    g_string_append(text, "],\n\"annotations\": [");
    for (guint i = 0; i < paths->len; i++) {
        const FvLabels *labels = all->pdata[i];
        for (guint k = 0; k < labels->boxes->len; k++)
            put_annotation(set, text, labels->boxes->pdata[k], ++id, i + 1);
    }
    g_string_append_printf(text, "],\n\"categories\": %s%s}\n", set->categories, set->kept ? set->kept : "");
    return TRUE;
}

const FvLabelHooks fv_labels_coco = { .name = "coco", .load = load, .write_all = write_all, .all = "annotations.json" };
