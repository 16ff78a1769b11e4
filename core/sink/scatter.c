/* SPDX-License-Identifier: MIT
 * scatter.c: scatter plots as SVG. */
#include "core/sink/scatter.h"

#include "core/sink/chart.h"

#include <math.h>

/* In units of the viewBox, which is a CSS pixel. LEFT to BOTTOM: room around a panel's frame for its labels. */
enum {
    WIDTH = 860,
    MARGIN = 20,
    TITLE = 26,
    LINE = 20,
    COLUMNS = 2,
    GAP = 20,
    PANEL = 260,
    LEFT = 48,
    RIGHT = 8,
    TOP = 12,
    BOTTOM = 44,
    INSET = 8, /* between the frame and the ends of an axis, so that no point lies on it */
    MOST_WORDS = 40
};
static const double letter = 6.8;

/* Colours are those of the report. */
static const char style[] =
    ":root{color-scheme:light dark;--card:#fff;--text:#1d1f23;--soft:#646a73;--rule:#e3e4e6;--point:#2a6fdb;"
    "--mark:#d9650a}\n"
    "@media(prefers-color-scheme:dark){:root{--card:#1e2125;--text:#e8e9eb;--soft:#9aa1ab;--rule:#32363c;"
    "--point:#6ea8ff;--mark:#ffa351}}\n"
    "svg{font:12px system-ui,sans-serif;font-variant-numeric:tabular-nums}\n"
    ".page{fill:#fff;fill:var(--card)}text{fill:#1d1f23;fill:var(--text)}.title{font-size:17px;font-weight:600}"
    ".head{font-size:13px;font-weight:600}.soft{fill:#646a73;fill:var(--soft)}\n"
    ".grid{stroke:#e3e4e6;stroke:var(--rule)}.frame{fill:none;stroke:#646a73;stroke:var(--soft)}\n"
    ".point{fill:#2a6fdb;fill:var(--point)}.mark{fill:none;stroke:#d9650a;stroke:var(--mark);stroke-width:2}"
    ".cross{stroke:#646a73;stroke:var(--soft);stroke-width:1.5}\n";

typedef struct {
    double lo, hi;
} Span;

/* One panel on the page. */
typedef struct {
    const FvScatterPanel *panel;
    double left, right, top, bottom; /* of the frame */
    Span x;                          /* along the axis: logarithms where it is logarithmic */
    Span y;
} Frame;

/* -------------------------------------------------------------------- axes */

static double along(const FvScatterPanel *panel, double x)
{
    return panel->logarithmic ? log10(x) : x;
}

static double place_x(const Frame *frame, double x)
{
    const double share = (along(frame->panel, x) - frame->x.lo) / (frame->x.hi - frame->x.lo);
    return frame->left + INSET + share * (frame->right - frame->left - 2 * INSET);
}

static double place_y(const Frame *frame, double y)
{
    const double share = (frame->y.hi - y) / (frame->y.hi - frame->y.lo);
    return frame->top + INSET + share * (frame->bottom - frame->top - 2 * INSET);
}

static Span x_span(const FvScatterPanel *panel)
{
    if (panel->words)
        return (Span){ -0.5, g_strv_length((char **) panel->words) - 0.5 };
    return (Span){ along(panel, panel->lo), along(panel, panel->hi) };
}

static gint compare_doubles(gconstpointer a, gconstpointer b)
{
    const double x = *(const double *) a, y = *(const double *) b;
    return x < y ? -1 : x > y;
}

/* What y shows: all points, but for those beyond Tukey's fences, 1.5 times as far from the middle half as that is
 * wide. */
static Span y_span(const FvScatterPanel *panel)
{
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < panel->points->len; i++) {
        const double y = g_array_index(panel->points, FvScatterPoint, i).y;
        if (isfinite(y))
            g_array_append_val(all, y);
    }
    if (all->len == 0)
        return (Span){ 0, 1 };
    g_array_sort(all, compare_doubles);
    const double *sorted = (const double *) (gpointer) all->data;
    const double low = sorted[all->len / 4], high = sorted[(3 * all->len) / 4], fence = 1.5 * (high - low);
    Span span = { sorted[0], sorted[all->len - 1] };
    if (fence > 0)
        span = (Span){ MAX(span.lo, low - fence), MIN(span.hi, high + fence) };
    if (!(span.hi - span.lo > 1e-9 * MAX(fabs(span.lo), fabs(span.hi)))) {
        const double margin = span.lo != 0 ? fabs(span.lo) * 0.1 : 1;
        span = (Span){ span.lo - margin, span.hi + margin };
    }
    return span;
}

/* --------------------------------------------------------------------- SVG */

