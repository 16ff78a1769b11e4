/* SPDX-License-Identifier: MIT
 * formula.c: finds formulas in the text of plugins. */
#include "cli/formula.h"

#include <string.h>

static const char backward_mark[] = "Backward: ";

/* Where the sentence that begins at @text ends: at its full stop. */
static const char *sentence_end(const char *text)
{
    for (const char *at = text; *at; at++)
        if ((*at == '.' && (at[1] == ' ' || at[1] == '\n' || at[1] == '\0')) || (*at == '\n' && at[1] == '\n'))
            return at;
    return text + strlen(text);
}

/* Layers tell more than their formula in this way: extents, for one. */
static gboolean holds_formula(const FvPlugin *plugin, const char *sentence)
{
    if (plugin->kind != FV_LAYER)
        return strstr(sentence, " = ") != NULL;
    const char *y = strstr(sentence, "y = ");
    y = y ? y : strstr(sentence, "y[");
    return y && (y == sentence || y[-1] == ' ');
}

char *fv_cli_formula(const FvPlugin *plugin)
{
    const char *text = plugin->details ? plugin->details : "";
    while (*text && !g_str_has_prefix(text, backward_mark)) {
        const char *end = sentence_end(text);
        g_autofree char *sentence = g_strndup(text, (gsize) (end - text));
        if (holds_formula(plugin, sentence))
            return g_steal_pointer(&sentence);
        text = end + (*end == '.');
        text += strspn(text, " \n");
    }
    return g_strdup(plugin->summary);
}

static const char *backward_map(const FvPlugin *plugin)
{
    if (plugin->kind == FV_LAYER)
        return ((const FvLayer *) plugin)->backward_map;
    return plugin->kind == FV_LOSS ? ((const FvLoss *) plugin)->backward_map : NULL;
}

char *fv_cli_backward_formula(const FvPlugin *plugin)
{
    const char *map = backward_map(plugin);
    const char *end = map ? strchr(map, ';') : NULL;
    if (end && end[1] == '\0' && g_str_has_prefix(map, "dx = "))
        return g_strndup(map, (gsize) (end - map));
    const char *said = plugin->details ? strstr(plugin->details, backward_mark) : NULL;
    if (!said)
        return NULL;
    said += strlen(backward_mark);
    const char *paragraph = strstr(said, "\n\n");
    g_autofree char *text = paragraph ? g_strndup(said, (gsize) (paragraph - said)) : g_strdup(said);
    if (g_str_has_suffix(text, "."))
        text[strlen(text) - 1] = '\0';
    return g_steal_pointer(&text);
}
