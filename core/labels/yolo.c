/* SPDX-License-Identifier: MIT
 * yolo.c: text files beside the images: `class cx cy w h` or `class x1 y1 x2 y2 x3 y3 ...`, shares of the image's size.
 *
 * Names of classes are in classes.txt, a line each. Darknet's format, and Ultralytics' for polygons. */
#include "core/labels/private.h"

#include <math.h>
#include <string.h>

enum { BOX_FIELDS = 5, LEAST_POLYGON = 7 };
/* What programs round may lie this much outside. */
#define SLACK 0.001

static gboolean load(FvLabelSet *set, GError **error)
{
    static const char *const places[] = { "classes.txt", "labels/classes.txt" };
    const char *file = NULL;
    for (guint i = 0; i < G_N_ELEMENTS(places) && !file; i++)
        file = g_hash_table_contains(set->known, places[i]) ? places[i] : NULL;
    if (!file)
        return TRUE;
    g_autoptr(GBytes) bytes = fv_label_set_read(set, file, error);
    if (!bytes)
        return FALSE;
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    if (size && !g_utf8_validate(data, (gssize) size, NULL))
        return fv_label_refuse(set, file, 0, error, "not UTF-8");
    g_autofree char *text = g_strndup(size ? data : "", size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", FV_LABELS_MOST_CLASS + 2);
    for (int i = 0; lines[i]; i++) {
        g_strstrip(lines[i]);
        if (!*lines[i] && !lines[i + 1])
            break;
        if (!*lines[i] || i > FV_LABELS_MOST_CLASS)
            return fv_label_refuse(set, file, i + 1, error, *lines[i] ? "too many classes" : "a class without a name");
        if (fv_label_set_intern(set, lines[i]) != i)
            return fv_label_refuse(set, file, i + 1, error, "class '%s' is there twice", lines[i]);
    }
    set->named = file;
    return TRUE;
}

static gboolean read_class(const FvLabelSet *set, const char *text, int *label)
{
    double number;
    if (!fv_label_number(text, &number) || number < 0 || number > FV_LABELS_MOST_CLASS || number != floor(number))
        return FALSE;
    *label = (int) number;
    return !set->named || (guint) *label < set->classes->len;
}

static gboolean read_shares(char *const *fields, int count, double *shares)
{
    for (int i = 0; i < count; i++) {
        if (!fv_label_number(fields[i], &shares[i]) || shares[i] < -SLACK || shares[i] > 1 + SLACK)
            return FALSE;
        shares[i] = CLAMP(shares[i], 0, 1);
    }
    return TRUE;
}

static FvBox *make_box(int label, const double *shares, int count, FvShape image)
{
    FvBox *box = fv_box_new(label);
    if (count == BOX_FIELDS - 1) {
        box->x0 = CLAMP(shares[0] - shares[2] / 2, 0, 1) * image.w;
        box->y0 = CLAMP(shares[1] - shares[3] / 2, 0, 1) * image.h;
        box->x1 = CLAMP(shares[0] + shares[2] / 2, 0, 1) * image.w;
        box->y1 = CLAMP(shares[1] + shares[3] / 2, 0, 1) * image.h;
        return box;
    }
    GArray *outline = fv_points_new();
    for (int i = 0; i < count; i += 2)
        fv_points_add(outline, shares[i] * image.w, shares[i + 1] * image.h, 2);
    fv_box_add_outline(box, FV_OUTLINE_POLYGON, outline);
    fv_box_bound(box);
    return box;
}

static gboolean read_line(FvLabelSet *set, const char *file, int line, char *text, FvLabels *labels, GError **error)
{
    g_autoptr(GPtrArray) fields = g_ptr_array_new();
    char *rest = NULL;
    for (char *field = strtok_r(text, " \t\r", &rest); field; field = strtok_r(NULL, " \t\r", &rest))
        g_ptr_array_add(fields, field);
    const int count = (int) fields->len;
    int label;
    if (!count)
        return TRUE;
    if (count != BOX_FIELDS && (count < LEAST_POLYGON || count % 2 == 0))
        return fv_label_refuse(set, file, line, error,
                               "%d fields; it must be `class cx cy w h` or a class and a polygon", count);
    if (!read_class(set, fields->pdata[0], &label))
        return fv_label_refuse(set, file, line, error, "'%s' is no class", (char *) fields->pdata[0]);
    g_autofree double *shares = g_new(double, (gsize) count);
    if (!read_shares((char *const *) fields->pdata + 1, count - 1, shares))
        return fv_label_refuse(set, file, line, error, "coordinates must be numbers from 0 to 1, shares of the image");
    g_ptr_array_add(labels->boxes, make_box(label, shares, count - 1, labels->image));
    return TRUE;
}

static gboolean read_file(FvLabelSet *set, const char *file, GBytes *bytes, FvLabels *labels, GError **error)
{
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    g_autofree char *text = g_strndup(size ? data : "", size);
    if (strlen(text) != size)
        return fv_label_refuse(set, file, 0, error, "not a text");
    char *at = text;
    for (int line = 1; at; line++) {
        char *end = strchr(at, '\n');
        if (end)
            *end++ = 0;
        if (!read_line(set, file, line, at, labels, error))
            return FALSE;
        at = end;
    }
    return TRUE;
}

static void put_share(GString *text, double at, int size)
{
    g_string_append_c(text, ' ');
    fv_label_put_number(text, size ? CLAMP(at / size, 0, 1) : 0);
}

static void write_file(FvLabelSet *set, const char *path, const FvLabels *labels, GString *text)
{
    const FvShape image = labels->image;
    for (guint i = 0; i < labels->boxes->len; i++) {
        const FvBox *box = labels->boxes->pdata[i];
        for (guint k = 0; box->outlines && k < box->outlines->len; k++) {
            const GArray *outline = box->outlines->pdata[k];
            g_string_append_printf(text, "%d", box->label);
            for (guint n = 0; n < outline->len; n++) {
                put_share(text, g_array_index(outline, FvPoint, n).x, image.w);
                put_share(text, g_array_index(outline, FvPoint, n).y, image.h);
            }
            g_string_append_c(text, '\n');
        }
        if (box->outlines)
            continue;
        g_string_append_printf(text, "%d", box->label);
        put_share(text, (box->x0 + box->x1) / 2, image.w);
        put_share(text, (box->y0 + box->y1) / 2, image.h);
        put_share(text, box->x1 - box->x0, image.w);
        put_share(text, box->y1 - box->y0, image.h);
        g_string_append_c(text, '\n');
    }
}

static gboolean write_classes(FvLabelSet *set, const GPtrArray *paths, const GPtrArray *all, GString *text)
{
    for (guint i = 0; set->named && i < set->classes->len; i++)
        g_string_append_printf(text, "%s\n", (char *) set->classes->pdata[i]);
    return set->named != NULL;
}

const FvLabelHooks fv_labels_yolo = {
    .name = "yolo",
    .extension = ".txt",
    .load = load,
    .read = read_file,
    .write = write_file,
    .write_all = write_classes,
    .all = "classes.txt",
};
