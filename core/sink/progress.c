/* SPDX-License-Identifier: MIT
 * progress.c: one line on a terminal that says how far the work is. */
#include "core/sink/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PERIOD_US 100000      /* between two drawings */
#define SMOOTHING_SECONDS 3.0 /* the rate shown is a mean over about so long */
#define SETTLING_SECONDS 0.5  /* before that, a rate and a time left would be guesses */
enum { DEFAULT_WIDTH = 80, MIN_BAR = 5, MAX_BAR = 30, PIECES = 8 };

struct FvProgressBar {
    FILE *out;
    char *unit, *label;
    gboolean terminal, colour;
    gboolean shown; /* a bar stands on the screen's last line */
    gint64 first, done, total, after;
    gint64 begun, drawn, measured; /* monotonic times in us; 0: not yet */
    gint64 measured_done;
    double rate;
    double loss, value;
    char *metric;
    guint64 memory;
};

/* --------------------------------------------------------------------- text */

static char *time_text(double seconds)
{
    if (seconds > 99 * 3600)
        return g_strdup("more than 99 hours left");
    int whole = (int) ceil(seconds), hours = whole / 3600;
    return hours > 0 ? g_strdup_printf("%d:%02d:%02d left", hours, whole / 60 % 60, whole % 60)
                     : g_strdup_printf("%d:%02d left", whole / 60, whole % 60);
}

/* "412 MiB", "1.6 GiB" */
static char *memory_text(guint64 bytes)
{
    const double mebibytes = (double) bytes / (1 << 20);
    return mebibytes < 1000 ? g_strdup_printf("%.0f MiB", mebibytes) : g_strdup_printf("%.1f GiB", mebibytes / 1024);
}

/* @unit: NULL where there is no room for it. */
static char *rate_text(double rate, const char *unit)
{
    return g_strdup_printf(rate < 10 ? "%.1f%s%s/s" : "%.0f%s%s/s", rate, unit ? " " : "", unit ? unit : "");
}

static void append_bar(GString *line, double share, int width, gboolean colour)
{
    int filled = (int) (share * width);
    g_string_append(line, colour ? "[\033[32m" : "[");
    for (int i = 0; i < width; i++)
        g_string_append_c(line, i < filled - (filled < width) ? '=' : i < filled ? '>' : ' ');
    g_string_append(line, colour ? "\033[0m]" : "]");
}

/* A piece that is to be left out is NULL. Pieces are told apart by two spaces. */
static int pieces_width(char *const *pieces)
{
    int width = 0;
    for (int i = 0; i < PIECES; i++)
        if (pieces[i])
            width += (int) g_utf8_strlen(pieces[i], -1) + (width ? 2 : 0);
    return width;
}

char *fv_progress_text(const FvProgressView *view, int width, gboolean colour)
{
    enum { LABEL, BAR, SHARE, RATE, LOSS, METRIC, LEFT, MEMORY };
    static const int dropped_first[] = { SHARE, MEMORY, RATE, METRIC, LOSS, LEFT };
    double share = view->total > 0 ? CLAMP((double) view->done / (double) view->total, 0, 1) : 0;
    char *pieces[PIECES] = { NULL };
    pieces[LABEL] = g_strdup(view->label);
    pieces[SHARE] = g_strdup_printf("%2d%%", (int) (share * 100));
    if (view->rate > 0)
        pieces[RATE] = rate_text(view->rate, view->unit);
    if (!isnan(view->loss))
        pieces[LOSS] = g_strdup_printf("loss %.4f", view->loss);
    if (view->metric && !isnan(view->value))
        pieces[METRIC] = g_strdup_printf("%s %.4f", view->metric, view->value);
    if (view->seconds_left >= 0)
        pieces[LEFT] = time_text(view->seconds_left);
    if (view->memory > 0)
        pieces[MEMORY] = memory_text(view->memory);

    int room = MAX(width, 0), framed = MIN_BAR + 4; /* brackets and two spaces */
    if (pieces[RATE] && pieces_width(pieces) + framed > room) {
        g_free(pieces[RATE]);
        pieces[RATE] = rate_text(view->rate, NULL);
    }
    for (guint i = 0; i < G_N_ELEMENTS(dropped_first) && pieces_width(pieces) + framed > room; i++)
        g_clear_pointer(&pieces[dropped_first[i]], g_free);
    int bar = MIN(room - pieces_width(pieces) - 4, MAX_BAR);
    GString *line = g_string_new(NULL);
    for (int i = 0; i < PIECES; i++) {
        if (i == BAR ? bar < MIN_BAR : !pieces[i])
            continue;
        if (line->len)
            g_string_append(line, "  ");
        if (i == BAR)
            append_bar(line, share, bar, colour);
        else
            g_string_append(line, pieces[i]);
    }
    if (bar < MIN_BAR && g_utf8_strlen(line->str, -1) > room)
        g_string_truncate(line, (gsize) (g_utf8_offset_to_pointer(line->str, room) - line->str));
    for (int i = 0; i < PIECES; i++)
        g_free(pieces[i]);
    return g_string_free(line, FALSE);
}

/* ------------------------------------------------------------------ drawing */

static int terminal_width(FILE *out)
{
    struct winsize size;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return DEFAULT_WIDTH;
}

