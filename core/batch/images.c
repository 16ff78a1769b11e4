/* SPDX-License-Identifier: MIT
 * images.c: finds out what kind of input there is, and reads files of it. */
#include "core/batch/images_private.h"

#include "core/batch/names.h"
#include "core/sink/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void entry_free(gpointer data)
{
    FvImagesEntry *entry = data;
    g_free(entry->name);
    g_free(entry->file);
    g_free(entry->place);
    g_free(entry);
}

/* Names may hold line ends, and what terminals take for orders. */
static char *one_line(const char *place)
{
    for (const char *p = place; *p; p++)
        if (g_ascii_iscntrl(*p))
            return fv_printable(place);
    return g_strdup(place);
}

FvImagesEntry *fv_images_entry_new(char *name, char *place, gint64 start, gint64 size)
{
    const FvImagesEntry entry = { name, place, one_line(place), start, size };
    return g_memdup2(&entry, sizeof entry);
}

void fv_images_add(FvImages *images, char *name, char *place)
{
    g_ptr_array_add(images->entries, fv_images_entry_new(name, place, 0, 0));
}

static int by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(FvImagesEntry *const *) a)->name, (*(FvImagesEntry *const *) b)->name);
}

void fv_images_sort(FvImages *images)
{
    g_ptr_array_sort(images->entries, by_name);
}

gboolean fv_images_is_one(const char *name, const guint8 *head, gsize size)
{
    FvImageFormat format;
    if (name && fv_image_format_of(name, &format))
        return TRUE;
    return (size >= 3 && !memcmp(head, "\xff\xd8\xff", 3)) || (size >= 8 && !memcmp(head, "\x89PNG\r\n\x1a\n", 8)) ||
           (size >= 12 && !memcmp(head, "RIFF", 4) && !memcmp(head + 8, "WEBP", 4));
}

/* A regular file: a tar, an image, or a list. */
static gboolean open_file(FvImages *images, const char *in, GError **error)
{
    gboolean is_tar;
    guint8 head[FV_IMAGES_HEAD];
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (!fv_images_open_tar(images, in, &is_tar, error))
        return FALSE;
    if (is_tar)
        return TRUE;
    FILE *file = fopen(in, "rbe");
    const gsize size = file ? fread(head, 1, sizeof head, file) : 0;
    if (file)
        fclose(file);
    if (!fv_images_is_one(NULL, head, size))
        return fv_images_open_list(images, in, error);
    fv_images_add(images, g_path_get_basename(in), g_strdup(in));
    return TRUE;
}

FvImages *fv_images_open(const char *in, const FvImageLimits *limits, GError **error)
{
    g_autoptr(FvImages) images = g_new0(FvImages, 1);
    struct stat info;
    images->limits = limits ? *limits : fv_image_limits;
    images->entries = g_ptr_array_new_with_free_func(entry_free);
    images->others = g_ptr_array_new_with_free_func(entry_free);
    images->tar = -1;
    if (stat(in, &info) != 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be read: %s", in, g_strerror(errno));
        return NULL;
    }
    if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: neither a folder nor a regular file", in);
        return NULL;
    }
    if (!(S_ISDIR(info.st_mode) ? fv_images_open_folder : open_file)(images, in, error))
        return NULL;
    if (images->entries->len == 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: there is no image in it", in);
        return NULL;
    }
    images->names = g_ptr_array_sized_new(images->entries->len + 1);
    for (guint i = 0; i < images->entries->len; i++)
        g_ptr_array_add(images->names, ((FvImagesEntry *) images->entries->pdata[i])->name);
    g_ptr_array_add(images->names, NULL);
    return g_steal_pointer(&images);
}

void fv_images_free(FvImages *images)
{
    if (!images)
        return;
    g_clear_pointer(&images->numbers, g_hash_table_unref);
    g_clear_pointer(&images->names, g_ptr_array_unref);
    g_clear_pointer(&images->files, g_hash_table_unref);
    g_clear_pointer(&images->paths, g_ptr_array_unref);
    g_clear_pointer(&images->entries, g_ptr_array_unref);
    g_clear_pointer(&images->others, g_ptr_array_unref);
    if (images->tar >= 0)
        close(images->tar);
    g_free(images);
}

guint fv_images_count(const FvImages *images)
{
    return images->entries->len;
}

guint fv_images_left_out(const FvImages *images)
{
    return images->left_out;
}

const char *const *fv_images_names(const FvImages *images)
{
    return (const char *const *) images->names->pdata;
}

gint64 fv_images_find(FvImages *images, const char *name)
{
    gpointer number;
    if (!images->numbers) {
        images->numbers = g_hash_table_new(g_str_hash, g_str_equal);
        for (guint i = 0; i < images->entries->len; i++)
            g_hash_table_insert(images->numbers, images->names->pdata[i], GUINT_TO_POINTER(i));
    }
    return g_hash_table_lookup_extended(images->numbers, name, NULL, &number) ? (gint64) GPOINTER_TO_UINT(number) : -1;
}

const char *fv_images_place(const FvImages *images, guint i)
{
    return ((const FvImagesEntry *) images->entries->pdata[i])->place;
}

gboolean fv_images_read(const FvImages *images, guint i, GByteArray *bytes, GError **error)
{
    const FvImagesEntry *entry = images->entries->pdata[i];
    g_autoptr(GError) reason = NULL;
    if (images->tar >= 0)
        return fv_images_read_tar(images, entry, bytes, error);
    if (fv_image_file(entry->file, &images->limits, bytes, &reason))
        return TRUE;
    const char *after = g_str_has_prefix(reason->message, entry->file) ? reason->message + strlen(entry->file) : "";
    g_set_error(error, reason->domain, reason->code, "%s%s", entry->place, after);
    return FALSE;
}

const GPtrArray *fv_images_paths(const FvImages *images)
{
    return images->paths;
}

GBytes *fv_images_open_path(gpointer data, const char *path, GError **error)
{
    const FvImages *images = data;
    const FvImagesEntry *entry = g_hash_table_lookup(images->files, path);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (!entry) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: not in the tar", path);
        return NULL;
    }
    return fv_images_read_tar(images, entry, bytes, error) ? g_byte_array_free_to_bytes(g_steal_pointer(&bytes)) : NULL;
}
