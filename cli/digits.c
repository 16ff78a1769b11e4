/* SPDX-License-Identifier: MIT
 * digits.c: writes numbers in columns. */
#include "cli/digits.h"

#include <math.h>
#include <string.h>

/* "0.500" -> "0.5", "2.000" -> "2", "1.50e-07" -> "1.5e-07" */
static void trim(char *text)
{
    char *exponent = strchr(text, 'e');
    char *end = exponent ? exponent : text + strlen(text);
    char *last = end;
    if (!memchr(text, '.', (size_t) (end - text)))
        return;
    while (last[-1] == '0')
        last--;
    if (last[-1] == '.')
        last--;
    memmove(last, end, strlen(end) + 1);
}

char *fv_cli_number(double number, int digits)
{
    enum { FEWEST = 3 }; /* digits that say something */
    const double size = fabs(number);
    char format[8], text[G_ASCII_DTOSTR_BUF_SIZE + 64];
    if (!isfinite(number))
        return g_strdup(isnan(number) ? "nan" : number > 0 ? "inf" : "-inf");
    if (number == 0)
        return g_strdup("0");
    const gboolean wide = size >= 1e9 || size < fmin(0.01, pow(10, FEWEST - 1 - digits));
    g_snprintf(format, sizeof format, "%%.%d%c", wide ? MIN(digits, MAX(FEWEST, digits - 4)) : digits,
               wide ? 'e' : 'f');
    g_ascii_formatd(text, sizeof text, format, number);
    trim(text);
    return g_strdup(text);
}

static int point_of(const char *text)
{
    return (int) strcspn(text, ".e");
}

void fv_cli_fit(FvCliColumn *column, const double *numbers, gint64 count)
{
    for (gint64 i = 0; i < count; i++) {
        g_autofree char *text = fv_cli_number(numbers[i], column->digits);
        const int before = point_of(text), after = (int) strlen(text) - before;
        column->before = MAX(column->before, before);
        column->after = MAX(column->after, after);
    }
}

void fv_cli_append_number(GString *line, const FvCliColumn *column, double number)
{
    g_autofree char *text = fv_cli_number(number, column->digits);
    const int point = point_of(text);
    g_string_append_printf(line, "  %*.*s%-*s", column->before, point, text, column->after, text + point);
}

void fv_cli_append_head(GString *line, const FvCliColumn *column, const char *text)
{
    g_string_append_printf(line, "  %*s", column->before + column->after, text);
}