static double seconds_between(gint64 from, gint64 to)
{
    return (double) (to - from) / G_USEC_PER_SEC;
}

/* A mean that forgets: work of a few seconds ago counts less, so that a slow start does not spoil the time left. */
static void measure(FvProgressBar *bar, gint64 now)
{
    double passed = seconds_between(bar->measured, now);
    if (passed <= 0)
        return;
    double latest = (double) (bar->done - bar->measured_done) / passed;
    double weight = bar->rate > 0 ? 1 - exp(-passed / SMOOTHING_SECONDS) : 1;
    bar->rate += weight * (latest - bar->rate);
    bar->measured = now;
    bar->measured_done = bar->done;
}

static void draw(FvProgressBar *bar, gint64 now)
{
    gboolean settled = seconds_between(bar->begun, now) >= SETTLING_SECONDS && bar->rate > 0;
    FvProgressView view = {
        .label = bar->label,
        .unit = bar->unit,
        .metric = bar->metric,
        .done = bar->done,
        .total = bar->total,
        .rate = settled ? bar->rate : 0,
        .seconds_left = settled ? (double) (bar->total - bar->done + bar->after) / bar->rate : -1,
        .loss = bar->loss,
        .value = bar->value,
        .memory = bar->memory,
    };
    /* One column less than there is: some terminals wrap when the last is written. */
    g_autofree char *text = fv_progress_text(&view, terminal_width(bar->out) - 1, bar->colour);
    fprintf(bar->out, "\r%s\033[K", text);
    fflush(bar->out);
    bar->shown = TRUE;
    bar->drawn = now;
}

FvProgressBar *fv_progress_new(FILE *out, const char *unit)
{
    const char *term = g_getenv("TERM"), *plain = g_getenv("NO_COLOR");
    FvProgressBar *bar = g_new0(FvProgressBar, 1);
    bar->out = out;
    bar->unit = g_strdup(unit);
    bar->terminal = isatty(fileno(out)) && term && *term && strcmp(term, "dumb") != 0;
    bar->colour = !(plain && *plain);
    bar->loss = bar->value = NAN;
    return bar;
}

void fv_progress_free(FvProgressBar *bar)
{
    if (!bar)
        return;
    fv_progress_clear(bar);
    g_free(bar->unit);
    g_free(bar->label);
    g_free(bar->metric);
    g_free(bar);
}

void fv_progress_start(FvProgressBar *bar, const char *label, gint64 done, gint64 total, gint64 after)
{
    gint64 now = g_get_monotonic_time();
    g_free(bar->label);
    bar->label = g_strdup(label);
    bar->first = bar->done = bar->measured_done = done;
    bar->total = total;
    bar->after = after;
    bar->begun = bar->measured = now;
    bar->rate = 0;
    bar->loss = bar->value = NAN;
    if (bar->terminal)
        draw(bar, now);
}

void fv_progress_update(FvProgressBar *bar, gint64 done, double loss, const char *metric, double value)
{
    bar->done = done;
    bar->loss = loss;
    bar->value = value;
    if (!bar->terminal || !bar->label)
        return;
    gint64 now = g_get_monotonic_time();
    if (now - bar->drawn < PERIOD_US)
        return;
    if (g_strcmp0(bar->metric, metric) != 0) {
        g_free(bar->metric);
        bar->metric = g_strdup(metric);
    }
    /* Results come in bursts; a time in which none came is no measurement. */
    if (bar->done > bar->measured_done)
        measure(bar, now);
    draw(bar, now);
}

void fv_progress_memory(FvProgressBar *bar, guint64 bytes)
{
    bar->memory = bytes;
}

void fv_progress_clear(FvProgressBar *bar)
{
    if (!bar->shown)
        return;
    fputs("\r\033[K", bar->out);
    fflush(bar->out);
    bar->shown = FALSE;
    bar->drawn = 0;
}

double fv_progress_finish(FvProgressBar *bar)
{
    fv_progress_clear(bar);
    g_clear_pointer(&bar->label, g_free);
    double passed = seconds_between(bar->begun, g_get_monotonic_time());
    return passed > 0 && bar->done > bar->first ? (double) (bar->done - bar->first) / passed : 0;
}

void fv_progress_print(FvProgressBar *bar, const char *format, ...)
{
    va_list args;
    fv_progress_clear(bar);
    va_start(args, format);
    vfprintf(bar->out, format, args);
    va_end(args);
    fputc('\n', bar->out);
    fflush(bar->out);
}

static void append_value(GString *line, const char *prefix, const char *name, double value)
{
    if (name && !isnan(value))
        g_string_append_printf(line, "  %s%s %.4f", prefix, name, value);
}

void fv_progress_epoch(FvProgressBar *bar, const char *label, const char *metric, double loss, double value,
                       double validation_loss, double validation_value, double rate)
{
    g_autoptr(GString) line = g_string_new(label);
    append_value(line, "", "loss", loss);
    append_value(line, "", metric, value);
    append_value(line, "validation ", "loss", validation_loss);
    append_value(line, "validation ", metric, validation_value);
    if (rate > 0) {
        g_autofree char *text = rate_text(rate, bar->unit);
        g_string_append_printf(line, "  %s", text);
    }
    fv_progress_print(bar, "%s", line->str);
}
