/* SPDX-License-Identifier: MIT
 * plugins.h: pages of plugins, from what `fovea inspect --json` says of them. */
#ifndef FOVEA_MANUAL_PLUGINS_H
#define FOVEA_MANUAL_PLUGINS_H

#include <json-glib/json-glib.h>

/** Plugins of one kind, by name. */
typedef struct {
    const char *kind, *title, *folder; /* "layer", "Layers", "plugins/layers" */
    const char *about;                 /* a sentence */
    GPtrArray *plugins;                /* of JsonObject, borrowed */
} Kind;

/** All kinds, in the order of the manual; ends with kind = NULL. @below: only plugins from files below this folder. */
Kind *plugins_by_kind(JsonArray *plugins, const char *below);
/** Writes KIND/index.html and a page for each plugin. */
void plugins_write_kind(const Kind *kind, const char *folder);
/** From names that only one plugin has to their pages; strings are owned. */
GHashTable *plugins_links(const Kind *kinds);
/** Appends a list of names with their summaries. @root: the way from this page to the kind's folder. */
void plugins_append_list(GString *out, const Kind *kind, const char *root);

#endif
