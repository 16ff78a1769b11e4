/* SPDX-License-Identifier: MIT
 * csv.c: one table for all images (RFC 4180), in one of three layouts:
 *
 *     file,class[,weight]                  a class; an image's rows with weights are a mix
 *     file,x0,y0,x1,y1,class               a box in pixels; all but the file empty: an image without objects
 *     file,x1,y1,x2,y2,...[,class]         key points in pixels; empty: not there
 *
 * The first row is a heading where its first field is file, filename, image or path; it is kept. Six columns are boxes
 * but where the heading's second is x1; three are a class with a weight where their second is no number. */
#include "core/labels/private.h"

#include <math.h>
#include <string.h>

enum { CLASS = 2, CLASS_WEIGHT = 3, BOX = 6 };

typedef struct {
    FvLabelSet *set;
    const char *at;
    int line;
    GError **error;
} Reader;

/* One field; FALSE: malformed. @last: the row ends with it. */
static gboolean read_field(Reader *reader, GString *field, gboolean *last)
{
    g_string_truncate(field, 0);
    if (*reader->at == '"') {
        const int line = reader->line;
        for (reader->at++; *reader->at != '"' || reader->at[1] == '"'; reader->at++) {
            if (!*reader->at)
                return fv_label_refuse(reader->set, reader->set->only, line, reader->error, "a quote is not closed");
            reader->line += *reader->at == '\n';
            g_string_append_c(field, *reader->at);
            reader->at += *reader->at == '"';
        }
        reader->at++;
    } else {
        const gsize length = strcspn(reader->at, ",\r\n\"");
        g_string_append_len(field, reader->at, (gssize) length);
        reader->at += length;
    }
    if (*reader->at == '\r' && reader->at[1] == '\n')
        reader->at++;
    *last = *reader->at != ',';
    if (*reader->at && *reader->at != ',' && *reader->at != '\n')
        return fv_label_refuse(reader->set, reader->set->only, reader->line, reader->error,
                               "a quote within a field, or text after one");
    return TRUE;
}

static gboolean read_row(Reader *reader, GPtrArray *fields)
{
    g_autoptr(GString) field = g_string_new(NULL);
    gboolean last = FALSE;
    g_ptr_array_set_size(fields, 0);
    while (!last) {
        if (!read_field(reader, field, &last))
            return FALSE;
        g_ptr_array_add(fields, g_strdup(field->str));
        reader->at += *reader->at != 0;
    }
    return TRUE;
}

static gboolean is_heading(const char *field)
{
    static const char *const names[] = { "file", "filename", "file_name", "image", "path" };
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (!g_ascii_strcasecmp(field, names[i]))
            return TRUE;
    return FALSE;
}

static gboolean is_class_column(const char *name)
{
    return !g_ascii_strcasecmp(name, "class") || !g_ascii_strcasecmp(name, "label");
}

/* Takes the layout from the first row. */
static gboolean read_layout(Reader *reader, const GPtrArray *row, gboolean heading)
{
    FvLabelSet *set = reader->set;
    double number;
    set->columns = (int) row->len;
    if (row->len < CLASS)
        return fv_label_refuse(set, set->only, reader->line, reader->error, "a single column");
    const char *second = row->pdata[1];
    if (set->columns == BOX)
        set->boxes = !heading || g_ascii_strcasecmp(second, "x1") != 0;
    /* three columns: a class and its weight, or one key point */
    if (set->columns == CLASS_WEIGHT)
        set->boxes = heading ? is_class_column(second) : !fv_label_number(second, &number);
    return TRUE;
}

static gboolean refuse(Reader *reader, int line, const char *what)
{
    return fv_label_refuse(reader->set, reader->set->only, line, reader->error, "%s", what);
}

static gboolean add_class(Reader *reader, int line, char *const *fields, FvLabels *labels)
{
    FvClass class = { 0, 1 };
    if (!*fields[1])
        return refuse(reader, line, "no class");
    if (reader->set->columns == CLASS && labels->classes->len)
        return refuse(reader, line, "the file is there twice");
    if (reader->set->columns == CLASS_WEIGHT &&
        (!fv_label_number(fields[2], &class.weight) || class.weight < 0 || class.weight > 1))
        return refuse(reader, line, "a weight must be a number from 0 to 1");
    class.label = fv_label_set_intern(reader->set, fields[1]);
    g_array_append_val(labels->classes, class);
    return TRUE;
}

