/* SPDX-License-Identifier: MIT
 * rate_chart.c: the loss after a few steps against the learning rate, as inline SVG. */
#include "core/sink/chart.h"
#include "core/sink/checkup.h"

#include <math.h>

/* In units of the viewBox, which is about one CSS pixel on a desktop. */
enum { WIDTH = 640, HEIGHT = 296, LEFT = 46, RIGHT = 14, TOP = 28, BOTTOM = 54, TICKS = 4 };
/* What is above the first loss by more than this is drawn at the upper edge. */
static const double above = 1.5;

typedef struct {
    double first, last; /* log10 of the rates at both ends */
    double top, step;   /* of the loss */
} Frame;

static double place_x(const Frame *frame, double rate)
{
    return LEFT + (log10(rate) - frame->first) / (frame->last - frame->first) * (WIDTH - LEFT - RIGHT);
}

static double place_y(const Frame *frame, double loss)
{
    const double shown = isfinite(loss) ? CLAMP(loss, 0, frame->top) : frame->top;
    return TOP + (1 - shown / frame->top) * (HEIGHT - TOP - BOTTOM);
}

static Frame frame_of(const FvCheckup *checkup)
{
    const FvTriedRate *first = &g_array_index(checkup->rates, FvTriedRate, 0),
                      *last = &g_array_index(checkup->rates, FvTriedRate, checkup->rates->len - 1);
    const double loss = isfinite(checkup->first_loss) && checkup->first_loss > 0 ? checkup->first_loss : 1;
    Frame frame = { log10(first->rate) - 0.25, log10(last->rate) + 0.25, above * loss, 0 };
    const double rough = frame.top / TICKS, power = pow(10, floor(log10(rough)));
    frame.step = power * (rough / power < 1.5 ? 1 : rough / power < 3.5 ? 2 : rough / power < 7.5 ? 5 : 10);
    return frame;
}

/* Numbers have a point, whatever the locale. */
static void append(GString *svg, const char *format, const double *numbers, guint count)
{
    guint next = 0;
    for (const char *p = format; *p; p++) {
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        if (*p != '@' || next == count)
            g_string_append_c(svg, *p);
        else
            g_string_append(svg, g_ascii_formatd(text, sizeof text, "%.2f", numbers[next++]));
    }
}

/* @ stands for a number. */
#define APPEND(svg, format, ...)                             \
    append((svg), (format), (const double[]){ __VA_ARGS__ }, \
           (guint) (sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double)))

static void append_axes(GString *svg, const Frame *frame)
{
    const double bottom = HEIGHT - BOTTOM, right = WIDTH - RIGHT;
    for (int i = 0; i * frame->step <= frame->top; i++) {
        const double y = place_y(frame, i * frame->step);
        g_autofree char *label = fv_chart_label(i * frame->step);
        APPEND(svg,
               i ? "<line class=\"grid\" x1=\"@\" y1=\"@\" x2=\"@\" y2=\"@\"/>"
                 : "<line class=\"axis\" x1=\"@\" y1=\"@\" x2=\"@\" y2=\"@\"/>",
               LEFT, y, right, y);
        APPEND(svg, "<text x=\"@\" y=\"@\" text-anchor=\"end\">", LEFT - 6, y + 4);
        g_string_append_printf(svg, "%s</text>", label);
    }
    /* Powers of ten; where they are many, each second one. */
    const int each = frame->last - frame->first > 9 ? 2 : 1;
    for (int power = (int) ceil(frame->first); power <= frame->last; power++) {
        const double x = place_x(frame, pow(10, power));
        if (power % each != 0)
            continue;
        APPEND(svg, "<line class=\"grid\" x1=\"@\" y1=\"@\" x2=\"@\" y2=\"@\"/>", x, TOP, x, bottom);
        APPEND(svg, "<text x=\"@\" y=\"@\" text-anchor=\"middle\">", x, bottom + 20);
        g_string_append_printf(svg, "1e%d</text>", power);
    }
    APPEND(svg, "<text x=\"@\" y=\"@\" text-anchor=\"end\">learning rate</text>", right, bottom + 45);
}

