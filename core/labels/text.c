/* SPDX-License-Identifier: MIT
 * text.c: numbers and paths, as files of labels have them. */
#include "core/labels/private.h"

#include <math.h>
#include <string.h>

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

gboolean fv_label_has_extension(const char *path, const char *extension)
{
    const gsize length = strlen(path), more = strlen(extension);
    return length > more && !g_ascii_strcasecmp(path + length - more, extension);
}
