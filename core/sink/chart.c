/* SPDX-License-Identifier: MIT
 * chart.c: a line chart as inline SVG. */
#include "core/sink/chart.h"

#include "core/sink/page.h"

#include <math.h>
#include <string.h>

/* Room for labels on the left: for each letter, around them, and at least. */
static const double letter = 8.2;
enum { AROUND_LABELS = 12, LEAST_LEFT = 40 };

/* In units of the viewBox, which is about one CSS pixel on a desktop. The top has room for what the pointer is at. */
enum { WIDTH = 420, HEIGHT = 244, RIGHT = 12, TOP = 24, BOTTOM = 30, UNIT_ROOM = 64 };
enum { MAX_LINE_POINTS = 240, MAX_DOTS = 60, MAX_MARKS = 24, MAX_TIPS = 60, MAX_NAMED = 2, TICKS = 4 };

/* From lo to hi, which are logarithms where the axis is logarithmic. */
typedef struct {
    double lo, hi;
    gboolean log;
} Axis;

typedef struct {
    Axis x, y;
    double left; /* where x begins */
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

/* --------------------------------------------------------------------- axes */

static double on_axis(const Axis *axis, double value)
{
    return axis->log ? log10(value) : value;
}

double fv_chart_step(double span)
{
    double rough = span / TICKS, power = pow(10, floor(log10(rough))), share = rough / power;
    return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

/* Powers of ten, with their multiples by 2 and 5 where there are few. */
static void add_log_ticks(const Axis *axis, GArray *ticks)
{
    const double margin = 1e-9, span = axis->hi - axis->lo;
    const int every = MAX(1, (int) ceil(span / (2 * TICKS)));
    const double factors[] = { 1, 2, 5 };
    for (int power = (int) floor(axis->lo); power <= (int) ceil(axis->hi); power++)
        for (guint i = 0; i < (span < 2 ? G_N_ELEMENTS(factors) : 1); i++) {
            const double tick = factors[i] * pow(10, power), at = log10(tick);
            if (power % every == 0 && at >= axis->lo - margin && at <= axis->hi + margin)
                g_array_append_val(ticks, tick);
        }
}

/* Counted, not added up: a sum may stop growing, and would gather rounding errors. */
static void add_straight_ticks(const Axis *axis, GArray *ticks)
{
    const double step = fv_chart_step(axis->hi - axis->lo), first = ceil(axis->lo / step - 1e-9) * step;
    for (int i = 0; i <= 2 * TICKS; i++) {
        double tick = first + i * step;
        if (tick > axis->hi + step * 1e-6)
            break;
        tick = fabs(tick) < step / 1e6 ? 0 : tick;
        g_array_append_val(ticks, tick);
    }
}

static GArray *ticks_of(const Axis *axis)
{
    GArray *ticks = g_array_new(FALSE, FALSE, sizeof(double));
    if (axis->log)
        add_log_ticks(axis, ticks);
    else
        add_straight_ticks(axis, ticks);
    return ticks;
}

/* @whole: the axis ends at ticks. */
static Axis make_axis(double lo, double hi, gboolean log, gboolean whole)
{
    if (!(hi - lo > 1e-12 * MAX(fabs(lo), fabs(hi)))) { /* one value, or too near for doubles to tell ticks apart */
        double margin = lo != 0 ? fabs(lo) * 0.1 : 1;
        lo -= margin;
        hi += margin;
    }
    Axis axis = { lo, hi, log };
    if (log) {
        axis.lo = log10(lo);
        axis.hi = log10(hi);
    }
    if (whole) {
        const double step = log ? axis.hi - axis.lo < 2 ? 0.25 : 1 : fv_chart_step(hi - lo);
        axis.lo = floor(axis.lo / step) * step;
        axis.hi = ceil(axis.hi / step) * step;
    }
    return axis;
}

static double place_x(const Frame *frame, double x)
{
    return frame->left +
           (on_axis(&frame->x, x) - frame->x.lo) / (frame->x.hi - frame->x.lo) * (WIDTH - frame->left - RIGHT);
}

static double place_y(const Frame *frame, double y)
{
    return TOP + (frame->y.hi - on_axis(&frame->y, y)) / (frame->y.hi - frame->y.lo) * (HEIGHT - TOP - BOTTOM);
}

/* ------------------------------------------------------------------- points */

/* Those that can be drawn. Beyond 1e100 the arithmetic of axes would overflow. */
static GArray *drawable(const FvChart *chart, const GArray *points)
{
    GArray *out = g_array_new(FALSE, FALSE, sizeof(FvPoint));
    for (guint i = 0; i < points->len; i++) {
        FvPoint point = g_array_index(points, FvPoint, i);
        if (fabs(point.x) < 1e100 && fabs(point.y) < 1e100 && (!chart->log_x || point.x > 1e-100) &&
            (!chart->log_y || point.y > 1e-100))
            g_array_append_val(out, point);
    }
    return out;
}

/* At most @most of the points: means of neighbours. */
static GArray *thin_out(GArray *points, guint most)
{
    if (points->len <= most)
        return g_array_ref(points);
    GArray *means = g_array_new(FALSE, FALSE, sizeof(FvPoint));
    for (guint i = 0; i < most; i++) {
        guint from = (guint) ((guint64) i * points->len / most), to = (guint) ((guint64) (i + 1) * points->len / most);
        FvPoint mean = { 0, 0 };
        for (guint k = from; k < to; k++) {
            mean.x += g_array_index(points, FvPoint, k).x / (to - from);
            mean.y += g_array_index(points, FvPoint, k).y / (to - from);
        }
        g_array_append_val(means, mean);
    }
    return means;
}

/* Labels of y need the room of the longest. */
static double left_of(const Axis *y)
{
    g_autoptr(GArray) ticks = ticks_of(y);
    glong most = 0;
    for (guint i = 0; i < ticks->len; i++) {
        g_autofree char *label = fv_chart_label(g_array_index(ticks, double, i));
        most = MAX(most, g_utf8_strlen(label, -1));
    }
    return MAX(LEAST_LEFT, AROUND_LABELS + letter * (double) most);
}

static gboolean find_frame(const FvChart *chart, GPtrArray *lines, Frame *frame)
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
    if (chart->zero && !chart->log_y)
        lo.y = MIN(lo.y, 0);
    frame->x = make_axis(chart->log_x ? lo.x : MIN(lo.x, 0), hi.x, chart->log_x, FALSE);
    frame->y = make_axis(lo.y, hi.y, chart->log_y, TRUE);
    frame->left = left_of(&frame->y);
    return TRUE;
}

/* ---------------------------------------------------------------------- SVG */

static void append_text(GString *svg, double x, double y, const char *anchor, const char *text)
{
    g_autofree char *safe = fv_page_escaped(text);
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

static void append_y_axis(GString *svg, const Frame *frame)
{
    g_autoptr(GArray) ticks = ticks_of(&frame->y);
    for (guint i = 0; i < ticks->len; i++) {
        const double tick = g_array_index(ticks, double, i), y = place_y(frame, tick);
        g_autofree char *label = fv_chart_label(tick);
        append_segment(svg, "grid", frame->left, y, WIDTH - RIGHT, y);
        append_text(svg, frame->left - 6, y + 4, "end", label);
    }
    append_segment(svg, "axis", frame->left, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM);
}

/* The last number gives way to the unit, which stands at the right end. */
static void append_x_axis(GString *svg, const Frame *frame, const char *unit)
{
    g_autoptr(GArray) ticks = ticks_of(&frame->x);
    for (guint i = 0; i < ticks->len; i++) {
        const double x = place_x(frame, g_array_index(ticks, double, i));
        if (x > WIDTH - RIGHT - UNIT_ROOM)
            break;
        g_autofree char *label = fv_chart_label(g_array_index(ticks, double, i));
        append_text(svg, x, HEIGHT - BOTTOM + 18, x < frame->left + 8 ? "start" : "middle", label);
    }
    append_text(svg, WIDTH - RIGHT, HEIGHT - BOTTOM + 18, "end", unit);
}

static void append_marks(GString *svg, const Frame *frame, const GArray *marks)
{
    for (guint i = 0; marks && marks->len <= MAX_MARKS && i < marks->len; i++) {
        double x = place_x(frame, g_array_index(marks, double, i));
        if (x > frame->left && x < WIDTH - RIGHT)
            append_segment(svg, "mark", x, TOP, x, HEIGHT - BOTTOM);
    }
}

static void append_line(GString *svg, const Frame *frame, const FvSeries *series, const GArray *points)
{
    if (points->len > 1) {
        g_string_append_printf(svg, "<path class=\"line %s%s\" d=\"", series->style, series->dashed ? " dashed" : "");
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
        g_string_append_printf(svg, "<circle class=\"point %s\" r=\"3.5\"", series->style);
        append_attribute(svg, "cx", place_x(frame, point.x));
        append_attribute(svg, "cy", place_y(frame, point.y));
        g_string_append(svg, "/>");
    }
}

static void append_legend(GString *html, const FvChart *chart, GPtrArray *lines)
{
    g_string_append(html, "<p class=\"legend\">");
    for (guint i = 0; i < chart->count; i++) {
        const GArray *points = g_ptr_array_index(lines, i);
        const FvSeries *series = &chart->series[i];
        if (points->len == 0)
            continue;
        g_autofree char *name = fv_page_escaped(series->name);
        g_string_append_printf(html, "<span class=\"%s%s\"><i></i>%s</span>", series->style,
                               series->dashed ? " dashed" : "", name);
    }
    g_string_append(html, "</p>");
}

/* ------------------------------------------------------------ what is pointed at */

/* The chart is cut into strips. Of each series one has the last point in it, or none. */
typedef struct {
    double x;        /* where it points at */
    FvPoint *points; /* of each series; x is NAN where it has none */
} Tip;

static void tip_clear(gpointer data)
{
    g_free(((Tip *) data)->points);
}

static FvPoint last_within(const Frame *frame, const GArray *points, guint *at, double to)
{
    FvPoint last = { NAN, NAN };
    for (; *at < points->len && place_x(frame, g_array_index(points, FvPoint, *at).x) <= to; ++*at)
        last = g_array_index(points, FvPoint, *at);
    return last;
}

static GArray *find_tips(const Frame *frame, GPtrArray *lines)
{
    GArray *tips = g_array_new(FALSE, TRUE, sizeof(Tip));
    g_autofree guint *at = g_new0(guint, lines->len);
    g_array_set_clear_func(tips, tip_clear);
    for (int k = 0; k < MAX_TIPS; k++) {
        const double to = frame->left + (double) (WIDTH - frame->left - RIGHT) * (k + 1) / MAX_TIPS + 1e-6;
        Tip tip = { NAN, g_new(FvPoint, lines->len) };
        for (guint i = 0; i < lines->len; i++) {
            tip.points[i] = last_within(frame, g_ptr_array_index(lines, i), &at[i], to);
            tip.x = fmax(tip.x, tip.points[i].x);
        }
        if (isnan(tip.x))
            g_free(tip.points);
        else
            g_array_append_val(tips, tip);
    }
    return tips;
}

static void append_tip(GString *svg, const FvChart *chart, const Frame *frame, const Tip *tip, double from, double to)
{
    const double x = place_x(frame, tip->x);
    g_autofree char *where = fv_chart_label(tip->x);
    g_autofree char *unit = fv_page_escaped(chart->unit);
    g_string_append(svg, "<g class=\"tip\"><rect fill=\"none\" pointer-events=\"all\"");
    append_attribute(svg, "x", from);
    append_attribute(svg, "width", to - from);
    append_attribute(svg, "y", 0);
    append_attribute(svg, "height", HEIGHT - BOTTOM);
    g_string_append(svg, "/><g visibility=\"hidden\">");
    append_segment(svg, "axis", x, TOP, x, HEIGHT - BOTTOM);
    g_string_append(svg, "<text y=\"13\"");
    append_attribute(svg, "x", frame->left);
    g_string_append_printf(svg, ">%s %s:", where, unit);
    for (guint i = 0; i < chart->count; i++) {
        if (isnan(tip->points[i].x))
            continue;
        g_autofree char *value = fv_chart_label(tip->points[i].y);
        g_autofree char *name = fv_page_escaped(chart->series[i].name);
        g_string_append_printf(svg, " <tspan class=\"%s\">%s%s%s</tspan>", chart->series[i].style,
                               chart->count > 1 && chart->count <= MAX_NAMED ? name : "",
                               chart->count > 1 && chart->count <= MAX_NAMED ? " " : "", value);
    }
    g_string_append(svg, "</text></g></g>");
}

/* Each is what its surroundings point at, up to the middle between it and the next. */
static void append_tips(GString *svg, const FvChart *chart, const Frame *frame, GPtrArray *lines)
{
    g_autoptr(GArray) tips = find_tips(frame, lines);
    double from = frame->left;
    for (guint i = 0; i < tips->len; i++) {
        const Tip *tip = &g_array_index(tips, Tip, i);
        const double to =
            i + 1 < tips->len ? (place_x(frame, tip->x) + place_x(frame, tip[1].x)) / 2 : (double) (WIDTH - RIGHT);
        append_tip(svg, chart, frame, tip, from, MAX(from, to));
        from = MAX(from, to);
    }
}

/* --------------------------------------------------------------------- chart */

void fv_chart_draw(GString *html, const FvChart *chart)
{
    Frame frame;
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    for (guint i = 0; i < chart->count; i++) {
        g_ptr_array_add(all, drawable(chart, chart->series[i].points));
        g_ptr_array_add(lines, thin_out(all->pdata[i], MAX_LINE_POINTS));
    }
    if (!find_frame(chart, lines, &frame))
        return;
    g_autofree char *safe = fv_page_escaped(chart->title);
    g_string_append_printf(html, "<figure><figcaption>%s</figcaption>", safe);
    if (chart->count > 1)
        append_legend(html, chart, lines);
    g_string_append_printf(html, "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">", WIDTH, HEIGHT, safe);
    append_marks(html, &frame, chart->marks);
    append_y_axis(html, &frame);
    append_x_axis(html, &frame, chart->unit);
    for (guint i = 0; i < chart->count; i++)
        append_line(html, &frame, &chart->series[i], g_ptr_array_index(lines, i));
    append_tips(html, chart, &frame, all);
    g_string_append(html, "</svg></figure>\n");
}

void fv_chart_append(GString *html, const char *title, const char *unit, const FvSeries *series, guint count,
                     const GArray *marks, gboolean zero)
{
    const FvChart chart = {
        .title = title, .unit = unit, .series = series, .count = count, .marks = marks, .zero = zero
    };
    fv_chart_draw(html, &chart);
}
