/* SPDX-License-Identifier: MIT
 * tell.c: the formats of labels, and which one a set of files is in. */
#include "core/labels/private.h"

#include "core/sink/input.h"

#include <string.h>

static const FvLabelHooks none = { .name = "none" };

static const FvLabelHooks *const hooks[FV_LABELS_FORMATS] = {
    [FV_LABELS_NONE] = &none,
    [FV_LABELS_FOLDERS] = &fv_labels_folders,
    [FV_LABELS_YOLO] = &fv_labels_yolo,
    [FV_LABELS_COCO] = &fv_labels_coco,
    [FV_LABELS_VOC] = &fv_labels_voc,
    [FV_LABELS_CSV] = &fv_labels_csv,
    [FV_LABELS_LABELME] = &fv_labels_labelme,
    [FV_LABELS_MASKS] = &fv_labels_masks,
};

const char *fv_label_format_name(FvLabelFormat format)
{
    return format == FV_LABELS_TOLD ? "told" : hooks[format]->name;
}

gboolean fv_label_format_find(const char *name, FvLabelFormat *format, GError **error)
{
    for (int i = FV_LABELS_NONE; i < FV_LABELS_FORMATS; i++)
        if (!strcmp(hooks[i]->name, name)) {
            *format = (FvLabelFormat) i;
            return TRUE;
        }
    g_autofree char *shown = fv_printable(name);
    g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN,
                "no labels format '%s'; there are none, folders, yolo, coco, voc, csv, labelme and masks", shown);
    return FALSE;
}

static gboolean is_image(const char *path)
{
    static const char *const extensions[] = { ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm" };
    for (guint i = 0; i < G_N_ELEMENTS(extensions); i++)
        if (fv_label_has_extension(path, extensions[i]))
            return TRUE;
    return FALSE;
}

/* What a .json is: one that begins with an object of labelme's, or of COCO's. */
static FvLabelFormat tell_json(FvLabelSet *set, const char *path)
{
    g_autoptr(GBytes) bytes = fv_label_set_read(set, path, NULL);
    g_autoptr(JsonNode) root = bytes ? fv_label_json(set, path, bytes, NULL) : NULL;
    if (!root)
        return FV_LABELS_NONE;
    JsonObject *object = json_node_get_object(root);
    return json_object_has_member(object, "images")   ? FV_LABELS_COCO
           : json_object_has_member(object, "shapes") ? FV_LABELS_LABELME
                                                      : FV_LABELS_NONE;
}

static FvLabelFormat tell_file(FvLabelSet *set, const char *path, gboolean per_image, gboolean tried_json)
{
    if (!strcmp(path, "labels.csv"))
        return FV_LABELS_CSV;
    if (!strcmp(path, "annotations.json"))
        return tell_json(set, path);
    if (!per_image)
        return FV_LABELS_NONE;
    if (fv_label_has_extension(path, ".txt"))
        return FV_LABELS_YOLO;
    if (fv_label_has_extension(path, ".xml"))
        return FV_LABELS_VOC;
    return fv_label_has_extension(path, ".json") && !tried_json ? tell_json(set, path) : FV_LABELS_NONE;
}

/* The stems of all images; NULL where there are none, and every file may be one of labels. */
static GHashTable *image_stems(const FvLabelSet *set)
{
    GHashTable *stems = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < set->files.paths->len; i++)
        if (is_image(set->files.paths->pdata[i]))
            g_hash_table_add(stems, fv_label_beside(set->files.paths->pdata[i], ""));
    return stems;
}

