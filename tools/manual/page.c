/* SPDX-License-Identifier: MIT
 * page.c: writes pages. */
#include "page.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

void page_append_text(GString *out, const char *text)
{
    g_autofree char *escaped = g_markup_escape_text(text, -1);
    g_string_append(out, escaped);
}

/* A # within quotes begins no comment; nor does one within a word, as in "${#names}". */
static const char *comment_of(const char *line)
{
    gboolean quoted = FALSE;
    for (const char *c = line; *c; c++) {
        quoted ^= *c == '"';
        if (*c == '#' && !quoted && (c == line || c[-1] == ' '))
            return c;
    }
    return NULL;
}

void page_append_code(GString *out, const char *code)
{
    g_auto(GStrv) lines = g_strsplit(code, "\n", -1);
    g_string_append(out, "<pre><code>");
    for (char **line = lines; *line; line++) {
        const char *comment = comment_of(*line);
        g_autofree char *before = comment ? g_strndup(*line, (gsize) (comment - *line)) : g_strdup(*line);
        page_append_text(out, before);
        if (comment) {
            g_string_append(out, "<span class=\"comment\">");
            page_append_text(out, comment);
            g_string_append(out, "</span>");
        }
        g_string_append(out, line[1] ? "\n" : "");
    }
    g_string_append(out, "</code></pre>\n");
}

void page_begin(GString *out, const char *title, const char *root, const char *const *path)
{
    g_string_append(out,
                    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    page_append_text(out, title);
    g_string_append_printf(
        out, " \u2013 fovea</title>\n<link rel=\"stylesheet\" href=\"%sstyle.css\">\n</head>\n<body>\n", root);
    g_string_append_printf(out, "<nav><a href=\"%sindex.html\">fovea</a>", root);
    for (; *path; path += 2) {
        g_string_append_printf(out, " <span>/</span> <a href=\"%s%s\">", root, path[1]);
        page_append_text(out, path[0]);
        g_string_append(out, "</a>");
    }
    g_string_append(out, "</nav>\n<main>\n");
}

void page_write(GString *out, const char *folder, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = g_build_filename(folder, name, NULL);
    g_autofree char *own = g_path_get_dirname(file);
    g_string_append(out, "</main>\n</body>\n</html>\n");
    if (g_mkdir_with_parents(own, 0755) != 0 || !g_file_set_contents(file, out->str, (gssize) out->len, &error)) {
        g_printerr("manual: %s\n", error ? error->message : own);
        exit(1);
    }
}