static gboolean add_box(Reader *reader, int line, char *const *fields, FvLabels *labels)
{
    double at[4];
    gboolean empty = TRUE;
    for (int i = 1; i < BOX; i++)
        empty &= !*fields[i];
    if (empty)
        return TRUE;
    for (int i = 0; i < 4; i++)
        if (!fv_label_number(fields[i + 1], &at[i]))
            return refuse(reader, line, "x0, y0, x1, y1 must be numbers");
    if (at[0] > at[2] || at[1] > at[3] || !*fields[5])
        return refuse(reader, line, *fields[5] ? "the box ends before it begins" : "no class");
    FvBox *box = fv_box_new(fv_label_set_intern(reader->set, fields[5]));
    box->x0 = at[0];
    box->y0 = at[1];
    box->x1 = at[2];
    box->y1 = at[3];
    g_ptr_array_add(labels->boxes, box);
    return TRUE;
}

static gboolean add_points(Reader *reader, int line, char *const *fields, FvLabels *labels)
{
    const int columns = reader->set->columns;
    const gboolean named = columns % 2 == 0;
    FvBox *box = fv_box_new(named ? fv_label_set_intern(reader->set, fields[columns - 1]) : -1);
    g_ptr_array_add(labels->boxes, box);
    box->outline = FV_OUTLINE_POINT;
    box->points = fv_points_new();
    for (int i = 1; i + 1 < columns; i += 2) {
        double x = 0, y = 0;
        const gboolean there = *fields[i] || *fields[i + 1];
        if (there && (!fv_label_number(fields[i], &x) || !fv_label_number(fields[i + 1], &y)))
            return refuse(reader, line, "key points must be numbers, or empty");
        fv_points_add(box->points, x, y, there ? 2 : 0);
    }
    fv_box_bound(box);
    return TRUE;
}

static gboolean add_row(Reader *reader, int line, const GPtrArray *row)
{
    FvLabelSet *set = reader->set;
    const char *path = row->pdata[0];
    if ((int) row->len != set->columns)
        return fv_label_refuse(set, set->only, line, reader->error, "%u columns; the first row has %d", row->len,
                               set->columns);
    if (!fv_label_path_safe(path))
        return fv_label_refuse(set, set->only, line, reader->error, "'%s' is not a relative path", path);
    FvLabels *labels = g_hash_table_lookup(set->images, path);
    if (!labels) {
        labels = fv_labels_new((FvShape){ 0 });
        g_hash_table_insert(set->images, g_strdup(path), labels);
    }
    char *const *fields = (char *const *) row->pdata;
    if (set->columns == CLASS || (set->columns == CLASS_WEIGHT && set->boxes))
        return add_class(reader, line, fields, labels);
    return set->columns == BOX && set->boxes ? add_box(reader, line, fields, labels)
                                             : add_points(reader, line, fields, labels);
}

static char *keep_heading(const char *start, gsize size)
{
    while (size && strchr("\r\n", start[size - 1]))
        size--;
    return g_ref_string_new_len(start, (gssize) size);
}

static gboolean read_table(Reader *reader)
{
    g_autoptr(GPtrArray) row = g_ptr_array_new_with_free_func(g_free);
    FvLabelSet *set = reader->set;
    while (*reader->at) {
        const char *start = reader->at;
        const int line = reader->line;
        if (!read_row(reader, row))
            return FALSE;
        const gboolean blank = row->len == 1 && !*(const char *) row->pdata[0];
        const gboolean heading = !set->columns && is_heading(row->pdata[0]);
        if (!blank && !set->columns && !read_layout(reader, row, heading))
            return FALSE;
        if (heading)
            set->kept = keep_heading(start, (gsize) (reader->at - start));
        else if (!blank && !add_row(reader, line, row))
            return FALSE;
        reader->line++;
    }
    return TRUE;
}

