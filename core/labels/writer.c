/* SPDX-License-Identifier: MIT
 * writer.c: labels of output images, as files' contents. */
#include "core/labels/private.h"

#include "core/sink/input.h"

#include <string.h>

struct FvLabelWriter {
    FvLabelSet *set;
    GMutex lock;
    GHashTable *files;  /* paths of files per image */
    GHashTable *images; /* path -> FvLabels, or NULL where they are not needed at the end */
};

static FvLabelFile *file_new(const char *path, GString *text)
{
    FvLabelFile *file = g_new(FvLabelFile, 1);
    *file = (FvLabelFile){ g_strdup(path), g_string_free_to_bytes(text) };
    return file;
}

void fv_label_file_free(FvLabelFile *file)
{
    if (!file)
        return;
    g_free(file->path);
    g_bytes_unref(file->content);
    g_free(file);
}

FvLabelWriter *fv_label_writer_new(FvLabelSet *set)
{
    FvLabelWriter *writer = g_new0(FvLabelWriter, 1);
    writer->set = set;
    g_mutex_init(&writer->lock);
    writer->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (set->named)
        g_hash_table_add(writer->files, g_strdup(set->hooks->all));
    writer->images = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) fv_labels_free);
    return writer;
}

void fv_label_writer_free(FvLabelWriter *writer)
{
    if (!writer)
        return;
    g_hash_table_unref(writer->files);
    g_hash_table_unref(writer->images);
    g_mutex_clear(&writer->lock);
    g_free(writer);
}

static gboolean refuse(const char *path, const char *reason, GError **error)
{
    g_autofree char *shown = fv_printable(path);
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s", shown, reason);
    return FALSE;
}

/* Where an image's file belongs: beside it, or in labels/ for an image in images/ that was read so. */
static char *place(const FvLabelWriter *writer, const char *path)
{
    g_autofree char *beside = fv_label_beside(path, writer->set->hooks->extension);
    if (!g_str_has_prefix(beside, "images/") || !writer->set->apart)
        return g_steal_pointer(&beside);
    return g_strconcat("labels/", beside + strlen("images/"), NULL);
}

/* Notes the image and its file; FALSE: one of them is there already. */
static gboolean note(FvLabelWriter *writer, const char *path, const char *file, const FvLabels *labels)
{
    const gboolean late = writer->set->hooks->write_all && !file;
    g_mutex_lock(&writer->lock);
    const gboolean new =
        !g_hash_table_contains(writer->images, path) && (!file || g_hash_table_add(writer->files, g_strdup(file)));
    if (new)
        g_hash_table_insert(writer->images, g_strdup(path), late ? fv_labels_copy(labels) : NULL);
    g_mutex_unlock(&writer->lock);
    return new;
}

gboolean fv_label_writer_add(FvLabelWriter *writer, const char *path, const FvLabels *labels, FvLabelFile **file,
                             GError **error)
{
    const FvLabelHooks *hooks = writer->set->hooks;
    *file = NULL;
    if (!fv_label_path_safe(path))
        return refuse(path, "not a relative path", error);
    /* Folders tell classes without a file, but for mixed ones. */
    const gboolean named =
        writer->set->format == FV_LABELS_FOLDERS ? labels->classes->len > 1 : hooks->write || hooks->write_all;
    if (named && !g_utf8_validate(path, -1, NULL))
        return refuse(path, "labels cannot name it: not UTF-8", error);
    g_autofree char *name = hooks->write ? place(writer, path) : NULL;
    if (!note(writer, path, name, labels))
        return refuse(path, "another image has this name, or its file of labels is taken", error);
    if (name) {
        GString *text = g_string_new(NULL);
        hooks->write(writer->set, path, labels, text);
        *file = file_new(name, text);
    }
    return TRUE;
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

GPtrArray *fv_label_writer_finish(FvLabelWriter *writer)
{
    const FvLabelHooks *hooks = writer->set->hooks;
    GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify) fv_label_file_free);
    if (!hooks->write_all)
        return files;
    g_autoptr(GPtrArray) paths = g_ptr_array_new(), all = g_ptr_array_new();
    GHashTableIter iter;
    gpointer path;
    g_hash_table_iter_init(&iter, writer->images);
    while (g_hash_table_iter_next(&iter, &path, NULL))
        g_ptr_array_add(paths, path);
    g_ptr_array_sort(paths, by_text);
    for (guint i = 0; i < paths->len; i++)
        g_ptr_array_add(all, g_hash_table_lookup(writer->images, paths->pdata[i]));
    GString *text = g_string_new(NULL);
    if (hooks->write_all(writer->set, paths, all, text))
        g_ptr_array_add(files, file_new(writer->set->only ? writer->set->only : hooks->all, text));
    else
        g_string_free(text, TRUE);
    return files;
}
