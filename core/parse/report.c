/* SPDX-License-Identifier: MIT
 * report.c: what messages say about text that the grammar does not allow. */
#include "core/parse/tokens.h"

#include <string.h>

char *fv_parse_shown(const char *text, gsize length)
{
    g_autofree char *whole = g_strndup(text, length);
    const gboolean cut = g_utf8_strlen(whole, -1) > LONGEST_SHOWN;
    g_autofree char *head = cut ? g_utf8_substring(whole, 0, LONGEST_SHOWN) : g_strdup(whole);
    return g_strdup_printf("\"%s%s\"", head, cut ? "..." : "");
}

void fv_parse_report(Parse *parse, FvLoc loc, const char *format, ...)
{
    if (parse->stopped)
        return;
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    fv_diag_error(parse->diag, loc, parse->trace, "%s", message);
}

/* ---------------------------------------------------------------- expected */

static gboolean has(const char *const *expected, const char *name)
{
    return g_strv_contains(expected, name);
}

/* Tokens go by groups: a value can begin in eight ways, and to list them helps nobody. What would only make longer
 * what is complete already is left out. */
static void list_expected(const char *const *expected, GPtrArray *list)
{
    static const char *const single[] = { "'='", "'('", "->", "as", "','", "'|'", "')'", "']'", "'{'", "'}'", NULL };
    const gboolean complete = has(expected, "'+'"), top = has(expected, "let");
    const gboolean value = has(expected, "a number"), chain = has(expected, "repeat");
    const gboolean more = has(expected, "->");
    if (top)
        g_ptr_array_add(list, g_strdup("a section or a setting"));
    else if (value)
        g_ptr_array_add(list, g_strdup("a value"));
    else if (chain && complete)
        g_ptr_array_add(list, g_strdup("another setting"));
    else if (chain && !more)
        g_ptr_array_add(list, g_strdup("a stage"));
    else if (!chain && has(expected, "a name"))
        g_ptr_array_add(list, g_strdup("a name"));
    if (has(expected, "a string") && !value)
        g_ptr_array_add(list, g_strdup("a string"));
    for (int i = 0; single[i]; i++) {
        const gboolean quoted = *single[i] == '\'';
        const char *name = single[i] + quoted;
        const gboolean implied = (complete && strchr("=(", *name)) || ((value || more) && *name == '(') ||
                                 ((chain || has(expected, "'('")) && *name == '{');
        if (implied || !has(expected, single[i]))
            continue;
        g_ptr_array_add(list, g_strdup_printf("\"%.*s\"", (int) strlen(name) - quoted, name));
    }
    if (has(expected, "the end") && !top)
        g_ptr_array_add(list, g_strdup("the end"));
}

/* "a, b or c" */
static char *joined(const GPtrArray *list)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < list->len; i++)
        g_string_append_printf(text, "%s%s",
                               i == 0              ? ""
                               : i + 1 < list->len ? ", "
                                                   : " or ",
                               (const char *) list->pdata[i]);
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------- found */

static gboolean is_keyword(int type)
{
    return type == LET || type == IMPORT || type == BLOCK || type == FREEZE || type == REPEAT || type == AS ||
           type == TRUE_WORD || type == FALSE_WORD;
}

static char *found(const Parse *parse, gboolean name_expected)
{
    int type;
    gsize length;
    const char *text = fv_parse_last(parse, &type, &length);
    char bracket;
    FvLoc open;
    if (type == FV_PARSER_EOF) {
        return fv_parse_open(parse, &bracket, &open)
                   ? g_strdup_printf("%s: the \"%c\" at %d:%d is not closed", parse->end, bracket, open.line, open.col)
                   : g_strdup(parse->end);
    }
    if (type == STRING) {
        g_autofree char *string = fv_parse_shown(text + 1, length - 2);
        return g_strconcat("the string ", string, NULL);
    }
    g_autofree char *shown = fv_parse_shown(text, length);
    return g_strconcat(shown, name_expected && is_keyword(type) ? ", which is a keyword" : "", NULL);
}

void fv_parse_unexpected(Parse *parse, FvLoc loc, const char *const *expected)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    list_expected(expected, list);
    g_autofree char *could = joined(list);
    g_autofree char *is = found(parse, has(expected, "a name") && !has(expected, "repeat"));
    if (list->len)
        fv_parse_report(parse, loc, "expected %s, found %s", could, is);
    else
        fv_parse_report(parse, loc, "unexpected %s", is);
}