static gboolean load(FvLabelSet *set, GError **error)
{
    g_autoptr(GBytes) bytes = fv_label_set_read(set, set->only, error);
    if (!bytes)
        return FALSE;
    gsize size;
    const char *data = g_bytes_get_data(bytes, &size);
    if (size && !g_utf8_validate(data, (gssize) size, NULL))
        return fv_label_refuse(set, set->only, 0, error, "not UTF-8");
    g_autofree char *text = g_strndup(size ? data : "", size);
    /* Excel begins UTF-8 with a byte order mark. */
    Reader reader = { set, g_str_has_prefix(text, "\xef\xbb\xbf") ? text + 3 : text, 1, error };
    return read_table(&reader);
}

/* ----------------------------------------------------------------- writing */

static void put_field(GString *text, const char *field)
{
    if (!strpbrk(field, ",\"\r\n")) {
        g_string_append(text, field);
        return;
    }
    g_string_append_c(text, '"');
    for (; *field; field++)
        g_string_append(text, *field == '"' ? "\"\"" : (char[]){ *field, 0 });
    g_string_append_c(text, '"');
}

static void put_classes(FvLabelSet *set, GString *text, const char *path, const FvLabels *labels, gboolean weights)
{
    for (guint i = 0; i < labels->classes->len; i++) {
        const FvClass class = g_array_index(labels->classes, FvClass, i);
        g_autofree char *name = fv_label_set_class(set, class.label);
        put_field(text, path);
        g_string_append_c(text, ',');
        put_field(text, name);
        if (weights) {
            g_string_append_c(text, ',');
            fv_label_put_number(text, class.weight);
        }
        g_string_append_c(text, '\n');
    }
}

static void put_box(GString *text, const FvBox *box)
{
    const double edges[4] = { box->x0, box->y0, box->x1, box->y1 };
    for (int i = 0; i < 4; i++) {
        g_string_append_c(text, ',');
        fv_label_put_number(text, edges[i]);
    }
}

static void put_points(GString *text, const GArray *points)
{
    for (guint i = 0; i < points->len; i++) {
        const FvPoint p = g_array_index(points, FvPoint, i);
        g_string_append_c(text, ',');
        if (p.visible)
            fv_label_put_number(text, p.x);
        g_string_append_c(text, ',');
        if (p.visible)
            fv_label_put_number(text, p.y);
    }
}

static void put_objects(FvLabelSet *set, GString *text, const char *path, const FvLabels *labels)
{
    for (guint i = 0; i < labels->boxes->len; i++) {
        const FvBox *box = labels->boxes->pdata[i];
        g_autofree char *name = fv_label_set_class(set, box->label);
        put_field(text, path);
        if (box->outline == FV_OUTLINE_POINT)
            put_points(text, box->points);
        else
            put_box(text, box);
        if (box->label >= 0) {
            g_string_append_c(text, ',');
            put_field(text, name);
        }
        g_string_append_c(text, '\n');
    }
    if (!labels->boxes->len && set->columns == BOX && set->boxes) {
        put_field(text, path);
        g_string_append(text, ",,,,,\n");
    }
}

static gboolean write_all(FvLabelSet *set, const GPtrArray *paths, const GPtrArray *all, GString *text)
{
    const gboolean classes = set->columns <= CLASS || (set->columns == CLASS_WEIGHT && set->boxes);
    gboolean weights = set->columns == CLASS_WEIGHT;
    for (guint i = 0; i < all->len; i++)
        weights |= classes && ((const FvLabels *) all->pdata[i])->classes->len > 1;
    if (classes && weights && set->columns != CLASS_WEIGHT)
        g_string_append(text, "file,class,weight\n");
    else if (set->kept)
        g_string_append_printf(text, "%s\n", set->kept);
    for (guint i = 0; i < paths->len; i++) {
        if (classes)
            put_classes(set, text, paths->pdata[i], all->pdata[i], weights);
        else
            put_objects(set, text, paths->pdata[i], all->pdata[i]);
    }
    return TRUE;
}

const FvLabelHooks fv_labels_csv = { .name = "csv", .load = load, .write_all = write_all, .all = "labels.csv" };
