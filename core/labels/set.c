/* SPDX-License-Identifier: MIT
 * set.c: the labels of a data set: its files, its classes, and which format it is in. */
#include "core/labels/private.h"

#include "core/sink/input.h"

#include <math.h>
#include <string.h>

enum { MOST_BYTES = 1 << 30, MOST_FOLDERS = 64 /* one in another */ };

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

/* ------------------------------------------------------------------- errors */

static char *complain(const FvLabelSet *set, const char *file, int line, const char *format, va_list args)
{
    g_autofree char *text = g_strdup_vprintf(format, args);
    g_autofree char *shown = fv_printable(text);
    g_autofree char *place = fv_printable(file);
    return line ? g_strdup_printf("%s/%s:%d: %s", set->name, place, line, shown)
                : g_strdup_printf("%s/%s: %s", set->name, place, shown);
}

gboolean fv_label_refuse(const FvLabelSet *set, const char *file, int line, GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = complain(set, file, line, format, args);
    va_end(args);
    g_set_error_literal(error, FV_ERROR, FV_ERROR_DATA, text);
    return FALSE;
}

void fv_label_warn(FvLabelSet *set, const char *file, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = complain(set, file, 0, format, args);
    va_end(args);
    g_mutex_lock(&set->lock);
    g_ptr_array_add(set->warnings, text);
    g_mutex_unlock(&set->lock);
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

GPtrArray *fv_label_set_warnings(FvLabelSet *set)
{
    GPtrArray *warnings = g_ptr_array_new_with_free_func(g_free);
    g_mutex_lock(&set->lock);
    for (guint i = 0; i < set->warnings->len; i++)
        g_ptr_array_add(warnings, g_strdup(set->warnings->pdata[i]));
    if (set->asked && !set->found && set->format != FV_LABELS_NONE)
        g_ptr_array_add(warnings, g_strdup_printf("%s: no image has %s labels", set->name, set->hooks->name));
    g_mutex_unlock(&set->lock);
    g_ptr_array_sort(warnings, by_text);
    return warnings;
}

/* ------------------------------------------------------------------ numbers */

gboolean fv_label_number(const char *text, double *number)
{
    char *end;
    *number = g_ascii_strtod(text, &end);
    /* "inf", "nan" and hexadecimal numbers are none here. */
    return end != text && !*end && !strpbrk(text, "xXnN \t") && fabs(*number) <= FV_LABELS_MOST_COORDINATE;
}

void fv_label_put_number(GString *text, double number)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];
    /* 0 for -0; nine digits give a pixel of any image to a thousandth, and 0.1 as such */
    g_string_append(text, g_ascii_formatd(buffer, sizeof buffer, "%.9g", number == 0 ? 0 : number));
}

/* -------------------------------------------------------------------- paths */

char *fv_label_beside(const char *path, const char *extension)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    return g_strdup_printf("%.*s%s", dot > name ? (int) (dot - path) : (int) strlen(path), path, extension);
}

gboolean fv_label_path_safe(const char *path)
{
    if (!*path || *path == '/')
        return FALSE;
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    for (int i = 0; parts[i]; i++)
        if (!*parts[i] || !strcmp(parts[i], ".") || !strcmp(parts[i], ".."))
            return FALSE;
    return TRUE;
}

static gboolean has_extension(const char *path, const char *extension)
{
    const gsize length = strlen(path), more = strlen(extension);
    return length > more && !g_ascii_strcasecmp(path + length - more, extension);
}

static gboolean is_image(const char *path)
{
    static const char *const extensions[] = { ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".ppm" };
    for (guint i = 0; i < G_N_ELEMENTS(extensions); i++)
        if (has_extension(path, extensions[i]))
            return TRUE;
    return FALSE;
}

static void walk(const char *root, const char *under, int depth, GPtrArray *paths)
{
    g_autofree char *folder = g_build_filename(root, under, NULL);
    g_autoptr(GDir) dir = depth ? g_dir_open(folder, 0, NULL) : NULL;
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (*name == '.')
            continue;
        g_autofree char *path = *under ? g_build_filename(under, name, NULL) : g_strdup(name);
        g_autofree char *file = g_build_filename(root, path, NULL);
        /* Links to folders may lead round in circles. */
        if (!g_file_test(file, G_FILE_TEST_IS_DIR))
            g_ptr_array_add(paths, g_steal_pointer(&path));
        else if (!g_file_test(file, G_FILE_TEST_IS_SYMLINK))
            walk(root, path, depth - 1, paths);
    }
}

static GBytes *open_in_folder(gpointer root, const char *path, GError **error)
{
    g_autofree char *file = g_build_filename(root, path, NULL);
    g_autoptr(FvInput) input = fv_input_open(file, error);
    if (!input)
        return NULL;
    const guint64 size = fv_input_size(input);
    if (size > MOST_BYTES) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %" G_GUINT64_FORMAT " bytes of labels are too many", file,
                    size);
        return NULL;
    }
    g_autofree guint8 *data = g_malloc(size + 1);
    return fv_input_read(input, 0, data, size, error) ? g_bytes_new_take(g_steal_pointer(&data), size) : NULL;
}

