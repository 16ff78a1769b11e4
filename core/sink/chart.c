/* SPDX-License-Identifier: MIT
 * chart.c: a line chart as inline SVG. */
#include "core/sink/chart.h"

#include <math.h>
#include <string.h>

/* In units of the viewBox, which is about one CSS pixel on a desktop. */
enum { WIDTH = 480, HEIGHT = 250, LEFT = 46, RIGHT = 12, TOP = 10, BOTTOM = 30 };
enum { MAX_LINE_POINTS = 240, MAX_DOTS = 60, MAX_MARKS = 24, TICKS = 4 };

typedef struct {
    double lo, hi, step; /* step: between ticks */
} Axis;

typedef struct {
    Axis x, y;
} Frame;

/* ------------------------------------------------------------------ numbers */

char *fv_chart_label(double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    double size = fabs(number);
    if (size >= 1e6)
        return g_strdup_printf("%sM", g_ascii_formatd(text, sizeof text, "%.4g", number / 1e6));
    return g_strdup(g_ascii_formatd(text, sizeof text, size >= 1000 ? "%.0f" : "%.4g", number));
}

/* Coordinates: two decimals, a point whatever the locale. */
static void append_number(GString *svg, double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(svg, g_ascii_formatd(text, sizeof text, "%.2f", number));
}

static void append_attribute(GString *svg, const char *name, double number)
{
    g_string_append_printf(svg, " %s=\"", name);
    append_number(svg, number);
    g_string_append_c(svg, '"');
}

