/* SPDX-License-Identifier: MIT
 * names.c: names of images as files below a folder. */
#include "core/batch/names.h"

#include "core/sink/input.h"

#include <string.h>

char *fv_name_below(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);
    GString *name = g_string_new(NULL);
    for (char **part = parts; *part; part++) {
        if (g_str_equal(*part, ".."))
            g_string_truncate(name, 0);
        if (**part == '\0' || g_str_equal(*part, ".") || g_str_equal(*part, ".."))
            continue;
        if (name->len)
            g_string_append_c(name, '/');
        g_string_append(name, *part);
    }
    return g_string_free(name, name->len == 0);
}

gsize fv_name_stem(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *last = slash ? slash + 1 : name;
    const char *dot = strrchr(last, '.');
    return dot && dot != last ? (gsize) (dot - name) : strlen(name);
}

char *fv_name_output(const char *source, guint copy, guint copies, const char *ending)
{
    const int stem = (int) fv_name_stem(source);
    return copies > 1 ? g_strdup_printf("%.*s-%u%s", stem, source, copy, ending)
                      : g_strdup_printf("%.*s%s", stem, source, ending);
}

static gboolean clash(const char *one, const char *other, const char *what, const char *output, GError **error)
{
    g_autofree char *first = fv_printable(one);
    g_autofree char *second = fv_printable(other);
    g_autofree char *both = fv_printable(output);
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s and %s: %s %s", first, second, what, both);
    return FALSE;
}

/* The source whose output @folder would be, where it is one. */
static const char *source_of(GHashTable *stems, const char *folder, guint copies, const char *ending)
{
    g_autofree char *stem = g_strndup(folder, fv_name_stem(folder));
    if (!g_str_equal(folder + strlen(stem), ending))
        return NULL;
    char *dash = copies > 1 ? strrchr(stem, '-') : NULL;
    guint64 copy;
    if (copies > 1) {
        if (!dash || !g_ascii_string_to_unsigned(dash + 1, 10, 0, copies - 1, &copy, NULL))
            return NULL;
        *dash = '\0';
    }
    return g_hash_table_lookup(stems, stem);
}

/* Folders of @name that are outputs as well. @known: folders that were looked at. */
static gboolean check_folders(GHashTable *stems, GHashTable *known, const char *name, guint copies, const char *ending,
                              GError **error)
{
    for (const char *slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        char *folder = g_strndup(name, (gsize) (slash - name));
        if (!g_hash_table_add(known, folder)) /* which has freed it */
            continue;
        const char *source = source_of(stems, folder, copies, ending);
        if (source)
            return clash(source, name, "one becomes the file, the other is in the folder", folder, error);
    }
    return TRUE;
}

gboolean fv_names_check(const char *const *names, guint count, guint copies, const char *ending, GError **error)
{
    g_autoptr(GHashTable) stems = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < count; i++) {
        g_autofree char *stem = g_strndup(names[i], fv_name_stem(names[i]));
        const char *other = g_hash_table_lookup(stems, stem);
        if (other) {
            g_autofree char *output = fv_name_output(names[i], 0, copies, ending);
            return clash(other, names[i], "both become", output, error);
        }
        g_hash_table_insert(stems, g_steal_pointer(&stem), (gpointer) names[i]);
    }
    for (guint i = 0; i < count; i++)
        if (!check_folders(stems, known, names[i], copies, ending, error))
            return FALSE;
    return TRUE;
}

char *fv_name_text(const char *name)
{
    if (g_utf8_validate(name, -1, NULL))
        return g_strdup(name);
    GString *text = g_string_new(NULL);
    for (const char *p = name; *p;) {
        const gunichar c = g_utf8_get_char_validated(p, -1);
        const gboolean valid = c < (gunichar) -2 && c != '\\';
        if (valid)
            g_string_append_unichar(text, c);
        else
            g_string_append_printf(text, "\\x%02x", (guint8) *p);
        p = valid ? g_utf8_next_char(p) : p + 1;
    }
    return g_string_free(text, FALSE);
}

char *fv_name_from_text(const char *text)
{
    GString *name = g_string_new(NULL);
    for (const char *p = text; *p;) {
        if (p[0] == '\\' && p[1] == 'x' && g_ascii_isxdigit(p[2]) && g_ascii_isxdigit(p[3])) {
            g_string_append_c(name, (char) (g_ascii_xdigit_value(p[2]) << 4 | g_ascii_xdigit_value(p[3])));
            p += 4;
        } else {
            g_string_append_c(name, *p++);
        }
    }
    return g_string_free(name, FALSE);
}
