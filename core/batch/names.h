/* SPDX-License-Identifier: MIT
 * names.h: names of images as files below a folder: nothing leads outside, and no two outputs have the same.
 *
 * Names are bytes, as the file system has them, with "/" between their parts. */
#ifndef FOVEA_BATCH_NAMES_H
#define FOVEA_BATCH_NAMES_H

#include <fovea/plugin.h>

/** The part of a path that can be used below any folder: slashes at its begin, empty parts and "." are left out, and so
 * is everything up to the last "..". NULL where nothing is left; else g_free() it. */
char *fv_name_below(const char *path);
/** The length of a name without its ending: "a/b.c.jpg" -> 5. */
gsize fv_name_stem(const char *name);
/** The name of an output: stem, "-COPY" where there are several copies, ending (".png"); g_free() it. */
char *fv_name_output(const char *source, guint copy, guint copies, const char *ending);
/** Checks that no two outputs are the same file, and none is a folder of another.
 * @names: of the sources. FV_ERROR_DATA, with both names. */
gboolean fv_names_check(const char *const *names, guint count, guint copies, const char *ending, GError **error);

/** The name as UTF-8, for JSON: where a name is none, bytes that are not, and backslashes, become \xNN. g_free() it. */
char *fv_name_text(const char *name);
/** The name of which fv_name_text() has made this, if it was no UTF-8. g_free() it. */
char *fv_name_from_text(const char *text);

#endif
