/* SPDX-License-Identifier: MIT
 * state_text.c: the use of a plugin as a pipeline would write it: conv(64, 3, pad=1). */
#include "core/options.h"

/* A number of the option's type float, without the digits that float does not have. */
static char *real_text(float number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    for (int digits = 1; digits <= 9; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(text, sizeof text, format, number);
        if ((float) g_ascii_strtod(text, NULL) == number)
            break;
    }
    return g_strdup(text);
}

static char *range_text(FvRange range)
{
    g_autofree char *lo = real_text(range.lo);
    g_autofree char *hi = real_text(range.hi);
    return range.lo == range.hi ? g_steal_pointer(&lo) : g_strconcat(lo, "..", hi, NULL);
}

static char *floats_text(FvFloats floats)
{
    g_autoptr(GString) text = g_string_new(floats.count == 1 ? "" : "[");
    for (int i = 0; i < floats.count; i++) {
        g_autofree char *one = real_text(floats.values[i]);
        g_string_append_printf(text, "%s%s", i ? ", " : "", one);
    }
    g_string_append(text, floats.count == 1 ? "" : "]");
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static char *init_text(FvInit init)
{
    static const char *const names[] = { [FV_INIT_ZEROS] = "zeros",
                                         [FV_INIT_ONES] = "ones",
                                         [FV_INIT_GAUSSIAN] = "gaussian",
                                         [FV_INIT_XAVIER] = "xavier",
                                         [FV_INIT_HE] = "he" };
    g_autofree char *std = real_text(init.std);
    return init.kind == FV_INIT_GAUSSIAN ? g_strdup_printf("gaussian(%s)", std) : g_strdup(names[init.kind]);
}

/* The value as a pipeline writes it; NULL for types that name values or targets, and for what is not set. */
static char *value_text(const FvOption *option, const void *at)
{
    const char *text = NULL;
    switch (option->type) {
    case FV_TYPE_INT:
        return g_strdup_printf("%d", *(const int *) at);
    case FV_TYPE_FLOAT:
        return real_text(*(const float *) at);
    case FV_TYPE_BOOL:
        return g_strdup(*(const gboolean *) at ? "true" : "false");
    case FV_TYPE_CHOICE:
        return g_strdup(option->choices[*(const int *) at]);
    case FV_TYPE_SIZE: {
        const FvSize *size = at;
        return size->h == size->w ? g_strdup_printf("%d", size->h) : g_strdup_printf("[%d, %d]", size->h, size->w);
    }
    case FV_TYPE_RANGE:
        return range_text(*(const FvRange *) at);
    case FV_TYPE_FLOATS:
        return ((const FvFloats *) at)->count > 0 ? floats_text(*(const FvFloats *) at) : NULL;
    case FV_TYPE_INIT:
        return init_text(*(const FvInit *) at);
    case FV_TYPE_STRING:
        text = *(const char *const *) at;
        return text ? g_strdup_printf("\"%s\"", text) : NULL;
    default:
        return NULL;
    }
}

/* Of a penalty. */
static gboolean is_strength(const FvPlugin *plugin, const FvOption *option)
{
    return plugin->kind == FV_LOSS && option == plugin->options && option->type == FV_TYPE_FLOAT;
}

/* Whole numbers at the beginning and the first extent, such as a kernel's, stand without their names, as people write
 * them; the extent and a penalty's strength are written even where they are at their defaults. */
char *fv_state_text(const FvState *state)
{
    const FvPlugin *plugin = fv_state_plugin(state);
    const char *self = fv_state_self((FvState *) state);
    g_autoptr(FvState) usual = fv_state_new(plugin);
    g_autoptr(GString) text = g_string_new(NULL);
    gboolean named = FALSE, extent = FALSE;
    for (const FvOption *option = plugin->options; option && option->name; option++) {
        g_autofree char *value = value_text(option, self + option->offset);
        g_autofree char *def = value_text(option, (const char *) fv_state_self(usual) + option->offset);
        const gboolean first = option->type == FV_TYPE_SIZE && !extent && !named;
        named |= !first && option->type != FV_TYPE_INT && option != plugin->options;
        extent |= option->type == FV_TYPE_SIZE;
        if (value &&
            ((option->flags & FV_REQUIRED) || first || is_strength(plugin, option) || g_strcmp0(value, def) != 0))
            g_string_append_printf(text, "%s%s%s%s", text->len ? ", " : "", named ? option->name : "", named ? "=" : "",
                                   value);
        else
            named = TRUE;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}
