/* SPDX-License-Identifier: MIT
 * bars.c: a bar chart as SVG. */
#include "core/sink/bars.h"

#include <math.h>

/* In units of the viewBox, which is a CSS pixel. VALUE: room behind the longest bar for its text. */
enum { WIDTH = 860, MARGIN = 20, ROW = 22, BAR = 14, VALUE = 76, GAP = 10, TITLE = 26, SUBTITLE = 20, HEAD = 34 };
/* Names and notes get the room that they need, up to so many letters. */
enum { MOST_LETTERS = 44 };
static const double letter = 6.8;

/* Colours are those of the report. */
static const char style[] =
    ":root{color-scheme:light dark;--card:#fff;--text:#1d1f23;--soft:#646a73;--rule:#e3e4e6;--bar:#2a6fdb;"
    "--range:#1d1f23}\n"
    "@media(prefers-color-scheme:dark){:root{--card:#1e2125;--text:#e8e9eb;--soft:#9aa1ab;--rule:#32363c;"
    "--bar:#6ea8ff;--range:#e8e9eb}}\n"
    "svg{font:12px system-ui,sans-serif;font-variant-numeric:tabular-nums}\n"
    ".page{fill:#fff;fill:var(--card)}text{fill:#1d1f23;fill:var(--text)}.title{font-size:17px;font-weight:600}"
    ".head{font-size:13px;font-weight:600}.soft{fill:#646a73;fill:var(--soft)}\n"
    ".bar{fill:#2a6fdb;fill:var(--bar)}.axis{stroke:#e3e4e6;stroke:var(--rule)}"
    ".range{stroke:#1d1f23;stroke:var(--range);stroke-width:1.5}\n";

/* What all rows of the chart have in common. */
typedef struct {
    double left, right; /* where bars begin, and where the longest ends */
    double note;        /* where notes begin */
} Columns;

static void append_text(GString *svg, const char *class, double x, double y, const char *anchor, const char *text)
{
    g_autofree char *safe = g_markup_escape_text(text, -1);
    g_string_append_printf(svg, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", class, x, y,
                           anchor, safe);
}

/* At most MOST_LETTERS, the end of what is longer; g_free() it. */
static char *shorten(const char *text)
{
    const glong length = g_utf8_strlen(text, -1);
    if (length <= MOST_LETTERS)
        return g_strdup(text);
    return g_strconcat("\u2026", g_utf8_offset_to_pointer(text, length - MOST_LETTERS + 1), NULL);
}

static glong letters(const char *text)
{
    return text ? MIN(g_utf8_strlen(text, -1), MOST_LETTERS) : 0;
}

static Columns columns_of(const FvBarGroup *groups, guint count)
{
    glong name = 0, note = 0;
    for (guint i = 0; i < count; i++)
        for (guint k = 0; k < groups[i].bars->len; k++) {
            const FvBar *bar = &g_array_index(groups[i].bars, FvBar, k);
            name = MAX(name, letters(bar->name));
            note = MAX(note, letters(bar->note));
        }
    Columns columns = { .left = MARGIN + letter * (double) name + GAP,
                        .note = WIDTH - MARGIN - letter * (double) note };
    columns.right = columns.note - GAP - VALUE;
    return columns;
}

static double length_of(double value)
{
    return value > 0 && isfinite(value) ? value : 0;
}

static double longest_of(const FvBarGroup *group)
{
    double longest = 0;
    for (guint k = 0; k < group->bars->len; k++) {
        const FvBar *bar = &g_array_index(group->bars, FvBar, k);
        longest = MAX(longest, MAX(length_of(bar->value), length_of(bar->most)));
    }
    return longest > 0 ? longest : 1;
}

static void append_line(GString *svg, const char *class, double x1, double y1, double x2, double y2)
{
    g_string_append_printf(svg, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class, x1, y1,
                           x2, y2);
}

/* @y: of the row's middle */
static void append_bar(GString *svg, const Columns *columns, const FvBar *bar, double unit, double y)
{
    g_autofree char *name = shorten(bar->name);
    const double end = columns->left + length_of(bar->value) * unit;
    double text = end;
    append_text(svg, "name", columns->left - GAP, y + 4, "end", name);
    g_string_append_printf(svg, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\"/>\n",
                           columns->left, y - BAR / 2, end - columns->left, BAR);
    if (bar->most > bar->least) {
        const double from = columns->left + length_of(bar->least) * unit;
        text = columns->left + length_of(bar->most) * unit;
        append_line(svg, "range", from, y, text, y);
        append_line(svg, "range", from, y - 4, from, y + 4);
        append_line(svg, "range", text, y - 4, text, y + 4);
    }
    append_text(svg, "value", MAX(text, end) + 6, y + 4, "start", bar->text);
    if (bar->note) {
        g_autofree char *note = shorten(bar->note);
        append_text(svg, "soft", columns->note, y + 4, "start", note);
    }
}

static double append_group(GString *svg, const Columns *columns, const FvBarGroup *group, double y)
{
    const double unit = (columns->right - columns->left) / longest_of(group);
    append_text(svg, "head", MARGIN, y + HEAD - GAP, "start", group->title);
    y += HEAD;
    append_line(svg, "axis", columns->left, y, columns->left, y + ROW * (double) group->bars->len);
    for (guint k = 0; k < group->bars->len; k++)
        append_bar(svg, columns, &g_array_index(group->bars, FvBar, k), unit, y + ROW * (k + 0.5));
    return y + ROW * (double) group->bars->len;
}

char *fv_bars_svg(const char *title, const char *subtitle, const FvBarGroup *groups, guint count)
{
    const Columns columns = columns_of(groups, count);
    g_autoptr(GString) body = g_string_new(NULL);
    g_autofree char *safe = g_markup_escape_text(title, -1);
    double y = MARGIN + TITLE;
    append_text(body, "title", MARGIN, MARGIN + TITLE / 2, "start", title);
    if (subtitle) {
        append_text(body, "soft", MARGIN, y + SUBTITLE / 2, "start", subtitle);
        y += SUBTITLE;
    }
    for (guint i = 0; i < count; i++)
        if (groups[i].bars->len > 0)
            y = append_group(body, &columns, &groups[i], y);
    const int height = (int) ceil(y) + MARGIN;
    return g_strdup_printf(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
        "role=\"img\" aria-label=\"%s\">\n<style>\n%s</style>\n"
        "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n%s</svg>\n",
        WIDTH, height, WIDTH, height, safe, style, WIDTH, height, body->str);
}
