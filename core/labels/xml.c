/* SPDX-License-Identifier: MIT
 * xml.c: small XML documents as trees, by GMarkup, which expands no entities but the five of XML itself. */
#include "core/labels/xml.h"

#include <string.h>

typedef struct {
    GPtrArray *open; /* of FvXml, borrowed: the way to where we are */
    FvXml *root;
    int deepest;
} Builder;

void fv_xml_free(gpointer data)
{
    FvXml *xml = data;
    if (!xml)
        return;
    g_free(xml->name);
    g_string_free(xml->attributes, TRUE);
    g_string_free(xml->text, TRUE);
    g_ptr_array_unref(xml->children);
    g_free(xml);
}

static void start(GMarkupParseContext *context, const char *name, const char **names, const char **values,
                  gpointer data, GError **error)
{
    Builder *builder = data;
    int line;
    g_markup_parse_context_get_position(context, &line, NULL);
    if ((int) builder->open->len >= builder->deepest) {
        g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "Error on line %d: nested more than %d deep",
                    line, builder->deepest);
        return;
    }
    if (!builder->open->len && builder->root) {
        g_set_error(error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "Error on line %d: a second root", line);
        return;
    }
    FvXml *xml = g_new0(FvXml, 1);
    *xml = (FvXml){ g_strdup(name), g_string_new(NULL), g_string_new(NULL), g_ptr_array_new_with_free_func(fv_xml_free),
                    line };
    for (int i = 0; names[i]; i++) {
        g_autofree char *value = g_markup_escape_text(values[i], -1);
        g_string_append_printf(xml->attributes, " %s=\"%s\"", names[i], value);
    }
    if (builder->open->len)
        g_ptr_array_add(((FvXml *) builder->open->pdata[builder->open->len - 1])->children, xml);
    else
        builder->root = xml;
    g_ptr_array_add(builder->open, xml);
}

static void end(GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
    Builder *builder = data;
    FvXml *xml = builder->open->pdata[builder->open->len - 1];
    g_autofree char *trimmed = g_strdup(xml->text->str);
    g_string_assign(xml->text, g_strstrip(trimmed));
    g_ptr_array_set_size(builder->open, (int) builder->open->len - 1);
}

static void add_text(GMarkupParseContext *context, const char *text, gsize size, gpointer data, GError **error)
{
    Builder *builder = data;
    if (builder->open->len)
        g_string_append_len(((FvXml *) builder->open->pdata[builder->open->len - 1])->text, text, (gssize) size);
}

FvXml *fv_xml_read(const char *text, gsize size, int deepest, GError **error)
{
    static const GMarkupParser parser = { .start_element = start, .end_element = end, .text = add_text };
    g_autoptr(GPtrArray) open = g_ptr_array_new();
    Builder builder = { .open = open, .deepest = deepest };
    g_autoptr(GMarkupParseContext) context =
        g_markup_parse_context_new(&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &builder, NULL);
    if (g_markup_parse_context_parse(context, text, (gssize) size, error) &&
        g_markup_parse_context_end_parse(context, error)) {
        /* a lone declaration is no empty document to GMarkup */
        if (!builder.root)
            g_set_error_literal(error, G_MARKUP_ERROR, G_MARKUP_ERROR_EMPTY, "no element");
        return builder.root;
    }
    fv_xml_free(builder.root);
    return NULL;
}

const FvXml *fv_xml_child(const FvXml *xml, const char *name)
{
    for (guint i = 0; i < xml->children->len; i++)
        if (!strcmp(((const FvXml *) xml->children->pdata[i])->name, name))
            return xml->children->pdata[i];
    return NULL;
}

void fv_xml_put(GString *text, const FvXml *xml, int indent)
{
    g_autofree char *content = g_markup_escape_text(xml->text->str, -1);
    g_string_append_printf(text, "%*s<%s%s", indent, "", xml->name, xml->attributes->str);
    if (!xml->children->len && !*content) {
        g_string_append(text, "/>\n");
        return;
    }
    g_string_append_printf(text, ">%s", content);
    if (xml->children->len)
        g_string_append_c(text, '\n');
    for (guint i = 0; i < xml->children->len; i++)
        fv_xml_put(text, xml->children->pdata[i], indent + 2);
    g_string_append_printf(text, "%*s</%s>\n", xml->children->len ? indent : 0, "", xml->name);
}
