/* SPDX-License-Identifier: MIT
 * options_text.c: options and their values as text: for messages, for the manual, and for OpenCL C. */
#include "core/options.h"

#include <math.h>

/* ------------------------------------------------------------------- texts */

char *fv_number_text(double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    for (int digits = 6; digits <= 17; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(text, sizeof text, format, number);
        if (g_ascii_strtod(text, NULL) == number)
            break;
    }
    return g_strdup(text);
}

/* A string in quotes as a message shows it: one line, not too long. */
static char *quoted(const char *text)
{
    enum { SHOWN = 40 };
    const gboolean cut = g_utf8_strlen(text, -1) > SHOWN;
    g_autofree char *head = cut ? g_utf8_substring(text, 0, SHOWN) : g_strdup(text);
    for (char *c = head; *c; c++) {
        if (g_ascii_iscntrl(*c))
            *c = ' ';
    }
    return g_strdup_printf("\"%s%s\"", head, cut ? "..." : "");
}

char *fv_value_text(const FvValue *value)
{
    g_autofree char *a = NULL, *b = NULL;
    switch (value->type) {
    case FV_VALUE_NUMBER:
        return fv_number_text(value->number);
    case FV_VALUE_BOOL:
        return g_strdup(value->number != 0 ? "true" : "false");
    case FV_VALUE_TEXT:
        return quoted(value->text);
    case FV_VALUE_WORD:
        return g_strdup_printf("%.60s%s", value->text, value->count ? "(...)" : "");
    case FV_VALUE_LIST:
        return g_strdup_printf("a list of %d", value->count);
    case FV_VALUE_RANGE:
        a = fv_number_text(value->list[0]);
        b = fv_number_text(value->list[1]);
        return g_strdup_printf("%s..%s", a, b);
    }
    return g_strdup("nothing");
}

/* "from 1 to 8", "of 1 or more", "of at most 8", or nothing. */
static char *bounds(const FvOption *option, const char *from, const char *of)
{
    const gboolean whole = option->type == FV_TYPE_INT || option->type == FV_TYPE_SIZE;
    const gboolean low = isfinite(option->min) && !(whole && option->min <= G_MININT);
    const gboolean high = isfinite(option->max) && !(whole && option->max >= G_MAXINT);
    g_autofree char *min = fv_number_text(option->min);
    g_autofree char *max = fv_number_text(option->max);
    if (low && high)
        return g_strdup_printf("%s%s to %s", from, min, max);
    if (low)
        return g_strdup_printf("%s%s or more", of, min);
    if (high)
        return g_strdup_printf("%sat most %s", of, max);
    return g_strdup("");
}

/* What each type is called, in a message that expects one and in the manual. */
static const struct {
    const char *expected, *each, *manual;
    gboolean bounded;
} types[] = {
    [FV_TYPE_INT] = { "a whole number", " ", "whole number", TRUE },
    [FV_TYPE_FLOAT] = { "a number", " ", "real number", TRUE },
    [FV_TYPE_BOOL] = { "true or false", "", "true or false", FALSE },
    [FV_TYPE_STRING] = { "a \"string\"", "", "string", FALSE },
    [FV_TYPE_CHOICE] = { "one of ", "", "one of: ", FALSE },
    [FV_TYPE_SIZE] = { "a whole number or [height, width]", ", each ", "whole number or [height, width]", TRUE },
    [FV_TYPE_RANGE] = { "a number or a range lo..hi", ", each ", "real number or range lo..hi", TRUE },
    [FV_TYPE_EXTENT] = { "pixels (a whole number above 1) or a share (up to 1), as a number, a range lo..hi or "
                         "[height, width]",
                         ", each ", "pixels (above 1) or share (up to 1), a range lo..hi or [height, width]", TRUE },
    [FV_TYPE_FLOATS] = { "a number or a list of numbers", ", each ", "real number or list", TRUE },
    [FV_TYPE_INIT] = { "zeros, ones, gaussian(std), xavier or he", "", "zeros, ones, gaussian(std), xavier or he",
                       FALSE },
    [FV_TYPE_VALUE] = { "the name of a value", "", "a value of the net", FALSE },
    [FV_TYPE_VALUES] = { "the names of values", "", "values of the net", FALSE },
    [FV_TYPE_TARGET] = { "the name of a target", "", "a target of the data", FALSE },
};

static char *choices_text(const FvOption *option)
{
    return option->type == FV_TYPE_CHOICE ? g_strjoinv(", ", (char **) option->choices) : g_strdup("");
}

char *fv_option_expected(const FvOption *option)
{
    g_autofree char *range = types[option->type].bounded ? bounds(option, "from ", "of ") : g_strdup("");
    g_autofree char *choices = choices_text(option);
    return g_strconcat(types[option->type].expected, *range ? types[option->type].each : "", range, choices, NULL);
}

char *fv_option_range(const FvOption *option)
{
    g_autofree char *range = types[option->type].bounded ? bounds(option, "", "") : g_strdup("");
    g_autofree char *choices = choices_text(option);
    return g_strconcat(types[option->type].manual, *range ? ", " : "", range, choices, NULL);
}