GBytes *fv_label_set_read(const FvLabelSet *set, const char *file, GError **error)
{
    return set->files.open(set->files.data, file, error);
}

/* ------------------------------------------------------------------ classes */

int fv_label_set_intern(FvLabelSet *set, const char *name)
{
    g_mutex_lock(&set->lock);
    int label = GPOINTER_TO_INT(g_hash_table_lookup(set->class_of, name)) - 1;
    if (label < 0) {
        label = (int) set->classes->len;
        g_ptr_array_add(set->classes, g_strdup(name));
        g_hash_table_insert(set->class_of, set->classes->pdata[label], GINT_TO_POINTER(label + 1));
    }
    g_mutex_unlock(&set->lock);
    return label;
}

char *fv_label_set_class(FvLabelSet *set, int label)
{
    g_mutex_lock(&set->lock);
    char *name = label >= 0 && (guint) label < set->classes->len ? g_strdup(set->classes->pdata[label])
                                                                 : g_strdup_printf("%d", label);
    g_mutex_unlock(&set->lock);
    return name;
}

/* --------------------------------------------------------- telling the format */

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
    if (has_extension(path, ".txt"))
        return FV_LABELS_YOLO;
    if (has_extension(path, ".xml"))
        return FV_LABELS_VOC;
    return has_extension(path, ".json") && !tried_json ? tell_json(set, path) : FV_LABELS_NONE;
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
            pngs &= has_extension(path, ".png");
            continue;
        }
        g_autofree char *stem = fv_label_beside(path, "");
        const gboolean alone = !g_hash_table_size(stems) && g_strcmp0(strrchr(stem, '/') ?: stem, "classes") != 0;
        const FvLabelFormat format = tell_file(set, path, alone || g_hash_table_contains(stems, stem), json);
        json |= has_extension(path, ".json");
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
    set->format = has_extension(set->only, ".csv") ? FV_LABELS_CSV : tell_json(set, set->only);
    return set->format == FV_LABELS_CSV || set->format == FV_LABELS_COCO ||
           fv_label_refuse(set, set->only, 0, error, "neither a .csv nor COCO's .json: say the format");
}

static gboolean has_files(const FvLabelSet *set, const char *extension)
{
    for (guint i = 0; i < set->files.paths->len; i++)
        if (has_extension(set->files.paths->pdata[i], extension))
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
        if (strchr(path, '/') || !has_extension(path, extension))
            continue;
        if (set->only)
            return fv_label_refuse(set, path, 0, error, "%s is there too: say which has the labels", set->only);
        set->only = g_strdup(path);
    }
    return set->only || fv_label_refuse(set, set->hooks->all, 0, error, "no file with %s labels", set->hooks->name);
}

/* ------------------------------------------------------------------ the set */

static FvLabelSet *set_new(const FvLabelFiles *files, const char *only, GPtrArray *owned, char *root)
{
    FvLabelSet *set = g_new0(FvLabelSet, 1);
    set->files = *files;
    set->owned = owned;
    set->name = g_strdup(files->name);
    set->only = g_strdup(only);
    if (owned)
        set->files.data = root;
    else
        g_free(root);
    set->known = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < files->paths->len; i++)
        g_hash_table_add(set->known, files->paths->pdata[i]);
    set->images = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) fv_labels_free);
    set->by_name = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    set->classes = g_ptr_array_new_with_free_func(g_free);
    set->class_of = g_hash_table_new(g_str_hash, g_str_equal);
    set->warnings = g_ptr_array_new_with_free_func(g_free);
    g_mutex_init(&set->lock);
    return set;
}

void fv_label_set_free(FvLabelSet *set)
{
    if (!set)
        return;
    if (set->owned) {
        g_ptr_array_unref(set->owned);
        g_free(set->files.data);
    }
    g_free(set->name);
    g_free(set->only);
    g_hash_table_unref(set->known);
    g_hash_table_unref(set->images);
    g_hash_table_unref(set->by_name);
    g_hash_table_unref(set->class_of);
    g_ptr_array_unref(set->classes);
    g_ptr_array_unref(set->warnings);
    g_clear_pointer(&set->kept, g_ref_string_release);
    g_free(set->categories);
    g_clear_pointer(&set->ids, g_array_unref);
    g_mutex_clear(&set->lock);
    g_free(set);
}

static void index_names(FvLabelSet *set)
{
    GHashTableIter iter;
    gpointer path;
    g_hash_table_iter_init(&iter, set->images);
    while (g_hash_table_iter_next(&iter, &path, NULL)) {
        char *name = g_path_get_basename(path);
        const gboolean taken = g_hash_table_contains(set->by_name, name);
        g_hash_table_insert(set->by_name, name, g_strdup(taken ? "" : path));
    }
}