static void append_text(GString *svg, const char *class, double x, double y, const char *anchor, const char *text)
{
    g_autofree char *safe = g_markup_escape_text(text, -1);
    g_string_append_printf(svg, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>\n", class, x, y,
                           anchor, safe);
}

static void append_line(GString *svg, const char *class, double x1, double y1, double x2, double y2)
{
    g_string_append_printf(svg, "<line class=\"%s\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", class, x1, y1,
                           x2, y2);
}

static void append_x_tick(GString *svg, const Frame *frame, double x, const char *label)
{
    const double place = place_x(frame, x);
    append_line(svg, "grid", place, frame->top, place, frame->bottom);
    append_text(svg, "soft", place, frame->bottom + 16, "middle", label);
}

static void append_x_number(GString *svg, const Frame *frame, double x)
{
    g_autofree char *label = fv_chart_label(x);
    append_x_tick(svg, frame, x, label);
}

/* Powers of ten; over less than two of them also twice and five times those. */
static void append_logarithmic(GString *svg, const Frame *frame)
{
    static const double times[] = { 1, 2, 5 };
    const gboolean wide = frame->x.hi - frame->x.lo >= 2;
    const int step = MAX(1, (int) ceil((frame->x.hi - frame->x.lo) / 6));
    for (int power = (int) floor(frame->x.lo); power <= (int) ceil(frame->x.hi); power += step)
        for (guint i = 0; i < (wide ? 1 : G_N_ELEMENTS(times)); i++) {
            const double x = times[i] * pow(10, power);
            if (log10(x) >= frame->x.lo - 1e-9 && log10(x) <= frame->x.hi + 1e-9)
                append_x_number(svg, frame, x);
        }
}

static void append_words(GString *svg, const Frame *frame)
{
    const guint count = g_strv_length((char **) frame->panel->words);
    if (count > MOST_WORDS)
        return;
    const glong room = MAX(3, (glong) ((frame->right - frame->left) / count / letter));
    for (guint i = 0; i < count; i++) {
        const char *word = frame->panel->words[i];
        const gboolean fits = g_utf8_strlen(word, -1) <= room;
        g_autofree char *head = fits ? g_strdup(word) : g_utf8_substring(word, 0, room - 1);
        g_autofree char *label = g_strconcat(head, fits ? "" : "\u2026", NULL);
        append_x_tick(svg, frame, i, label);
    }
}