char *fv_option_default(const FvOption *option)
{
    g_autofree char *number = fv_number_text(option->def);
    g_autofree char *high = fv_number_text(option->def_hi);
    if (option->flags & FV_REQUIRED)
        return NULL;
    switch (option->type) {
    case FV_TYPE_INT:
    case FV_TYPE_FLOAT:
    case FV_TYPE_SIZE:
    case FV_TYPE_FLOATS:
        return g_steal_pointer(&number);
    case FV_TYPE_BOOL:
        return g_strdup(option->def != 0 ? "true" : "false");
    case FV_TYPE_CHOICE:
        return g_strdup(option->choices[(int) option->def]);
    case FV_TYPE_RANGE:
    case FV_TYPE_EXTENT:
        return option->def == option->def_hi ? g_steal_pointer(&number) : g_strconcat(number, "..", high, NULL);
    case FV_TYPE_STRING:
        return option->def_text ? g_strdup_printf("\"%s\"", option->def_text) : NULL;
    case FV_TYPE_INIT:
        return g_strdup(option->def_text ? option->def_text : "zeros");
    case FV_TYPE_TARGET:
        return g_strdup(option->def_text);
    case FV_TYPE_VALUE:
    case FV_TYPE_VALUES:
        break;
    }
    return NULL;
}

/* ----------------------------------------------------------- for OpenCL C */

/* The cast keeps a float constant from turning a float expression into double, and keeps the very value of the field
 * where real is double. */
static void append_real(GString *source, float number)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    if (isinf(number)) {
        g_string_append(source, number > 0 ? "((real) INFINITY)" : "((real) -INFINITY)");
        return;
    }
    g_ascii_formatd(digits, sizeof digits, "%.8e", number);
    g_string_append_printf(source, "((real) %sf)", digits);
}

static void define_int(GString *source, const char *name, const char *suffix, int number)
{
    g_string_append_printf(source, "#define %s%s (%d)\n", name, suffix, number);
}

static void define_real(GString *source, const char *name, const char *suffix, float number)
{
    g_string_append_printf(source, "#define %s%s ", name, suffix);
    append_real(source, number);
    g_string_append_c(source, '\n');
}

/* A compound literal, so that the same name can be defined again for the next use in the same function. */
static void define_floats(GString *source, const char *name, FvFloats floats)
{
    g_string_append_printf(source, "#define %s ((const real[]){ ", name);
    for (int i = 0; i < floats.count; i++) {
        append_real(source, floats.values[i]);
        g_string_append(source, i + 1 < floats.count ? ", " : " })\n");
    }
    define_int(source, name, "_count", floats.count);
}

static void define_all(const FvState *state, gboolean numbers, GString *source)
{
    const char *self = fv_state_self((FvState *) state);
    for (const FvOption *option = fv_state_plugin(state)->options; option && option->name; option++) {
        const void *at = self + option->offset;
        switch (option->type) {
        case FV_TYPE_INT:
        case FV_TYPE_CHOICE:
            define_int(source, option->name, "", *(const int *) at);
            break;
        case FV_TYPE_BOOL:
            define_int(source, option->name, "", *(const gboolean *) at != 0);
            break;
        case FV_TYPE_FLOAT:
            if (numbers)
                define_real(source, option->name, "", *(const float *) at);
            break;
        case FV_TYPE_SIZE:
            define_int(source, option->name, "_h", ((const FvSize *) at)->h);
            define_int(source, option->name, "_w", ((const FvSize *) at)->w);
            break;
        case FV_TYPE_RANGE:
            define_real(source, option->name, "_lo", ((const FvRange *) at)->lo);
            define_real(source, option->name, "_hi", ((const FvRange *) at)->hi);
            break;
        case FV_TYPE_FLOATS:
            if (((const FvFloats *) at)->count > 0)
                define_floats(source, option->name, *(const FvFloats *) at);
            break;
        default:
            break;
        }
    }
}

void fv_state_defines(const FvState *state, GString *source)
{
    define_all(state, TRUE, source);
}

void fv_state_defines_but_numbers(const FvState *state, GString *source)
{
    define_all(state, FALSE, source);
}

void fv_state_undefines(const FvState *state, GString *source)
{
    static const char *const suffixes[][3] = {
        [FV_TYPE_INT] = { "" },
        [FV_TYPE_FLOAT] = { "" },
        [FV_TYPE_BOOL] = { "" },
        [FV_TYPE_CHOICE] = { "" },
        [FV_TYPE_SIZE] = { "_h", "_w" },
        [FV_TYPE_RANGE] = { "_lo", "_hi" },
        [FV_TYPE_FLOATS] = { "", "_count" },
        [FV_TYPE_EXTENT] = { NULL },
        [FV_TYPE_TARGET] = { NULL },
    };
    for (const FvOption *option = fv_state_plugin(state)->options; option && option->name; option++) {
        for (const char *const *suffix = suffixes[option->type]; *suffix; suffix++)
            g_string_append_printf(source, "#undef %s%s\n", option->name, *suffix);
    }
}
