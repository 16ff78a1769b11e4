/* SPDX-License-Identifier: MIT
 * compare.c: a page that lays several runs over each other. */
#include "core/sink/compare.h"

#include "core/sink/chart.h"
#include "core/sink/page.h"
#include "core/sink/records.h"

#include <math.h>
#include <string.h>

/* Runs beyond the last colour have the same ones again, dashed. */
enum { STYLES = 8 };
static const char *const styles[STYLES] = { "run0", "run1", "run2", "run3", "run4", "run5", "run6", "run7" };

/* -------------------------------------------------------------------- curves */

/* Steps of a run's epoch, as its first whole one shows; NAN where none is whole. */
static double epoch_steps(const GArray *records)
{
    g_autoptr(GArray) epochs = fv_records_epochs(records);
    gboolean validated = FALSE;
    for (guint i = 0; i < records->len; i++)
        validated |= g_array_index(records, FvRecord, i).split != FV_TRAIN;
    if (epochs->len < 1 || (epochs->len < 2 && !validated))
        return NAN;
    const FvRecords *first = &g_array_index(epochs, FvRecords, 0);
    return (double) first->begin[first->count - 1].step / MAX(1, first->epoch);
}

/* Batches may differ: epochs are what runs have in common, where all of them know theirs. */
static gboolean count_in_epochs(const FvCompared *runs, guint count)
{
    for (guint i = 0; i < count; i++)
        if (isnan(epoch_steps(runs[i].records)))
            return FALSE;
    return TRUE;
}

static void append_chart(GString *html, const FvCompared *runs, guint count, FvSplit split, const char *name,
                         const char *title, gboolean log)
{
    const gboolean epochs = count_in_epochs(runs, count);
    g_autofree FvSeries *series = g_new0(FvSeries, count);
    for (guint i = 0; i < count; i++)
        series[i] = (FvSeries){ .name = runs[i].name,
                                .style = styles[i % STYLES],
                                .dots = split != FV_TRAIN,
                                .dashed = i / STYLES % 2 == 1,
                                .points = fv_records_curve(runs[i].records, split, name,
                                                           epochs ? epoch_steps(runs[i].records) : 1) };
    const FvChart chart = {
        .title = title, .unit = epochs ? "epochs" : "steps", .series = series, .count = count, .log_y = log
    };
    fv_chart_draw(html, &chart);
    for (guint i = 0; i < count; i++)
        g_array_unref(series[i].points);
}

static void append_pair(GString *html, const FvCompared *runs, guint count, const char *name)
{
    static const struct {
        FvSplit split;
        const char *name;
    } splits[] = { { FV_VALIDATE, "Validation" }, { FV_TRAIN, "Training" } };
    g_autofree char *headline = fv_page_headline(name);
    *headline = g_ascii_tolower(*headline);
    for (guint i = 0; i < G_N_ELEMENTS(splits); i++) {
        g_autofree char *title = g_strdup_printf("%s %s", splits[i].name, headline);
        append_chart(html, runs, count, splits[i].split, name, title, FALSE);
    }
}

/* Of all runs, each once; g_ptr_array_unref() it. */
static GPtrArray *metrics_of(const FvCompared *runs, guint count)
{
    GPtrArray *all = g_ptr_array_new();
    for (guint i = 0; i < count; i++) {
        g_autoptr(GPtrArray) own = fv_records_metrics(runs[i].records);
        for (guint k = 0; k < own->len; k++)
            if (!g_ptr_array_find_with_equal_func(all, own->pdata[k], g_str_equal, NULL))
                g_ptr_array_add(all, own->pdata[k]);
    }
    return all;
}

static void append_curves(GString *html, const FvCompared *runs, guint count)
{
    g_autoptr(GString) charts = g_string_new(NULL);
    g_autoptr(GPtrArray) metrics = metrics_of(runs, count);
    append_pair(charts, runs, count, "loss");
    for (guint i = 0; i < metrics->len; i++)
        append_pair(charts, runs, count, metrics->pdata[i]);
    append_chart(charts, runs, count, FV_TRAIN, "rate", "Learning rate", FALSE);
    append_chart(charts, runs, count, FV_TRAIN, "gradient_norm", "Gradient norm, logarithmic", TRUE);
    if (charts->len > 0)
        g_string_append_printf(html, "<h2>Curves</h2>\n<div class=\"charts\">\n%s</div>\n", charts->str);
}

