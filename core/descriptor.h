/* SPDX-License-Identifier: MIT
 * descriptor.h: whether what a plugin file exports can be trusted to be called. */
#ifndef FOVEA_DESCRIPTOR_H
#define FOVEA_DESCRIPTOR_H

#include <fovea/plugin.h>

/** Whether a name is lower case with underscores, begins with a letter, and is not longer than 64. */
gboolean fv_name_valid(const char *name);

/** Interface number and size, which come first: nothing else of the descriptor may be read before.
 * @kind: of the plugin that is looked for; where the descriptor is of another kind, its own size counts.
 * Errors: FV_ERROR_ABI, with both numbers. */
gboolean fv_descriptor_fits(const FvPlugin *plugin, FvKind kind, GError **error);

/** Name, summary, hooks of its kind, option table. Errors: FV_ERROR_ABI with what is missing. */
gboolean fv_descriptor_check(const FvPlugin *plugin, GError **error);

#endif
