/* SPDX-License-Identifier: MIT
 * folders.c: classes from folders, and masks, which have no text of their own. */
#include "core/labels/private.h"

#include <string.h>

static gboolean read_folder(FvLabelSet *set, const char *path, GBytes *bytes, FvLabels *labels, GError **error)
{
    const char *slash = strchr(path, '/');
    if (!slash)
        return TRUE;
    g_autofree char *name = g_strndup(path, (gsize) (slash - path));
    const FvClass class = { fv_label_set_intern(set, name), 1 };
    g_array_append_val(labels->classes, class);
    return TRUE;
}

/* Numbers of classes follow their names, not the order in which images are asked for. */
static gboolean load_folders(FvLabelSet *set, GError **error)
{
    for (guint i = 0; i < set->files.paths->len; i++) {
        const char *path = set->files.paths->pdata[i], *slash = strchr(path, '/');
        g_autofree char *name = slash ? g_strndup(path, (gsize) (slash - path)) : NULL;
        if (name)
            fv_label_set_intern(set, name);
    }
    return TRUE;
}

/* Folders tell a single class; only mixed ones need a file. */
static gboolean write_mixed(FvLabelSet *set, const GPtrArray *paths, const GPtrArray *all, GString *text)
{
    gboolean mixed = FALSE;
    for (guint i = 0; i < all->len; i++)
        mixed |= ((const FvLabels *) all->pdata[i])->classes->len > 1;
    return mixed && fv_labels_csv.write_all(set, paths, all, text);
}

const FvLabelHooks fv_labels_folders = {
    .name = "folders", .load = load_folders, .read = read_folder, .write_all = write_mixed, .all = "labels.csv"
};

const FvLabelHooks fv_labels_masks = { .name = "masks", .extension = ".png" };