/* ------------------------------------------------------------------- results */

/* The test's number, or the best validation's; NAN where there is none. */
static double result_of(const FvCompared *run, FvSplit split, const char *name)
{
    double last = NAN;
    for (guint i = 0; i < run->records->len; i++) {
        const FvRecord *record = &g_array_index(run->records, FvRecord, i);
        if (record->split == split && (split == FV_TEST || record->epoch == run->best))
            last = fv_record_get(record, name);
    }
    return last;
}

static double last_number(const FvCompared *run, const char *name)
{
    double last = NAN;
    for (guint i = 0; i < run->records->len; i++) {
        const double number = fv_record_get(&g_array_index(run->records, FvRecord, i), name);
        last = isnan(number) ? last : number;
    }
    return last;
}

/* A column of results, the best of them in bold. */
typedef struct {
    FvSplit split;
    const char *name;
    gboolean lower;
    gboolean minor; /* neither the loss nor the first metric: left out where there is little room */
    double best;
} Column;

static void add_column(GArray *columns, const FvCompared *runs, guint count, FvSplit split, const char *name,
                       gboolean lower, gboolean minor)
{
    Column column = { split, name, lower, minor, NAN };
    for (guint i = 0; i < count; i++) {
        const double number = result_of(&runs[i], split, name);
        if (!isnan(number) && (isnan(column.best) || (lower ? number < column.best : number > column.best)))
            column.best = number;
    }
    if (!isnan(column.best))
        g_array_append_val(columns, column);
}

static GArray *find_columns(const FvCompared *runs, guint count)
{
    static const FvSplit splits[] = { FV_TEST, FV_VALIDATE };
    GArray *columns = g_array_new(FALSE, FALSE, sizeof(Column));
    g_autoptr(GPtrArray) metrics = metrics_of(runs, count);
    for (guint i = 0; i < G_N_ELEMENTS(splits); i++) {
        add_column(columns, runs, count, splits[i], "loss", TRUE, FALSE);
        for (guint k = 0; k < metrics->len; k++)
            add_column(columns, runs, count, splits[i], metrics->pdata[k], runs[0].lower_is_better, k > 0);
    }
    return columns;
}

/* Its colour and name. */
static void append_name(GString *html, const FvCompared *runs, guint which)
{
    g_string_append_printf(html, "<i class=\"key %s\"></i>", styles[which % STYLES]);
    fv_page_text(html, runs[which].name);
}

/* "td class=\"number\"", with what else it is; g_free() it. */
static char *cell_tag(const char *name, const Column *column, double number)
{
    return g_strdup_printf("%s class=\"number%s%s\"", name, number == column->best ? " best" : "",
                           column->minor ? " wide" : "");
}

/* Two rows: names may be long, and many numbers follow. */
static void append_result(GString *html, const FvCompared *runs, guint which, const GArray *columns, guint width)
{
    const FvCompared *run = &runs[which];
    const double seconds = last_number(run, "seconds"), memory = last_number(run, "memory");
    g_string_append_printf(html, "<tr class=\"head\"><td class=\"text\" colspan=\"%u\">", width);
    append_name(html, runs, which);
    if (run->missing)
        fv_page_elementf(html, "small", " %s", run->missing);
    g_string_append(html, "</td></tr>\n<tr>");
    for (guint i = 0; i < columns->len; i++) {
        const Column *column = &g_array_index(columns, Column, i);
        const double number = result_of(run, column->split, column->name);
        g_autofree char *tag = cell_tag("td", column, number);
        fv_page_number(html, tag, "%.4f", number);
    }
    g_autofree char *time = isnan(seconds) ? g_strdup("–") : fv_page_duration(seconds);
    g_autofree char *bytes = isnan(memory) ? g_strdup("–") : fv_page_bytes(memory);
    fv_page_number(html, "td class=\"number wide\"", "%.0f", run->best > 0 ? run->best : (double) NAN);
    fv_page_element(html, "td class=\"number wide\"", time);
    fv_page_number(html, "td class=\"number wide\"", "%.0f", last_number(run, "images_per_second"));
    fv_page_element(html, "td class=\"number wide\"", bytes);
    g_string_append(html, "</tr>\n");
}

