/* SPDX-License-Identifier: MIT
 * registry.h: finds plugins by kind and name, checks them, loads them when they are named. */
#ifndef FOVEA_REGISTRY_H
#define FOVEA_REGISTRY_H

#include <fovea/plugin.h>

typedef struct FvRegistry FvRegistry;

/** The search path: the folders of FOVEA_PLUGIN_PATH (colon-separated), then $XDG_DATA_HOME/fovea/plugins, then the
 * installed pluginsdir. In each folder a plugin is FOLDER/NAME.so or FOLDER/KIND/NAME.so. */
FvRegistry *fv_registry_new(void);
void fv_registry_free(FvRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvRegistry, fv_registry_free)

/** The plugin, loaded at most once. Errors: FV_ERROR_UNKNOWN with the nearest name of that kind (or of another kind,
 * which is then said); FV_ERROR_ABI with file and reason: other ABI or size (both numbers), no symbol, name or kind
 * that are not the file's, a missing hook, a file or folder that others may write, an option table that is malformed.
 */
const FvPlugin *fv_registry_find(FvRegistry *registry, FvKind kind, const char *name, GError **error);
/** Names of all plugins of a kind that the path holds, sorted, without loading them; NULL-ended, g_strfreev() it.
 * The place of FOLDER/NAME.so does not tell its kind: such a name is listed under every kind, and fv_registry_find()
 * then says FV_ERROR_UNKNOWN for the others. */
char **fv_registry_names(FvRegistry *registry, FvKind kind);
/** FALSE with FV_ERROR_UNKNOWN where there are no plugins at all: the search path is wrong. */
gboolean fv_registry_check(FvRegistry *registry, GError **error);
/** The file that a plugin was loaded from, NULL for those of fv_registry_add(). */
const char *fv_registry_file(FvRegistry *registry, const FvPlugin *plugin);
/** Adds a plugin that is not in a file (tests). */
void fv_registry_add(FvRegistry *registry, const FvPlugin *plugin);

/** "layer", "source" ...; the folder's name is the same. */
const char *fv_kind_name(FvKind kind);
/** FV_KINDS where there is no such kind. */
FvKind fv_kind_from_name(const char *name);

#endif
