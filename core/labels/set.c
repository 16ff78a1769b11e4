/* SPDX-License-Identifier: MIT
 * set.c: the labels of a data set: its files, its classes, and those of an image. */
#include "core/labels/private.h"

#include "core/sink/input.h"

#include <string.h>

enum { MOST_BYTES = 1 << 30, MOST_FOLDERS = 64 /* one in another */ };

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
    for (guint i = 0; files->paths && i < files->paths->len; i++)
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

/* @placed, @separate: as fv_label_set_tell() has them. Takes @set. */
static FvLabelSet *set_load(FvLabelSet *set, FvLabelFormat format, gboolean placed, gboolean separate, GError **error)
{
    if (fv_label_set_tell(set, format, placed, separate, error) &&
        (!set->hooks->load || set->hooks->load(set, error))) {
        index_names(set);
        set->apart = has_labels_folder(set);
        return set;
    }
    fv_label_set_free(set);
    return NULL;
}

FvLabelSet *fv_label_set_new(const FvLabelFiles *files, const char *only, FvLabelFormat format, GError **error)
{
    return set_load(set_new(files, only, NULL, NULL), format, only != NULL, FALSE, error);
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
