/* SPDX-License-Identifier: MIT
 * report_curves.c: a run's log as curves, and as a table of epochs. */
#include "core/sink/chart.h"
#include "core/sink/page.h"
#include "core/sink/records.h"
#include "core/sink/report_private.h"

#include <math.h>
#include <string.h>

/* -------------------------------------------------------------------- curves */

/* The last step of every epoch but the last one. */
static GArray *epoch_ends(const GArray *records)
{
    GArray *ends = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 1; i < records->len; i++) {
        const FvRecord *last = &g_array_index(records, FvRecord, i - 1);
        double step = (double) last->step;
        if (g_array_index(records, FvRecord, i).epoch > last->epoch)
            g_array_append_val(ends, step);
    }
    return ends;
}

static void append_pair(GString *html, const char *title, const GArray *records, const char *name, const GArray *ends)
{
    g_autoptr(GArray) train = fv_records_curve(records, FV_TRAIN, name, 1);
    g_autoptr(GArray) validate = fv_records_curve(records, FV_VALIDATE, name, 1);
    FvSeries series[] = {
        { .name = "training", .style = "train", .points = train },
        { .name = "validation", .style = "validate", .points = validate, .dots = TRUE },
    };
    fv_chart_append(html, title, "steps", series, G_N_ELEMENTS(series), ends, FALSE);
}

static void append_single(GString *html, const char *title, const GArray *records, const char *name, const GArray *ends,
                          gboolean log)
{
    g_autoptr(GArray) points = fv_records_curve(records, FV_TRAIN, name, 1);
    const FvSeries series = { .name = title, .style = "rate", .points = points };
    const FvChart chart = {
        .title = title, .unit = "steps", .series = &series, .count = 1, .marks = ends, .zero = TRUE, .log_y = log
    };
    fv_chart_draw(html, &chart);
}

/* Of many layers some, as evenly as may be, the first and the last among them. */
static void append_layers(GString *html, const GArray *records)
{
    enum { MOST_LINES = 6 };
    static const char *const styles[MOST_LINES] = { "run0", "run1", "run2", "run3", "run4", "run5" };
    const FvRecord *with = fv_records_layers(records);
    const guint all = with ? with->layers->len : 0, count = MIN(all, MOST_LINES);
    FvSeries series[MOST_LINES];
    if (count < 2)
        return;
    for (guint i = 0; i < count; i++) {
        const guint which = i * (all - 1) / (count - 1);
        const char *name = g_array_index(with->layers, FvScore, which).name;
        series[i] = (FvSeries){
            .name = name, .style = styles[i], .dots = TRUE, .dashed = i % 2, .points = fv_records_layer(records, name)
        };
    }
    g_autofree char *title = all > count
                                 ? g_strdup_printf("Gradient norm of layers (%u of %u), logarithmic", count, all)
                                 : g_strdup("Gradient norm of layers, logarithmic");
    const FvChart chart = { .title = title, .unit = "steps", .series = series, .count = count, .log_y = TRUE };
    fv_chart_draw(html, &chart);
    for (guint i = 0; i < count; i++)
        g_array_unref(series[i].points);
}

static void append_curves(GString *html, const GArray *records)
{
    g_autoptr(GArray) ends = epoch_ends(records);
    g_autoptr(GString) charts = g_string_new(NULL);
    g_autoptr(GPtrArray) metrics = fv_records_metrics(records);
    append_pair(charts, "Loss", records, "loss", ends);
    for (guint i = 0; i < metrics->len; i++) {
        g_autofree char *title = fv_page_headline(metrics->pdata[i]);
        append_pair(charts, title, records, metrics->pdata[i], ends);
    }
    append_single(charts, "Learning rate", records, "rate", ends, FALSE);
    append_single(charts, "Gradient norm, logarithmic", records, "gradient_norm", ends, TRUE);
    append_layers(charts, records);
    append_single(charts, "Speed, images a second", records, "images_per_second", ends, FALSE);
    if (charts->len)
        g_string_append_printf(html, "<h2>Curves</h2>\n<div class=\"charts\">\n%s</div>\n", charts->str);
}

/* -------------------------------------------------------------------- epochs */

static const struct {
    const char *name, *title, *format;
} columns[] = {
    { "rate", "rate", "%.3g" },
    { "gradient_norm", "gradient norm", "%.4g" },
    { "images_per_second", "images/s", "%.0f" },
};

static void append_epoch_heads(GString *html, const char *metric)
{
    static const char *const splits[] = { "training", "validation" };
    g_string_append(html, "<thead><tr><th>epoch</th>");
    for (guint i = 0; i < G_N_ELEMENTS(splits); i++) {
        fv_page_elementf(html, "th class=\"number\"", "%s loss", splits[i]);
        if (metric) {
            g_autofree char *name = fv_page_headline(metric);
            *name = g_ascii_tolower(*name);
            fv_page_elementf(html, "th class=\"number\"", "%s %s", splits[i], name);
        }
    }
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        fv_page_element(html, "th class=\"number wide\"", columns[i].title);
    g_string_append(html, "<th class=\"number wide\">time</th></tr></thead>");
}

static void append_epoch(GString *html, const FvRecords *epoch, const char *metric, gboolean best)
{
    static const FvSplit splits[] = { FV_TRAIN, FV_VALIDATE };
    g_string_append(html, best ? "<tr class=\"best\">" : "<tr>");
    fv_page_elementf(html, "td class=\"epoch\"", best ? "%d kept" : "%d", epoch->epoch);
    for (guint i = 0; i < G_N_ELEMENTS(splits); i++) {
        fv_page_number(html, "td class=\"number\"", "%.4f", fv_records_mean(epoch, splits[i], "loss"));
        if (metric)
            fv_page_number(html, "td class=\"number\"", "%.4f", fv_records_mean(epoch, splits[i], metric));
    }
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        fv_page_number(html, "td class=\"number wide\"", columns[i].format,
                       fv_records_last(epoch, FV_TRAIN, columns[i].name));
    const double seconds = fv_records_last(epoch, FV_TRAIN, "seconds");
    g_autofree char *time = isfinite(seconds) ? fv_page_duration(seconds) : g_strdup("–");
    fv_page_element(html, "td class=\"number wide\"", time);
    g_string_append(html, "</tr>\n");
}

static void append_epochs(GString *html, const GArray *records, int best)
{
    enum { MOST_ROWS = 1000 };
    g_autoptr(GArray) epochs = fv_records_epochs(records);
    g_autoptr(GPtrArray) metrics = fv_records_metrics(records);
    const char *metric = metrics->len ? metrics->pdata[0] : NULL;
    if (epochs->len == 0)
        return;
    g_string_append(html,
                    "<h2>Epochs</h2>\n<p class=\"hint\">Training: the mean over the epoch; rate and norm are those "
                    "of its last step.</p>\n<div class=\"card\"><table>");
    append_epoch_heads(html, metric);
    g_string_append(html, "<tbody>\n");
    for (guint i = epochs->len > MOST_ROWS ? epochs->len - MOST_ROWS : 0; i < epochs->len; i++) {
        const FvRecords *epoch = &g_array_index(epochs, FvRecords, i);
        append_epoch(html, epoch, metric, epoch->epoch == best);
    }
    g_string_append(html, "</tbody></table></div>\n");
}

void fv_report_append_curves(GString *html, const GArray *records, int best)
{
    append_curves(html, records);
    append_epochs(html, records, best);
}
