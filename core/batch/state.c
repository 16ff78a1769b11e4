/* SPDX-License-Identifier: MIT
 * state.c: what an output was begun with. */
#include "core/batch/state.h"

#include "core/sink/input.h"

gboolean fv_state_write(FvFolder *folder, const char *name, JsonObject *settings, GError **error)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_node_new(JSON_NODE_OBJECT);
    json_node_set_object(root, settings);
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    g_autofree char *json = json_generator_to_data(generator, NULL);
    g_autofree char *text = g_strconcat(json, "\n", NULL);
    g_autoptr(FvFolderFile) file = fv_folder_begin(folder, name, TRUE, error);
    return file && fv_folder_append(file, text, strlen(text), error) &&
           fv_folder_commit(g_steal_pointer(&file), TRUE, error);
}

/* A value as messages show it; NULL: "nothing". */
static char *text_of(JsonNode *node)
{
    if (!node || JSON_NODE_HOLDS_NULL(node))
        return g_strdup("nothing");
    g_autofree char *text = json_to_string(node, FALSE);
    return fv_printable(text);
}

static gboolean check_member(const FvFolder *folder, const char *name, JsonNode *old, JsonNode *now, GError **error)
{
    g_autofree char *before = text_of(old);
    g_autofree char *after = text_of(now);
    g_autofree char *old_text = old ? json_to_string(old, FALSE) : NULL;
    g_autofree char *now_text = now ? json_to_string(now, FALSE) : NULL;
    if (g_strcmp0(old_text, now_text) == 0)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION,
                "%s: cannot be gone on with: %s was %s when it was begun, and is %s now", fv_folder_path(folder), name,
                before, after);
    return FALSE;
}

gboolean fv_state_check(FvFolder *folder, const char *name, JsonObject *settings, GError **error)
{
    g_autoptr(GError) reason = NULL;
    g_autoptr(GBytes) bytes = fv_folder_read(folder, name, &reason);
    g_autoptr(JsonParser) parser = json_parser_new();
    gsize size = 0;
    const char *text = bytes ? g_bytes_get_data(bytes, &size) : NULL;
    if (!bytes && reason) {
        g_propagate_error(error, g_steal_pointer(&reason));
        return FALSE;
    }
    if (!bytes) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: nothing to go on with: there is no %s", fv_folder_path(folder),
                    name);
        return FALSE;
    }
    JsonNode *root =
        json_parser_load_from_data(parser, text, (gssize) size, NULL) ? json_parser_get_root(parser) : NULL;
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s/%s: not what fovea augment writes", fv_folder_path(folder),
                    name);
        return FALSE;
    }
    JsonObject *old = json_node_get_object(root);
    g_autoptr(GList) members = json_object_get_members(settings);
    for (GList *member = members; member; member = member->next)
        if (!check_member(folder, member->data, json_object_get_member(old, member->data),
                          json_object_get_member(settings, member->data), error))
            return FALSE;
    return TRUE;
}
