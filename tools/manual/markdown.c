/* SPDX-License-Identifier: MIT
 * markdown.c: goes through Markdown line by line, block by block. */
#include "markdown.h"

#include "page.h"

#include <string.h>

typedef struct {
    GString *out;
    GHashTable *links;
    char **lines, **at; /* all, and where we are */
} Reader;

/* ------------------------------------------------------------ within a line */

static void append_code_span(const Reader *reader, const char *text)
{
    g_autofree char *word = g_strndup(text, strcspn(text, "("));
    const char *link = reader->links ? g_hash_table_lookup(reader->links, word) : NULL;
    if (link)
        g_string_append_printf(reader->out, "<a href=\"%s\">", link);
    g_string_append(reader->out, "<code>");
    page_append_text(reader->out, text);
    g_string_append(reader->out, link ? "</code></a>" : "</code>");
}

static void append_inline(const Reader *reader, const char *text);

/* The address: a page of Markdown beside this one is a page of HTML here. */
static void append_link(const Reader *reader, const char *text, const char *to)
{
    g_autoptr(GString) address = g_string_new(to);
    if (!strstr(to, "://") && g_str_has_suffix(to, ".md"))
        g_string_replace(address, ".md", ".html", 0);
    g_string_append(reader->out, "<a href=\"");
    page_append_text(reader->out, address->str);
    g_string_append(reader->out, "\">");
    append_inline(reader, text);
    g_string_append(reader->out, "</a>");
}

/* What begins at @at and ends before @end: its text, or NULL. */
static char *span(const char *at, const char *end, const char **after)
{
    const char *found = strstr(at, end);
    if (!found || found == at)
        return NULL;
    *after = found + strlen(end);
    return g_strndup(at, (gsize) (found - at));
}

static gboolean append_link_at(const Reader *reader, const char **at)
{
    const char *after = NULL;
    g_autofree char *text = span(*at + 1, "](", &after);
    g_autofree char *to = text ? span(after, ")", &after) : NULL;
    if (!to || strchr(text, '[') || strchr(to, ' '))
        return FALSE;
    append_link(reader, text, to);
    *at = after;
    return TRUE;
}

static gboolean append_marked(const Reader *reader, const char **at, const char *mark, const char *tag)
{
    const char *after = NULL;
    g_autofree char *text =
        g_str_has_prefix(*at, mark) && (*at)[strlen(mark)] != ' ' ? span(*at + strlen(mark), mark, &after) : NULL;
    if (!text)
        return FALSE;
    g_string_append_printf(reader->out, "<%s>", tag);
    append_inline(reader, text);
    g_string_append_printf(reader->out, "</%s>", tag);
    *at = after;
    return TRUE;
}

static void append_inline(const Reader *reader, const char *text)
{
    for (const char *at = text; *at;) {
        const char *after = NULL;
        if (*at == '`') {
            g_autofree char *code = span(at + 1, "`", &after);
            if (code) {
                append_code_span(reader, code);
                at = after;
                continue;
            }
        }
        if ((*at == '[' && append_link_at(reader, &at)) || append_marked(reader, &at, "**", "strong") ||
            append_marked(reader, &at, "*", "em"))
            continue;
        g_autofree char *letter = g_strndup(at, (gsize) (g_utf8_next_char(at) - at));
        page_append_text(reader->out, letter);
        at += strlen(letter);
    }
}

/* ------------------------------------------------------------------- blocks */

static gboolean is_blank(const char *line)
{
    return line[strspn(line, " ")] == '\0';
}

/* Characters before the text of a list's item, or 0. */
static size_t item_mark(const char *line)
{
    const size_t digits = strspn(line, "0123456789");
    if (digits > 0 && line[digits] == '.' && line[digits + 1] == ' ')
        return digits + 2;
    return g_str_has_prefix(line, "- ") ? 2 : 0;
}

static gboolean begins_block(const char *line)
{
    return is_blank(line) || *line == '#' || *line == '|' || g_str_has_prefix(line, "```") || item_mark(line) > 0;
}