static void append_range(GString *svg, const Frame *frame, const FvCheckup *checkup)
{
    if (checkup->most <= 0)
        return;
    /* Half the way to the neighbours, which are half a power of ten away. */
    const double half = pow(10, 0.25);
    const double from = place_x(frame, checkup->least / half), to = place_x(frame, checkup->most * half);
    APPEND(svg, "<rect class=\"range\" x=\"@\" y=\"@\" width=\"@\" height=\"@\"/>", from, TOP, to - from,
           HEIGHT - TOP - BOTTOM);
}

static void append_marks(GString *svg, const Frame *frame, const FvCheckup *checkup)
{
    const double y = place_y(frame, checkup->first_loss), right = WIDTH - RIGHT;
    APPEND(svg, "<line class=\"mark\" x1=\"@\" y1=\"@\" x2=\"@\" y2=\"@\"/>", LEFT, y, right, y);
    APPEND(svg, "<text x=\"@\" y=\"@\" text-anchor=\"end\">before any step</text>", right, y - 5);
    if (checkup->rate <= 0)
        return;
    const double x = place_x(frame, checkup->rate);
    const char *anchor = x > WIDTH * 0.75 ? "end" : x < WIDTH * 0.25 ? "start" : "middle";
    g_autofree char *label = fv_chart_label(checkup->rate);
    APPEND(svg, "<line class=\"own\" x1=\"@\" y1=\"@\" x2=\"@\" y2=\"@\"/>", x, TOP, x, HEIGHT - BOTTOM);
    APPEND(svg, "<text class=\"strong\" x=\"@\" y=\"@\"", x, TOP - 9);
    g_string_append_printf(svg, " text-anchor=\"%s\">the pipeline's: %s</text>", anchor, label);
}

static void append_points(GString *svg, const Frame *frame, const FvCheckup *checkup)
{
    g_string_append(svg, "<path class=\"line\" d=\"");
    for (guint i = 0; i < checkup->rates->len; i++) {
        const FvTriedRate *tried = &g_array_index(checkup->rates, FvTriedRate, i);
        g_string_append_c(svg, i ? 'L' : 'M');
        APPEND(svg, "@ @", place_x(frame, tried->rate), place_y(frame, tried->loss));
    }
    g_string_append(svg, "\"/>");
    for (guint i = 0; i < checkup->rates->len; i++) {
        const FvTriedRate *tried = &g_array_index(checkup->rates, FvTriedRate, i);
        const double x = place_x(frame, tried->rate), y = place_y(frame, tried->loss);
        g_autofree char *rate = fv_chart_label(tried->rate), *loss = fv_chart_label(tried->loss);
        APPEND(svg,
               tried->falls ? "<g class=\"dot\"><circle class=\"hit\" cx=\"@\" cy=\"@\" r=\"12\"/>"
                            : "<g class=\"dot no\"><circle class=\"hit\" cx=\"@\" cy=\"@\" r=\"12\"/>",
               x, y);
        APPEND(svg, "<circle class=\"point\" cx=\"@\" cy=\"@\" r=\"4\"/>", x, y);
        g_string_append_printf(svg, "<title>rate %s: loss %s</title></g>", rate,
                               isfinite(tried->loss) ? loss : "not finite");
    }
}

void fv_rate_chart_append(GString *html, const FvCheckup *checkup)
{
    if (checkup->rates->len == 0)
        return;
    const Frame frame = frame_of(checkup);
    g_string_append_printf(
        html,
        "<figure><figcaption>Loss after %d steps</figcaption><p class=\"legend\">"
        "<span><i class=\"full\"></i>it falls</span><span><i class=\"empty\"></i>it does not</span></p>"
        "<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"Loss after %d steps against the "
        "learning rate\">",
        checkup->steps, WIDTH, HEIGHT, checkup->steps);
    append_range(html, &frame, checkup);
    append_axes(html, &frame);
    append_marks(html, &frame, checkup);
    append_points(html, &frame, checkup);
    g_string_append(html, "</svg></figure>\n");
}