double fv_chart_step(double span)
{
    double rough = span / TICKS, power = pow(10, floor(log10(rough))), share = rough / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

static Axis make_axis(double lo, double hi, gboolean whole_ticks)
{
    if (!(hi - lo > 1e-12 * MAX(fabs(lo), fabs(hi)))) { /* one value, or too near for doubles to tell ticks apart */
        double margin = lo != 0 ? fabs(lo) * 0.1 : 1;
        lo -= margin;
        hi += margin;
    }
    Axis axis = { lo, hi, fv_chart_step(hi - lo) };
    if (whole_ticks) {
        axis.lo = floor(lo / axis.step) * axis.step;
        axis.hi = ceil(hi / axis.step) * axis.step;
    }
    return axis;
}

static double place_x(const Frame *frame, double x)
{
    return LEFT + (x - frame->x.lo) / (frame->x.hi - frame->x.lo) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const Frame *frame, double y)
{
    return TOP + (frame->y.hi - y) / (frame->y.hi - frame->y.lo) * (HEIGHT - TOP - BOTTOM);
}

/* ------------------------------------------------------------------- points */

/* The finite points, at most @most of them: means of neighbours. */
static GArray *thin_out(const GArray *points, guint most)
{
    g_autoptr(GArray) finite = g_array_new(FALSE, FALSE, sizeof(FvPoint));
    for (guint i = 0; i < points->len; i++) {
        FvPoint point = g_array_index(points, FvPoint, i);
        /* Beyond 1e100 the arithmetic of axes would overflow. */
        if (fabs(point.x) < 1e100 && fabs(point.y) < 1e100)
            g_array_append_val(finite, point);
    }
    if (finite->len <= most)
        return g_steal_pointer(&finite);
    GArray *means = g_array_new(FALSE, FALSE, sizeof(FvPoint));
    for (guint i = 0; i < most; i++) {
        guint from = (guint) ((guint64) i * finite->len / most), to = (guint) ((guint64) (i + 1) * finite->len / most);
        FvPoint mean = { 0, 0 };
        for (guint k = from; k < to; k++) {
            mean.x += g_array_index(finite, FvPoint, k).x / (to - from);
            mean.y += g_array_index(finite, FvPoint, k).y / (to - from);
        }
        g_array_append_val(means, mean);
    }
    return means;
}

static gboolean find_frame(GPtrArray *lines, gboolean zero, Frame *frame)
{
    FvPoint lo = { INFINITY, INFINITY }, hi = { -INFINITY, -INFINITY };
    for (guint i = 0; i < lines->len; i++) {
        const GArray *points = g_ptr_array_index(lines, i);
        for (guint k = 0; k < points->len; k++) {
            FvPoint point = g_array_index(points, FvPoint, k);
            lo = (FvPoint){ MIN(lo.x, point.x), MIN(lo.y, point.y) };
            hi = (FvPoint){ MAX(hi.x, point.x), MAX(hi.y, point.y) };
        }
    }
    if (!(lo.x <= hi.x))
        return FALSE;
    if (zero)
        lo.y = MIN(lo.y, 0);
    frame->x = make_axis(MIN(lo.x, 0), hi.x, FALSE);
    frame->y = make_axis(lo.y, hi.y, TRUE);
    return TRUE;
}

/* ---------------------------------------------------------------------- SVG */

static void append_text(GString *svg, double x, double y, const char *anchor, const char *text)
{
    g_autofree char *safe = g_markup_escape_text(text, -1);
    g_string_append(svg, "<text");
    append_attribute(svg, "x", x);
    append_attribute(svg, "y", y);
    g_string_append_printf(svg, " text-anchor=\"%s\">%s</text>", anchor, safe);
}

static void append_segment(GString *svg, const char *style, double x1, double y1, double x2, double y2)
{
    g_string_append_printf(svg, "<line class=\"%s\"", style);
    append_attribute(svg, "x1", x1);
    append_attribute(svg, "y1", y1);
    append_attribute(svg, "x2", x2);
    append_attribute(svg, "y2", y2);
    g_string_append(svg, "/>");
}

static void append_axes(GString *svg, const Frame *frame, const char *unit, const GArray *marks)
{
    double bottom = HEIGHT - BOTTOM, right = WIDTH - RIGHT;
    for (guint i = 0; marks && marks->len <= MAX_MARKS && i < marks->len; i++) {
        double x = place_x(frame, g_array_index(marks, double, i));
        if (x > LEFT && x < right)
            append_segment(svg, "mark", x, TOP, x, bottom);
    }
    /* Counted, not added up: a sum may stop growing, and would gather rounding errors. */
    for (int i = 0; i <= 2 * TICKS; i++) {
        double value = frame->y.lo + i * frame->y.step;
        if (value > frame->y.hi + frame->y.step / 2)
            break;
        double y = place_y(frame, value);
        g_autofree char *label = fv_chart_label(fabs(value) < frame->y.step / 1e6 ? 0 : value);
        append_segment(svg, i ? "grid" : "axis", LEFT, y, right, y);
        append_text(svg, LEFT - 6, y + 4, "end", label);
    }
    /* The last number gives way to the unit, which stands at the right end. */
    double first = ceil(frame->x.lo / frame->x.step) * frame->x.step;
    for (int i = 0; i <= 2 * TICKS; i++) {
        double x = place_x(frame, first + i * frame->x.step);
        if (x > right - 56)
            break;
        g_autofree char *label = fv_chart_label(first + i * frame->x.step);
        append_text(svg, x, bottom + 18, i ? "middle" : "start", label);
    }
    append_text(svg, right, bottom + 18, "end", unit);
}

static void append_line(GString *svg, const Frame *frame, const FvSeries *series, const GArray *points)
{
    if (points->len > 1) {
        g_string_append_printf(svg, "<path class=\"line %s\" d=\"", series->style);
        for (guint i = 0; i < points->len; i++) {
            FvPoint point = g_array_index(points, FvPoint, i);
            g_string_append_c(svg, i ? 'L' : 'M');
            append_number(svg, place_x(frame, point.x));
            g_string_append_c(svg, ' ');
            append_number(svg, place_y(frame, point.y));
        }
        g_string_append(svg, "\"/>");
    }
    if (points->len > 1 && (!series->dots || points->len > MAX_DOTS))
        return;
    for (guint i = 0; i < points->len; i++) {
        FvPoint point = g_array_index(points, FvPoint, i);
        g_autofree char *x = fv_chart_label(point.x), *y = fv_chart_label(point.y);
        g_autofree char *name = g_markup_escape_text(series->name, -1);
        g_string_append_printf(svg, "<g class=\"dot %s\">", series->style);
        static const char *const kinds[] = { "hit\" r=\"11", "point\" r=\"3.5" };
        for (guint k = 0; k < G_N_ELEMENTS(kinds); k++) {
            g_string_append_printf(svg, "<circle class=\"%s\"", kinds[k]);
            append_attribute(svg, "cx", place_x(frame, point.x));
            append_attribute(svg, "cy", place_y(frame, point.y));
            g_string_append(svg, "/>");
        }
        g_string_append_printf(svg, "<title>%s: %s at %s</title></g>", name, y, x);
    }
}

static void append_legend(GString *html, const FvSeries *series, guint count, GPtrArray *lines)
{
    g_string_append(html, "<p class=\"legend\">");
    for (guint i = 0; i < count; i++) {
        const GArray *points = g_ptr_array_index(lines, i);
        if (points->len == 0)
            continue;
        g_autofree char *name = g_markup_escape_text(series[i].name, -1);
        g_string_append_printf(html, "<span class=\"%s\"><i></i>%s</span>", series[i].style, name);
    }
    g_string_append(html, "</p>");
}

void fv_chart_append(GString *html, const char *title, const char *unit, const FvSeries *series, guint count,
                     const GArray *marks, gboolean zero)
{
    Frame frame;
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    for (guint i = 0; i < count; i++)
        g_ptr_array_add(lines, thin_out(series[i].points, MAX_LINE_POINTS));
    if (!find_frame(lines, zero, &frame))
        return;
    g_autofree char *safe = g_markup_escape_text(title, -1);
    g_string_append_printf(html, "<figure><figcaption>%s</figcaption>", safe);
    if (count > 1)
        append_legend(html, series, count, lines);
    g_string_append_printf(html, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", WIDTH, HEIGHT, safe);
    append_axes(html, &frame, unit, marks);
    for (guint i = 0; i < count; i++)
        append_line(html, &frame, &series[i], g_ptr_array_index(lines, i));
    g_string_append(html, "</svg></figure>\n");
}