/* This line and those that go on with it, as one text. */
static char *paragraph(Reader *reader, size_t skip)
{
    g_autoptr(GString) text = g_string_new(*reader->at++ + skip);
    while (*reader->at && !begins_block(*reader->at)) {
        g_string_append_c(text, ' ');
        g_string_append(text, *reader->at + strspn(*reader->at, " "));
        reader->at++;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* "Chapter 06: Backpropagation" -> "chapter-06-backpropagation"; g_free() it. */
static char *anchor(const char *title)
{
    g_autofree char *lower = g_ascii_strdown(title, -1);
    g_autoptr(GString) name = g_string_new(NULL);
    for (const char *c = lower; *c; c++) {
        if (g_ascii_isalnum(*c))
            g_string_append_c(name, *c);
        else if (name->len && name->str[name->len - 1] != '-')
            g_string_append_c(name, '-');
    }
    return g_string_free(g_steal_pointer(&name), FALSE);
}

static void append_heading(Reader *reader)
{
    const int level = (int) strspn(*reader->at, "#");
    const char *title = *reader->at++ + level;
    title += strspn(title, " ");
    g_autofree char *name = anchor(title);
    g_string_append_printf(reader->out, "<h%d id=\"%s\">", level, name);
    append_inline(reader, title);
    g_string_append_printf(reader->out, "</h%d>\n", level);
}

static void append_fence(Reader *reader)
{
    g_autoptr(GString) code = g_string_new(NULL);
    for (reader->at++; *reader->at && !g_str_has_prefix(*reader->at, "```"); reader->at++)
        g_string_append_printf(code, "%s%s", code->len ? "\n" : "", *reader->at);
    if (*reader->at)
        reader->at++;
    page_append_code(reader->out, code->str);
}

/* Code that is indented by four. */
static void append_indented(Reader *reader)
{
    g_autoptr(GString) code = g_string_new(NULL);
    while (*reader->at && (g_str_has_prefix(*reader->at, "    ") || is_blank(*reader->at)))
        g_string_append_printf(code, "%s\n", is_blank(*reader->at) ? "" : *reader->at + 4), reader->at++;
    page_append_code(reader->out, g_strchomp(code->str));
}

static void append_list(Reader *reader)
{
    const char *tag = **reader->at == '-' ? "ul" : "ol";
    g_string_append_printf(reader->out, "<%s>\n", tag);
    while (*reader->at && item_mark(*reader->at) > 0) {
        g_autofree char *text = paragraph(reader, item_mark(*reader->at));
        g_string_append(reader->out, "<li>");
        append_inline(reader, text);
        g_string_append(reader->out, "</li>\n");
    }
    g_string_append_printf(reader->out, "</%s>\n", tag);
}

static void append_row(const Reader *reader, const char *line, const char *tag)
{
    g_autofree char *text = g_strdup(line + 1);
    g_strchomp(text);
    if (g_str_has_suffix(text, "|"))
        text[strlen(text) - 1] = '\0';
    g_auto(GStrv) cells = g_strsplit(text, "|", -1);
    g_string_append(reader->out, "<tr>");
    for (char **cell = cells; *cell; cell++) {
        g_string_append_printf(reader->out, "<%s>", tag);
        append_inline(reader, g_strstrip(*cell));
        g_string_append_printf(reader->out, "</%s>", tag);
    }
    g_string_append(reader->out, "</tr>\n");
}

static void append_table(Reader *reader)
{
    g_string_append(reader->out, "<div class=\"table\"><table>\n<thead>");
    append_row(reader, *reader->at++, "th");
    g_string_append(reader->out, "</thead>\n<tbody>\n");
    for (; *reader->at && **reader->at == '|'; reader->at++)
        if (strspn(*reader->at, "|-: ") != strlen(*reader->at))
            append_row(reader, *reader->at, "td");
    g_string_append(reader->out, "</tbody>\n</table></div>\n");
}

static void append_paragraph(Reader *reader)
{
    g_autofree char *text = paragraph(reader, 0);
    g_string_append(reader->out, "<p>");
    append_inline(reader, text);
    g_string_append(reader->out, "</p>\n");
}

void markdown_append(GString *out, const char *text, GHashTable *links)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    Reader reader = { out, links, lines, lines };
    while (*reader.at) {
        const char *line = *reader.at;
        if (is_blank(line))
            reader.at++;
        else if (g_str_has_prefix(line, "```"))
            append_fence(&reader);
        else if (*line == '#')
            append_heading(&reader);
        else if (*line == '|')
            append_table(&reader);
        else if (item_mark(line) > 0)
            append_list(&reader);
        else if (g_str_has_prefix(line, "    "))
            append_indented(&reader);
        else
            append_paragraph(&reader);
    }
}

char *markdown_title(const char *text)
{
    const char *heading = g_str_has_prefix(text, "# ") ? text : strstr(text, "\n# ");
    if (!heading)
        return NULL;
    heading = strchr(heading, '#') + 2;
    return g_strndup(heading, strcspn(heading, "\n"));
}