static gboolean tell(FvLabelSet *set, gboolean separate, GError **error)
{
    g_autoptr(GHashTable) stems = image_stems(set);
    const char *first = NULL;
    gboolean images = FALSE, folders = TRUE, pngs = TRUE, json = FALSE;
    set->format = FV_LABELS_NONE;
    for (guint i = 0; i < set->files.paths->len; i++) {
        const char *path = set->files.paths->pdata[i];
        if (is_image(path)) {
            images = TRUE;
            folders &= strchr(path, '/') != NULL;
            pngs &= fv_label_has_extension(path, ".png");
            continue;
        }
        g_autofree char *stem = fv_label_beside(path, "");
        const gboolean alone = !g_hash_table_size(stems) && g_strcmp0(strrchr(stem, '/') ?: stem, "classes") != 0;
        const FvLabelFormat format = tell_file(set, path, alone || g_hash_table_contains(stems, stem), json);
        json |= fv_label_has_extension(path, ".json");
        if (format == FV_LABELS_NONE || format == set->format)
            continue;
        if (set->format != FV_LABELS_NONE)
            return fv_label_refuse(set, path, 0, error, "%s labels beside %s labels (%s): say which",
                                   hooks[format]->name, hooks[set->format]->name, first);
        set->format = format;
        first = path;
        if (format == FV_LABELS_COCO || format == FV_LABELS_CSV)
            set->only = g_strdup(path);
    }
    if (set->format == FV_LABELS_NONE && images)
        set->format = separate  ? (pngs ? FV_LABELS_MASKS : FV_LABELS_NONE)
                      : folders ? FV_LABELS_FOLDERS
                                : FV_LABELS_NONE;
    return TRUE;
}

static gboolean tell_only(FvLabelSet *set, GError **error)
{
    set->format = fv_label_has_extension(set->only, ".csv") ? FV_LABELS_CSV : tell_json(set, set->only);
    return set->format == FV_LABELS_CSV || set->format == FV_LABELS_COCO ||
           fv_label_refuse(set, set->only, 0, error, "neither a .csv nor COCO's .json: say the format");
}

static gboolean has_files(const FvLabelSet *set, const char *extension)
{
    for (guint i = 0; i < set->files.paths->len; i++)
        if (fv_label_has_extension(set->files.paths->pdata[i], extension))
            return TRUE;
    return FALSE;
}

/* Labels that were asked for by their format or their place, and are not there, would be lost in silence. */
static gboolean check_there(const FvLabelSet *set, FvLabelFormat asked, gboolean placed, gboolean separate,
                            GError **error)
{
    if (set->format == FV_LABELS_MASKS && !separate) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: masks must be in a folder of their own: give that", set->name);
        return FALSE;
    }
    const gboolean lost = set->hooks->extension ? !has_files(set, set->hooks->extension)
                                                : asked == FV_LABELS_TOLD && set->format == FV_LABELS_NONE;
    if (lost && (placed || asked != FV_LABELS_TOLD)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: no %s labels there", set->name,
                    set->hooks->extension ? set->hooks->name : "such");
        return FALSE;
    }
    return TRUE;
}

/* The file with all labels, where a format has one. */
static gboolean find_only(FvLabelSet *set, GError **error)
{
    const gboolean one = set->format == FV_LABELS_COCO || set->format == FV_LABELS_CSV;
    if (set->only && !one)
        return fv_label_refuse(set, set->only, 0, error, "%s labels are not in one file: say their folder",
                               set->hooks->name);
    if (set->only || !one)
        return TRUE;
    const char *extension = strrchr(set->hooks->all, '.');
    for (guint i = 0; i < set->files.paths->len; i++) {
        const char *path = set->files.paths->pdata[i];
        if (strchr(path, '/') || !fv_label_has_extension(path, extension))
            continue;
        if (set->only)
            return fv_label_refuse(set, path, 0, error, "%s is there too: say which has the labels", set->only);
        set->only = g_strdup(path);
    }
    return set->only || fv_label_refuse(set, set->hooks->all, 0, error, "no file with %s labels", set->hooks->name);
}

gboolean fv_label_set_tell(FvLabelSet *set, FvLabelFormat asked, gboolean placed, gboolean separate, GError **error)
{
    set->format = asked;
    if (asked == FV_LABELS_TOLD && !(set->only ? tell_only(set, error) : tell(set, separate, error)))
        return FALSE;
    set->hooks = hooks[set->format];
    return check_there(set, asked, placed, separate, error) && find_only(set, error);
}