/* Darknet's layout: images/ and labels/, beside one another. */
static gboolean has_labels_folder(const FvLabelSet *set)
{
    for (guint i = 0; i < set->files.paths->len; i++)
        if (g_str_has_prefix(set->files.paths->pdata[i], "labels/"))
            return TRUE;
    return FALSE;
}

/* @placed: somebody said where labels are; @separate: and that is not with the images. */
static FvLabelSet *set_load(FvLabelSet *set, FvLabelFormat format, gboolean placed, gboolean separate, GError **error)
{
    set->format = format;
    if (format != FV_LABELS_TOLD || (set->only ? tell_only(set, error) : tell(set, separate, error))) {
        set->hooks = hooks[set->format];
        if (check_there(set, format, placed, separate, error) && find_only(set, error) &&
            (!set->hooks->load || set->hooks->load(set, error))) {
            index_names(set);
            set->apart = has_labels_folder(set);
            return set;
        }
    }
    fv_label_set_free(set);
    return NULL;
}

FvLabelSet *fv_label_set_new(const FvLabelFiles *files, const char *only, FvLabelFormat format, GError **error)
{
    return set_load(set_new(files, only, NULL, NULL), format, only != NULL, FALSE, error);
}

FvLabelSet *fv_label_set_open(const char *in, const char *labels, FvLabelFormat format, GError **error)
{
    const char *place = labels ? labels : in;
    const gboolean folder = g_file_test(place, G_FILE_TEST_IS_DIR);
    if (!folder && (!labels || !g_file_test(labels, G_FILE_TEST_EXISTS))) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: no such %s", place, labels ? "file or folder" : "folder");
        return NULL;
    }
    g_autofree char *root = folder ? g_strdup(place) : g_path_get_dirname(place);
    g_autofree char *only = folder ? NULL : g_path_get_basename(place);
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
    if (folder)
        walk(root, "", MOST_FOLDERS, paths);
    else
        g_ptr_array_add(paths, g_strdup(only));
    g_ptr_array_sort(paths, by_text);
    const FvLabelFiles files = { .name = root, .paths = paths, .open = open_in_folder };
    const gboolean separate = labels && g_strcmp0(labels, in) != 0;
    return set_load(set_new(&files, only, paths, g_strdup(root)), format, labels != NULL, separate, error);
}

FvLabelFormat fv_label_set_format(const FvLabelSet *set)
{
    return set->format;
}

/* ------------------------------------------------------------------ an image */

/* Whether one path is the end of the other: files name images from another folder on than the user does. */
static gboolean ends_with(const char *path, const char *end)
{
    const gsize length = strlen(path), more = strlen(end);
    return length > more && !strcmp(path + length - more, end) && path[length - more - 1] == '/';
}

static const FvLabels *find_image(FvLabelSet *set, const char *path)
{
    const FvLabels *labels = g_hash_table_lookup(set->images, path);
    g_autofree char *name = g_path_get_basename(path);
    const char *other = labels ? NULL : g_hash_table_lookup(set->by_name, name);
    if (other && *other && (ends_with(other, path) || ends_with(path, other)))
        labels = g_hash_table_lookup(set->images, other);
    return labels;
}

/* The file beside the image, or in labels/ where the image is in images/. NULL: none. */
static char *find_beside(const FvLabelSet *set, const char *path)
{
    g_autofree char *beside = fv_label_beside(path, set->hooks->extension);
    if (!g_strcmp0(beside, set->named))
        return NULL;
    if (g_hash_table_contains(set->known, beside))
        return g_steal_pointer(&beside);
    g_autofree char *other = g_str_has_prefix(beside, "images/") ? g_strconcat("labels/", beside + 7, NULL) : NULL;
    return other && g_hash_table_contains(set->known, other) ? g_steal_pointer(&other) : NULL;
}

/* Notes that an image was asked for, and whether there is anything of it. */
static void note(FvLabelSet *set, gboolean found)
{
    g_mutex_lock(&set->lock);
    set->asked = TRUE;
    set->found |= found;
    g_mutex_unlock(&set->lock);
}

FvLabels *fv_label_set_get(FvLabelSet *set, const char *path, FvShape image, GError **error)
{
    const FvLabels *known = find_image(set, path);
    FvLabels *labels = known ? fv_labels_copy(known) : fv_labels_new(image);
    labels->image = image;
    if (set->format == FV_LABELS_FOLDERS)
        set->hooks->read(set, path, NULL, labels, NULL);
    g_autofree char *file = set->hooks->extension ? find_beside(set, path) : NULL;
    note(set, known || file || labels->classes->len);
    if (!file)
        return labels;
    if (set->format == FV_LABELS_MASKS) {
        labels->mask = g_steal_pointer(&file);
        return labels;
    }
    g_autoptr(GBytes) bytes = fv_label_set_read(set, file, error);
    if (!bytes || !set->hooks->read(set, file, bytes, labels, error))
        g_clear_pointer(&labels, fv_labels_free);
    return labels;
}

GBytes *fv_label_set_mask(FvLabelSet *set, const FvLabels *labels, GError **error)
{
    return fv_label_set_read(set, labels->mask, error);
}
