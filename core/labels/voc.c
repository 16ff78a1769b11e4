/* SPDX-License-Identifier: MIT
 * voc.c: an XML per image, as Pascal VOC has it (Everingham et al., 2010): objects with names and boxes.
 *
 * VOC counts pixels from 1, and a box's xmax is within it: xmin is x0 + 1, xmax is x1. Written boxes are of whole
 * pixels, all that the object touches. Elements that say nothing of places are kept. */
#include "core/labels/private.h"
#include "core/labels/xml.h"

#include <math.h>
#include <string.h>

/* What rounding leaves over a whole pixel is no pixel. */
#define SLIVER 1e-6

static gboolean read_edge(const FvXml *bndbox, const char *name, double *edge)
{
    const FvXml *xml = fv_xml_child(bndbox, name);
    return xml && fv_label_number(xml->text->str, edge);
}

static gboolean read_bndbox(FvLabelSet *set, const char *file, const FvXml *object, FvBox *box, GError **error)
{
    const FvXml *bndbox = fv_xml_child(object, "bndbox");
    if (!bndbox)
        return fv_label_refuse(set, file, object->line, error, "%s without bndbox", object->name);
    if (!read_edge(bndbox, "xmin", &box->x0) || !read_edge(bndbox, "ymin", &box->y0) ||
        !read_edge(bndbox, "xmax", &box->x1) || !read_edge(bndbox, "ymax", &box->y1))
        return fv_label_refuse(set, file, bndbox->line, error, "bndbox must have numbers xmin, ymin, xmax, ymax");
    box->x0 -= 1;
    box->y0 -= 1;
    return (box->x0 <= box->x1 && box->y0 <= box->y1) ||
           fv_label_refuse(set, file, bndbox->line, error, "bndbox ends before it begins");
}

static char *keep(const FvXml *xml, const char *const *known, int indent)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < xml->children->len; i++) {
        const FvXml *child = xml->children->pdata[i];
        if (!g_strv_contains(known, child->name))
            fv_xml_put(text, child, indent);
    }
    return text->len ? g_ref_string_new(text->str) : NULL;
}

static FvBox *read_object(FvLabelSet *set, const char *file, const FvXml *object, gboolean is_part, GError **error)
{
    static const char *const known[] = { "name", "bndbox", "part", NULL };
    static const char *const known_part[] = { "name", "bndbox", NULL };
    const FvXml *name = fv_xml_child(object, "name");
    if (!name || !name->text->len) {
        fv_label_refuse(set, file, object->line, error, "%s without a name", object->name);
        return NULL;
    }
    FvBox *box = fv_box_new(fv_label_set_intern(set, name->text->str));
    gboolean whole = read_bndbox(set, file, object, box, error);
    box->kept = keep(object, is_part ? known_part : known, is_part ? 6 : 4);
    for (guint i = 0; whole && !is_part && i < object->children->len; i++) {
        const FvXml *child = object->children->pdata[i];
        if (strcmp(child->name, "part") != 0)
            continue;
        FvBox *part = read_object(set, file, child, TRUE, error);
        if (!box->parts)
            box->parts = g_ptr_array_new_with_free_func(fv_box_free);
        if (part)
            g_ptr_array_add(box->parts, part);
        whole = part != NULL;
    }
    if (!whole)
        g_clear_pointer(&box, fv_box_free);
    return box;
}

static gboolean read_file(FvLabelSet *set, const char *file, GBytes *bytes, FvLabels *labels, GError **error)
{
    static const char *const known[] = { "object", "filename", "path", "size", NULL };
    g_autoptr(GError) reason = NULL;
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    g_autoptr(FvXml) root = fv_xml_read(size ? text : "", size, FV_LABELS_MOST_DEPTH, &reason);
    if (!root)
        return fv_label_refuse(set, file, 0, error, "%s", reason->message);
    if (strcmp(root->name, "annotation") != 0)
        return fv_label_refuse(set, file, root->line, error, "<%s> is not VOC's <annotation>", root->name);
    for (guint i = 0; i < root->children->len; i++) {
        const FvXml *child = root->children->pdata[i];
        FvBox *box = strcmp(child->name, "object") ? NULL : read_object(set, file, child, FALSE, error);
        if (box)
            g_ptr_array_add(labels->boxes, box);
        else if (!strcmp(child->name, "object"))
            return FALSE;
    }
    labels->kept = keep(root, known, 2);
    return TRUE;
}

/* ----------------------------------------------------------------- writing */

static void put_element(GString *text, int indent, const char *name, const char *content)
{
    g_autofree char *escaped = g_markup_escape_text(content, -1);
    g_string_append_printf(text, "%*s<%s>%s</%s>\n", indent, "", name, escaped, name);
}

static void put_edge(GString *text, int indent, const char *name, double edge)
{
    g_string_append_printf(text, "%*s<%s>%.0f</%s>\n", indent, "", name, edge, name);
}

static void put_object(FvLabelSet *set, GString *text, const FvBox *box, const char *element, int indent)
{
    g_autofree char *name = fv_label_set_class(set, box->label);
    const double x0 = floor(box->x0 + SLIVER), y0 = floor(box->y0 + SLIVER);
    g_string_append_printf(text, "%*s<%s>\n", indent, "", element);
    put_element(text, indent + 2, "name", name);
    g_string_append(text, box->kept ? box->kept : "");
    g_string_append_printf(text, "%*s<bndbox>\n", indent + 2, "");
    put_edge(text, indent + 4, "xmin", x0 + 1);
    put_edge(text, indent + 4, "ymin", y0 + 1);
    /* a sliver of a pixel still is that pixel */
    put_edge(text, indent + 4, "xmax", MAX(ceil(box->x1 - SLIVER), x0 + 1));
    put_edge(text, indent + 4, "ymax", MAX(ceil(box->y1 - SLIVER), y0 + 1));
    g_string_append_printf(text, "%*s</bndbox>\n", indent + 2, "");
    for (guint i = 0; box->parts && i < box->parts->len; i++)
        put_object(set, text, box->parts->pdata[i], "part", indent + 2);
    g_string_append_printf(text, "%*s</%s>\n", indent, "", element);
}

static void write_file(FvLabelSet *set, const char *path, const FvLabels *labels, GString *text)
{
    g_autofree char *name = g_path_get_basename(path);
    g_string_append(text, "<annotation>\n");
    put_element(text, 2, "filename", name);
    g_string_append(text, labels->kept ? labels->kept : "");
    g_string_append_printf(
        text, "  <size>\n    <width>%d</width>\n    <height>%d</height>\n    <depth>%d</depth>\n  </size>\n",
        labels->image.w, labels->image.h, labels->image.c);
    for (guint i = 0; i < labels->boxes->len; i++)
        put_object(set, text, labels->boxes->pdata[i], "object", 2);
    g_string_append(text, "</annotation>\n");
}

const FvLabelHooks fv_labels_voc = { .name = "voc", .extension = ".xml", .read = read_file, .write = write_file };
