/* SPDX-License-Identifier: MIT
 * manual.c: writes the HTML manual: a page for each plugin, an index for each kind, and pages that are Markdown.
 * usage: manual FOLDER PLUGINS-FOLDER INSPECT.json STYLE.css PAGE.md... */
#include "markdown.h"
#include "page.h"
#include "plugins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(const GError *error)
{
    if (!error)
        return;
    fprintf(stderr, "manual: %s\n", error->message);
    exit(1);
}

static char *read_file(const char *file)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    g_file_get_contents(file, &text, NULL, &error);
    check(error);
    return text;
}

static char *page_name(const char *file)
{
    g_autofree char *base = g_path_get_basename(file);
    return g_str_has_suffix(base, ".md") ? g_strdup_printf("%.*s.html", (int) strlen(base) - 3, base) : g_strdup(base);
}

static void write_page(const char *file, GHashTable *links, const char *folder)
{
    const char *const path[] = { NULL };
    g_autofree char *text = read_file(file);
    g_autofree char *title = markdown_title(text);
    g_autofree char *name = page_name(file);
    g_autoptr(GString) out = g_string_new(NULL);
    page_begin(out, title ? title : name, "", path);
    markdown_append(out, text, links);
    page_write(out, folder, name);
}

static void write_index(const Kind *kinds, char *const *pages, const char *folder)
{
    const char *const path[] = { NULL };
    g_autoptr(GString) out = g_string_new(NULL);
    page_begin(out, "Manual", "", path);
    g_string_append(out,
                    "<h1>fovea</h1>\n<p class=\"summary\">Trains, tests and runs convolutional networks that are "
                    "written as pipeline files, on any OpenCL device.</p>\n<ul class=\"pages\">\n");
    for (; *pages; pages++) {
        g_autofree char *text = read_file(*pages);
        g_autofree char *title = markdown_title(text);
        g_autofree char *name = page_name(*pages);
        g_string_append_printf(out, "<li><a href=\"%s\">", name);
        page_append_text(out, title ? title : name);
        g_string_append(out, "</a></li>\n");
    }
    g_string_append(out,
                    "</ul>\n<p>The command line is described in <code>man fovea</code>, pipeline files in "
                    "<code>man 5 fovea</code>. These are the plugins that come with it; <code>fovea inspect</code> "
                    "says the same of all that it finds.</p>\n");
    for (const Kind *kind = kinds; kind->kind; kind++) {
        g_autofree char *root = g_strconcat(kind->kind, "/", NULL);
        g_string_append_printf(out, "<h2 id=\"%s\"><a href=\"%sindex.html\">%s</a></h2>\n<p>%s</p>\n", kind->kind, root,
                               kind->title, kind->about);
        plugins_append_list(out, kind, root);
    }
    page_write(out, folder, "index.html");
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc < 5) {
        fprintf(stderr, "usage: manual FOLDER PLUGINS-FOLDER INSPECT.json STYLE.css PAGE.md...\n");
        return 2;
    }
    const char *folder = argv[1];
    g_autoptr(JsonParser) parser = json_parser_new();
    json_parser_load_from_file(parser, argv[3], &error);
    check(error);
    g_autofree Kind *kinds = plugins_by_kind(json_node_get_array(json_parser_get_root(parser)), argv[2]);
    g_autoptr(GHashTable) links = plugins_links(kinds);
    for (const Kind *kind = kinds; kind->kind; kind++)
        plugins_write_kind(kind, folder);
    for (char **page = argv + 5; *page; page++)
        write_page(*page, links, folder);
    write_index(kinds, argv + 5, folder);
    g_autofree char *style = read_file(argv[4]);
    g_autofree char *style_file = g_build_filename(folder, "style.css", NULL);
    g_file_set_contents(style_file, style, -1, &error);
    check(error);
    for (Kind *kind = kinds; kind->kind; kind++)
        g_ptr_array_unref(kind->plugins);
    return 0;
}