static void append_results(GString *html, const FvCompared *runs, guint count)
{
    static const char *const rest[] = { "time", "images/s", "memory" };
    g_autoptr(GArray) columns = find_columns(runs, count);
    const guint width = columns->len + 1 + G_N_ELEMENTS(rest);
    g_string_append(html,
                    "<h2>Results</h2>\n<p class=\"hint\">The best of a column in bold; validation: of the best "
                    "epoch.</p>\n<div class=\"card\"><table><thead><tr>");
    for (guint i = 0; i < columns->len; i++) {
        const Column *column = &g_array_index(columns, Column, i);
        g_autofree char *name = fv_page_headline(column->name);
        *name = g_ascii_tolower(*name);
        g_autofree char *tag = cell_tag("th", column, NAN);
        fv_page_elementf(html, tag, "%s %s", column->split == FV_TEST ? "test" : "validation", name);
    }
    fv_page_element(html, "th class=\"number wide\"", "best epoch");
    for (guint i = 0; i < G_N_ELEMENTS(rest); i++)
        fv_page_element(html, "th class=\"number wide\"", rest[i]);
    g_string_append(html, "</tr></thead><tbody>\n");
    for (guint i = 0; i < count; i++)
        append_result(html, runs, i, columns, width);
    g_string_append(html, "</tbody></table></div>\n");
}

/* ------------------------------------------------------------------ settings */

/* NULL where the run does not have it. */
static const char *setting_of(const FvCompared *run, const char *key)
{
    for (guint i = 0; i < run->settings->len; i++) {
        const FvPageRow *row = &g_array_index(run->settings, FvPageRow, i);
        if (g_str_equal(row->key, key))
            return row->value;
    }
    return NULL;
}

static gboolean differs(const FvCompared *runs, guint count, const char *key)
{
    for (guint i = 1; i < count; i++)
        if (g_strcmp0(setting_of(&runs[0], key), setting_of(&runs[i], key)) != 0)
            return TRUE;
    return FALSE;
}

/* A row for each run: beside each other, a few would be as much as a phone can show. */
static void append_setting(GString *html, const FvCompared *runs, guint count, const char *key)
{
    g_string_append(html, "<tr class=\"head\">");
    fv_page_element(html, "th colspan=\"2\"", key);
    g_string_append(html, "</tr>\n");
    for (guint i = 0; i < count; i++) {
        const char *value = setting_of(&runs[i], key);
        g_string_append(html, "<tr><td class=\"text\">");
        append_name(html, runs, i);
        g_string_append(html, "</td><td class=\"text\">");
        fv_page_element(html, value && strchr(value, '\n') ? "pre" : "span", value ? value : "–");
        g_string_append(html, "</td></tr>\n");
    }
}

static void append_settings(GString *html, const FvCompared *runs, guint count)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GString) rows = g_string_new(NULL);
    for (guint i = 0; i < count; i++)
        for (guint k = 0; k < runs[i].settings->len; k++) {
            const char *key = g_array_index(runs[i].settings, FvPageRow, k).key;
            if (g_hash_table_add(seen, (char *) key) && differs(runs, count, key))
                append_setting(rows, runs, count, key);
        }
    g_string_append(html, "<h2>Settings that differ</h2>\n");
    if (rows->len == 0) {
        g_string_append(html, "<p class=\"hint\">None.</p>\n");
        return;
    }
    g_string_append_printf(
        html, "<div class=\"card whole\"><table class=\"settings\"><tbody>\n%s</tbody></table></div>\n", rows->str);
}

char *fv_compare_html(const FvCompared *runs, guint count, const GPtrArray *left_out)
{
    g_autofree char *title = g_strdup_printf("%u runs", count);
    GString *html = fv_page_begin(title, "Comparison of trainings, fovea " FV_VERSION);
    for (guint i = 0; i < left_out->len; i++)
        fv_page_elementf(html, "p class=\"note\"", "left out: %s", (const char *) left_out->pdata[i]);
    if (count > 0) {
        append_results(html, runs, count);
        append_curves(html, runs, count);
        append_settings(html, runs, count);
    }
    return fv_page_end(html);
}
