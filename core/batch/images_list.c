/* SPDX-License-Identifier: MIT
 * images_list.c: images whose files a text names. */
#include "core/batch/images_private.h"

#include "core/batch/names.h"
#include "core/sink/input.h"

#include <string.h>

enum { MOST_BYTES = 1 << 30, MOST_PATH = 4096 };

static gboolean wrong(const char *list, guint line, const char *path, const char *why, GError **error)
{
    g_autofree char *shown = fv_printable(path);
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s:%u: \"%s\": %s", list, line, shown, why);
    return FALSE;
}

static gboolean add(FvImages *images, const char *list, guint line, const char *folder, const char *path,
                    GError **error)
{
    g_autofree char *name = fv_name_below(path);
    if (strlen(path) > MOST_PATH)
        return wrong(list, line, path, "too long to be a path; lists hold one path a line", error);
    if (!name)
        return wrong(list, line, path, "not the name of a file", error);
    char *place = path[0] == '/' || g_str_equal(folder, ".") ? g_strdup(path) : g_build_filename(folder, path, NULL);
    fv_images_add(images, g_steal_pointer(&name), place);
    return TRUE;
}

gboolean fv_images_open_list(FvImages *images, const char *list, GError **error)
{
    const FvImageLimits limits = { .bytes = MOST_BYTES };
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_autofree char *folder = g_path_get_dirname(list);
    guint line = 1;
    if (!fv_image_file(list, &limits, bytes, error))
        return FALSE;
    const char ender = memchr(bytes->data ? (char *) bytes->data : "", '\0', bytes->len) ? '\0' : '\n';
    char *text = (char *) bytes->data, *end = text + bytes->len;
    for (char *stop; text < end; text = stop + 1, line++) {
        stop = memchr(text, ender, (gsize) (end - text));
        if (!stop)
            stop = end;
        gsize length = (gsize) (stop - text);
        if (ender == '\n' && length > 0 && text[length - 1] == '\r')
            length--;
        g_autofree char *path = g_strndup(text, length);
        if (length > 0 && !add(images, list, line, folder, path, error))
            return FALSE;
    }
    return TRUE;
}