static void append_axes(GString *svg, const Frame *frame)
{
    const double x_step = fv_chart_step(frame->x.hi - frame->x.lo), y_step = fv_chart_step(frame->y.hi - frame->y.lo);
    const double x_first = ceil(frame->x.lo / x_step - 1e-9), y_first = ceil(frame->y.lo / y_step - 1e-9);
    for (int i = 0; (y_first + i) * y_step <= frame->y.hi + y_step * 1e-9; i++) {
        const double value = (y_first + i) * y_step, y = place_y(frame, value);
        g_autofree char *label = fv_chart_label(value);
        append_line(svg, "grid", frame->left, y, frame->right, y);
        append_text(svg, "soft", frame->left - 6, y + 4, "end", label);
    }
    if (frame->panel->words)
        append_words(svg, frame);
    else if (frame->panel->logarithmic)
        append_logarithmic(svg, frame);
    for (int i = 0;
         !frame->panel->words && !frame->panel->logarithmic && (x_first + i) * x_step <= frame->x.hi + x_step * 1e-9;
         i++)
        append_x_number(svg, frame, (x_first + i) * x_step);
    g_string_append_printf(svg, "<rect class=\"frame\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                           frame->left, frame->top, frame->right - frame->left, frame->bottom - frame->top);
    append_text(svg, "head", (frame->left + frame->right) / 2, frame->bottom + 36, "middle", frame->panel->name);
}

static void append_cross(GString *svg, double x, double y)
{
    append_line(svg, "cross", x - 4, y - 4, x + 4, y + 4);
    append_line(svg, "cross", x - 4, y + 4, x + 4, y - 4);
}

static void append_triangle(GString *svg, double x, double inside, double edge, double opacity)
{
    g_string_append_printf(svg, "<path class=\"point\" fill-opacity=\"%.2f\" d=\"M%.1f %.1fL%.1f %.1fL%.1f %.1fZ\"/>\n",
                           opacity, x - 5, inside, x + 5, inside, x, edge);
}

/* Later groups are stronger. */
static double opacity_of(int group, guint groups)
{
    return groups > 1 ? 0.3 + 0.6 * group / (groups - 1.0) : 0.7;
}

static void append_point(GString *svg, const Frame *frame, const FvScatterPoint *point, guint groups)
{
    const double x = place_x(frame, point->x);
    const double opacity = opacity_of(point->group, groups);
    g_autofree char *text = g_markup_escape_text(point->text, -1);
    g_string_append_printf(svg, "<g><title>%s</title>\n", text);
    if (!isfinite(point->y)) {
        append_cross(svg, x, frame->bottom - 6);
    } else if (point->y < frame->y.lo || point->y > frame->y.hi) {
        const gboolean below = point->y < frame->y.lo;
        const double edge = below ? frame->bottom : frame->top;
        append_triangle(svg, x, below ? edge - 8 : edge + 8, edge, opacity);
    } else {
        const double y = place_y(frame, point->y);
        g_string_append_printf(
            svg, "<circle class=\"point\" fill-opacity=\"%.2f\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"/>\n", opacity, x, y);
        if (point->marked)
            g_string_append_printf(svg, "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"8\"/>\n", x, y);
    }
    g_string_append(svg, "</g>\n");
}

/* ------------------------------------------------------------------- page */

/* Where the next entry begins. */
static double append_entry(GString *svg, double x, double y, const char *text)
{
    append_text(svg, "soft", x + 10, y + 4, "start", text);
    return x + 10 + letter * (double) g_utf8_strlen(text, -1) + 24;
}

typedef struct {
    gboolean crossed, outside;
} Marks;

/* All panels have the same points, but for x. */
static Marks marks_of(const FvScatterPanel *panel)
{
    const Span span = y_span(panel);
    Marks marks = { FALSE, FALSE };
    for (guint i = 0; i < panel->points->len; i++) {
        const double y = g_array_index(panel->points, FvScatterPoint, i).y;
        marks.crossed = marks.crossed || !isfinite(y);
        marks.outside = marks.outside || y < span.lo || y > span.hi;
    }
    return marks;
}

static void append_legend(GString *svg, const FvScatterHead *head, guint groups, Marks marks, double y)
{
    double x = MARGIN + 6;
    for (guint i = 0; head->groups && i < groups; i++) {
        g_string_append_printf(svg,
                               "<circle class=\"point\" fill-opacity=\"%.2f\" cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\"/>\n",
                               opacity_of((int) i, groups), x, y);
        x = append_entry(svg, x, y, head->groups[i]);
    }
    g_string_append_printf(svg, "<circle class=\"mark\" cx=\"%.1f\" cy=\"%.1f\" r=\"7\"/>\n", x, y);
    x = append_entry(svg, x + 2, y, head->marked);
    if (marks.outside) {
        append_triangle(svg, x, y - 4, y + 4, opacity_of(0, 1));
        x = append_entry(svg, x, y, "beyond the edge");
    }
    if (marks.crossed) {
        append_cross(svg, x, y);
        append_entry(svg, x, y, head->crossed);
    }
}

static void append_panel(GString *svg, const FvScatterPanel *panel, guint groups, double left, double top)
{
    const double width = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / (double) COLUMNS;
    const Frame frame = { .panel = panel,
                          .left = left + LEFT,
                          .right = left + width - RIGHT,
                          .top = top + TOP,
                          .bottom = top + PANEL - BOTTOM,
                          .x = x_span(panel),
                          .y = y_span(panel) };
    append_axes(svg, &frame);
    for (guint i = 0; i < panel->points->len; i++)
        append_point(svg, &frame, &g_array_index(panel->points, FvScatterPoint, i), groups);
}

char *fv_scatter_svg(const FvScatterHead *head, const FvScatterPanel *panels, guint count)
{
    const guint groups = head->groups ? g_strv_length((char **) head->groups) : 1;
    g_autoptr(GString) body = g_string_new(NULL);
    g_autofree char *safe = g_markup_escape_text(head->title, -1);
    double y = MARGIN + TITLE;
    append_text(body, "title", MARGIN, MARGIN + TITLE / 2, "start", head->title);
    if (head->subtitle) {
        append_text(body, "soft", MARGIN, y + LINE / 2, "start", head->subtitle);
        y += LINE;
    }
    append_legend(body, head, groups, count > 0 ? marks_of(&panels[0]) : (Marks){ FALSE, FALSE }, y + LINE / 2 + 4);
    y += 2 * LINE;
    append_text(body, "head", MARGIN, y + 4, "start", head->y_name);
    for (guint i = 0; i < count; i++)
        append_panel(body, &panels[i], groups, MARGIN + (i % COLUMNS) * ((WIDTH - 2 * MARGIN + GAP) / (double) COLUMNS),
                     y + (i / COLUMNS) * (double) PANEL);
    const int height = (int) y + (int) ((count + COLUMNS - 1) / COLUMNS) * PANEL + MARGIN;
    return g_strdup_printf(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
        "role=\"img\" aria-label=\"%s\">\n<style>\n%s</style>\n"
        "<rect class=\"page\" width=\"%d\" height=\"%d\"/>\n%s</svg>\n",
        WIDTH, height, WIDTH, height, safe, style, WIDTH, height, body->str);
}
