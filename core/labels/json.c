/* SPDX-License-Identifier: MIT
 * json.c: foreign JSON as the formats need it. */
#include "core/labels/private.h"

#include <math.h>
#include <string.h>

/* json-glib calls itself for every depth. */
static gboolean too_deep(const char *text, gsize size)
{
    gboolean string = FALSE;
    for (gsize i = 0, depth = 0; i < size; i++) {
        if (string && text[i] == '\\')
            i++;
        else if (text[i] == '"')
            string = !string;
        else if (!string && (text[i] == '{' || text[i] == '[') && ++depth > FV_LABELS_MOST_DEPTH)
            return TRUE;
        else if (!string && (text[i] == '}' || text[i] == ']') && depth)
            depth--;
    }
    return FALSE;
}

JsonNode *fv_label_json(const FvLabelSet *set, const char *file, GBytes *bytes, GError **error)
{
    gsize size;
    const char *text = g_bytes_get_data(bytes, &size);
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) reason = NULL;
    JsonNode *root = NULL;
    if (!size || !g_utf8_validate(text, (gssize) size, NULL))
        fv_label_refuse(set, file, 0, error, size ? "not UTF-8" : "empty");
    else if (too_deep(text, size))
        fv_label_refuse(set, file, 0, error, "nested more than %d deep", FV_LABELS_MOST_DEPTH);
    else if (!json_parser_load_from_data(parser, text, (gssize) size, &reason))
        fv_label_refuse(set, file, 0, error, "%s",
                        g_str_has_prefix(reason->message, "<data>:") ? reason->message + 7 : reason->message);
    else if (!(root = json_parser_get_root(parser)) || !JSON_NODE_HOLDS_OBJECT(root))
        fv_label_refuse(set, file, 0, error, "not a JSON object");
    return root && JSON_NODE_HOLDS_OBJECT(root) ? json_parser_steal_root(parser) : NULL;
}

char *fv_label_json_kept(JsonObject *object, const char *const *known)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GList) names = json_object_get_members(object);
    for (const GList *at = names; at; at = at->next) {
        if (g_strv_contains(known, at->data))
            continue;
        g_autofree char *value = json_to_string(json_object_get_member(object, at->data), FALSE);
        g_string_append(text, ", ");
        fv_label_put_string(text, at->data);
        g_string_append_printf(text, ": %s", value);
    }
    return text->len ? g_ref_string_new(text->str) : NULL;
}

gboolean fv_label_json_number(JsonNode *node, double *number)
{
    if (!node || !JSON_NODE_HOLDS_VALUE(node))
        return FALSE;
    const GType type = json_node_get_value_type(node);
    if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return FALSE;
    *number = json_node_get_double(node);
    return fabs(*number) <= FV_LABELS_MOST_COORDINATE;
}

gboolean fv_label_json_integer(JsonObject *object, const char *name, gint64 *number)
{
    JsonNode *node = json_object_get_member(object, name);
    if (!node || !JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64)
        return FALSE;
    *number = json_node_get_int(node);
    return TRUE;
}

double fv_label_json_weight(JsonObject *object)
{
    double weight;
    return fv_label_json_number(json_object_get_member(object, "weight"), &weight) && weight >= 0 && weight <= 1
               ? weight
               : 1;
}

const char *fv_label_json_string(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING
               ? json_node_get_string(node)
               : NULL;
}

JsonArray *fv_label_json_array(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

JsonObject *fv_label_json_element(JsonArray *array, guint i)
{
    JsonNode *node = json_array_get_element(array, i);
    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

void fv_label_put_string(GString *text, const char *string)
{
    g_string_append_c(text, '"');
    for (const char *at = string; *at; at++) {
        if (*at == '"' || *at == '\\')
            g_string_append_printf(text, "\\%c", *at);
        else if ((guint8) *at < 0x20)
            g_string_append_printf(text, "\\u%04x", *at);
        else
            g_string_append_c(text, *at);
    }
    g_string_append_c(text, '"');
}
