/* SPDX-License-Identifier: MIT
 * report.c: report.html of a run. */
#include "core/sink/report.h"

#include "core/sink/atomic.h"
#include "core/sink/chart.h"
#include "core/sink/run.h"

#include <math.h>
#include <string.h>

typedef struct {
    char *key, *value;
} Row;

typedef struct {
    char *path, *kind, *shape;
    gint64 parameters;
} Layer;

struct FvReport {
    GArray *results, *settings; /* of Row */
    GArray *layers;             /* of Layer */
    const GArray *records;      /* of FvRecord, or NULL */
};

/* Colours differ in lightness as well as in hue, and training has no dots: nobody has to tell them apart by hue. */
static const char style[] =
    ":root{color-scheme:light dark;--page:#f7f7f5;--card:#fff;--text:#1d1f23;--soft:#646a73;--rule:#e3e4e6;"
    "--train:#2a6fdb;--validate:#d9650a;--rate:#2a8f6a}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#15171a;--card:#1e2125;--text:#e8e9eb;--soft:#9aa1ab;"
    "--rule:#32363c;--train:#6ea8ff;--validate:#ffa351;--rate:#57c99b}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:68rem;margin:0 auto;padding:2rem 1rem 3rem}\n"
    "h1{margin:0;font-size:1.75rem;line-height:1.25;overflow-wrap:anywhere}\n"
    "h2{margin:2.5rem 0 .75rem;font-size:1.125rem}\n"
    "header p{margin:.25rem 0 0;color:var(--soft)}\n"
    ".results{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,11rem),1fr));"
    "margin:1.5rem 0 0}\n"
    ".results div,figure,.card{background:var(--card);border:1px solid var(--rule);border-radius:.625rem}\n"
    ".results div{padding:.75rem 1rem}\n"
    "dt{color:var(--soft);font-size:.875rem}\n"
    "dd{margin:0;font-size:1.5rem;font-weight:600;line-height:1.3;overflow-wrap:anywhere}\n"
    ".charts{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr))}\n"
    "figure{margin:0;padding:.875rem 1rem .5rem;display:grid;grid-template-columns:1fr auto;align-items:baseline}\n"
    "figcaption{font-weight:600}\n"
    ".legend{margin:0;font-size:.8125rem;color:var(--soft);display:flex;gap:1rem}\n"
    ".legend i{display:inline-block;width:1rem;height:.1875rem;border-radius:2px;background:var(--line);"
    "margin-right:.375rem;vertical-align:middle}\n"
    "svg{display:block;width:100%;height:auto;grid-column:1/-1;margin-top:.5rem;font:12px system-ui,sans-serif;"
    "font-variant-numeric:tabular-nums}\n"
    "svg text{fill:var(--soft)}\n"
    ".grid,.axis,.mark{stroke:var(--rule)}.axis{stroke:var(--soft)}.mark{stroke-dasharray:2 4}\n"
    ".train{--line:var(--train)}.validate{--line:var(--validate)}.rate{--line:var(--rate)}\n"
    ".line{fill:none;stroke:var(--line);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}\n"
    ".point{fill:var(--line);stroke:var(--card);stroke-width:1.5}.hit{fill:transparent}\n"
    ".dot:hover .point{stroke:var(--line);stroke-width:4}\n"
    ".card{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9375rem}\n"
    "th,td{padding:.4375rem 1rem;text-align:left;vertical-align:top;border-top:1px solid var(--rule)}\n"
    "tr:first-child>*{border-top:0}\n"
    "thead th,tbody th{font-weight:400;color:var(--soft)}tfoot td{font-weight:600}\n"
    "tbody th{white-space:nowrap}\n"
    "thead+tbody tr:first-child>*,tfoot tr:first-child>*{border-top:1px solid var(--rule)}\n"
    "td.text{overflow-wrap:anywhere}\n"
    ".number{text-align:right;font-variant-numeric:tabular-nums}td.number{white-space:nowrap}\n"
    "@media(max-width:32rem){th,td{padding:.4375rem .625rem}main{padding-top:1.25rem}.pairs tbody "
    "th{white-space:normal}}\n";

/* --------------------------------------------------------------------- data */

static void row_clear(gpointer data)
{
    Row *row = data;
    g_free(row->key);
    g_free(row->value);
}

static void layer_clear(gpointer data)
{
    Layer *layer = data;
    g_free(layer->path);
    g_free(layer->kind);
    g_free(layer->shape);
}

static GArray *owning_array(guint size, GDestroyNotify clear)
{
    GArray *array = g_array_new(FALSE, FALSE, size);
    g_array_set_clear_func(array, clear);
    return array;
}

FvReport *fv_report_new(void)
{
    FvReport *report = g_new0(FvReport, 1);
    report->results = owning_array(sizeof(Row), row_clear);
    report->settings = owning_array(sizeof(Row), row_clear);
    report->layers = owning_array(sizeof(Layer), layer_clear);
    return report;
}

void fv_report_free(FvReport *report)
{
    if (!report)
        return;
    g_array_unref(report->results);
    g_array_unref(report->settings);
    g_array_unref(report->layers);
    g_free(report);
}

static void G_GNUC_PRINTF(3, 0) add_row(GArray *rows, const char *key, const char *format, va_list args)
{
    Row row = { g_strdup(key), g_strdup_vprintf(format, args) };
    g_array_append_val(rows, row);
}

void fv_report_result(FvReport *report, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_row(report->results, key, format, args);
    va_end(args);
}

void fv_report_setting(FvReport *report, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_row(report->settings, key, format, args);
    va_end(args);
}

void fv_report_layer(FvReport *report, const char *path, const char *kind, FvShape shape, gint64 parameters)
{
    Layer layer = { g_strdup(path), g_strdup(kind), NULL, parameters };
    layer.shape = shape.h == 1 && shape.w == 1 ? g_strdup_printf("%d", shape.c)
                                               : g_strdup_printf("%d×%d×%d", shape.c, shape.h, shape.w);
    g_array_append_val(report->layers, layer);
}

void fv_report_log(FvReport *report, const GArray *records)
{
    report->records = records;
}

/* --------------------------------------------------------------------- text */

/* Escaped; control characters, which XML and HTML forbid, and broken UTF-8 are replaced before. */
static void append_escaped(GString *html, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (char *p = valid; *p; p++)
        if (g_ascii_iscntrl(*p) && !g_ascii_isspace(*p))
            *p = '?';
    g_autofree char *safe = g_markup_escape_text(valid, -1);
    g_string_append(html, safe);
}

static void append_cell(GString *html, const char *tag, const char *text)
{
    g_string_append_printf(html, "<%s>", tag);
    append_escaped(html, text);
    g_string_append_printf(html, "</%.2s>", tag); /* the name alone: th, td, dt, dd */
}

static void append_value_cell(GString *html, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    append_cell(html, "td class=\"number\"", isfinite(value) ? g_ascii_formatd(text, sizeof text, "%.4f", value) : "–");
}

/* 1234567 as 1,234,567 */
static char *grouped(gint64 number)
{
    g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, number);
    GString *text = g_string_new(NULL);
    for (gsize i = 0, length = strlen(digits); i < length; i++) {
        if (i > (*digits == '-') && (length - i) % 3 == 0)
            g_string_append_c(text, ',');
        g_string_append_c(text, digits[i]);
    }
    return g_string_free(text, FALSE);
}

/* "top5_accuracy" as "Top5 accuracy" */
static char *headline(const char *name)
{
    char *text = g_utf8_make_valid(name, -1);
    g_strdelimit(text, "_", ' ');
    *text = g_ascii_toupper(*text);
    return text;
}

/* ------------------------------------------------------------------- curves */

static const char *metric_name(const GArray *records)
{
    for (guint i = 0; i < records->len; i++)
        if (g_array_index(records, FvRecord, i).metric)
            return g_array_index(records, FvRecord, i).metric;
    return NULL;
}

static GArray *curve(const GArray *records, FvSplit split, gsize offset)
{
    GArray *points = g_array_new(FALSE, FALSE, sizeof(FvPoint));
    for (guint i = 0; i < records->len; i++) {
        const FvRecord *record = &g_array_index(records, FvRecord, i);
        double value = *(const double *) ((const char *) record + offset);
        if (record->split != split || !isfinite(value))
            continue;
        FvPoint point = { (double) record->step, value };
        g_array_append_val(points, point);
    }
    return points;
}

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

static void append_pair(GString *html, const char *title, const GArray *records, gsize offset, const GArray *ends)
{
    g_autoptr(GArray) train = curve(records, FV_TRAIN, offset);
    g_autoptr(GArray) validate = curve(records, FV_VALIDATE, offset);
    FvSeries series[] = {
        { .name = "training", .style = "train", .points = train },
        { .name = "validation", .style = "validate", .points = validate, .dots = TRUE },
    };
    fv_chart_append(html, title, "steps", series, G_N_ELEMENTS(series), ends, FALSE);
}

static void append_curves(GString *html, const GArray *records)
{
    g_autoptr(GArray) ends = epoch_ends(records);
    g_autoptr(GString) charts = g_string_new(NULL);
    append_pair(charts, "Loss", records, offsetof(FvRecord, loss), ends);
    const char *metric = metric_name(records);
    if (metric) {
        g_autofree char *title = headline(metric);
        append_pair(charts, title, records, offsetof(FvRecord, value), ends);
    }
    g_autoptr(GArray) rate = curve(records, FV_TRAIN, offsetof(FvRecord, rate));
    FvSeries series = { .name = "learning rate", .style = "rate", .points = rate };
    fv_chart_append(charts, "Learning rate", "steps", &series, 1, ends, TRUE);
    if (charts->len)
        g_string_append_printf(html, "<h2>Curves</h2>\n<div class=\"charts\">\n%s</div>\n", charts->str);
}

/* ------------------------------------------------------------------- tables */

/* A mean over the records of one epoch and split. */
static double epoch_mean(const GArray *records, int epoch, FvSplit split, gsize offset)
{
    double sum = 0;
    int count = 0;
    for (guint i = 0; i < records->len; i++) {
        const FvRecord *record = &g_array_index(records, FvRecord, i);
        double value = *(const double *) ((const char *) record + offset);
        if (record->epoch != epoch || record->split != split || isnan(value))
            continue;
        sum += value;
        count++;
    }
    return count ? sum / count : NAN;
}

static void append_epochs(GString *html, const GArray *records)
{
    enum { MAX_ROWS = 500 }; /* a row walks over all records */
    int epochs = 0;
    for (guint i = 0; i < records->len; i++)
        epochs = MAX(epochs, g_array_index(records, FvRecord, i).epoch);
    const char *metric = metric_name(records);
    if (epochs == 0 || epochs > MAX_ROWS)
        return;
    g_string_append(html, "<h2>Epochs</h2>\n<div class=\"card\"><table><thead><tr><th>epoch</th>");
    static const struct {
        FvSplit split;
        const char *name;
    } splits[] = { { FV_TRAIN, "training" }, { FV_VALIDATE, "validation" } };
    for (guint i = 0; i < G_N_ELEMENTS(splits); i++)
        for (int k = 0; k < (metric ? 2 : 1); k++) {
            g_autofree char *name = headline(k ? metric : "loss");
            *name = g_ascii_tolower(*name);
            g_autofree char *title = g_strdup_printf("%s %s", splits[i].name, name);
            append_cell(html, "th class=\"number\"", title);
        }
    g_string_append(html, "</tr></thead><tbody>\n");
    for (int epoch = 1; epoch <= epochs; epoch++) {
        g_string_append_printf(html, "<tr><td>%d</td>", epoch);
        for (guint i = 0; i < G_N_ELEMENTS(splits); i++) {
            append_value_cell(html, epoch_mean(records, epoch, splits[i].split, offsetof(FvRecord, loss)));
            if (metric)
                append_value_cell(html, epoch_mean(records, epoch, splits[i].split, offsetof(FvRecord, value)));
        }
        g_string_append(html, "</tr>\n");
    }
    g_string_append(html, "</tbody></table></div>\n");
}

static void append_results(GString *html, const GArray *results)
{
    if (results->len == 0)
        return;
    g_string_append(html, "<dl class=\"results\">");
    for (guint i = 0; i < results->len; i++) {
        const Row *row = &g_array_index(results, Row, i);
        g_string_append(html, "<div>");
        append_cell(html, "dt", row->key);
        append_cell(html, "dd", row->value);
        g_string_append(html, "</div>");
    }
    g_string_append(html, "</dl>\n");
}

static void append_settings(GString *html, const GArray *settings)
{
    if (settings->len == 0)
        return;
    g_string_append(html, "<h2>Settings</h2>\n<div class=\"card\"><table class=\"pairs\"><tbody>\n");
    for (guint i = 0; i < settings->len; i++) {
        const Row *row = &g_array_index(settings, Row, i);
        g_string_append(html, "<tr>");
        append_cell(html, "th scope=\"row\"", row->key);
        append_cell(html, "td class=\"text\"", row->value);
        g_string_append(html, "</tr>\n");
    }
    g_string_append(html, "</tbody></table></div>\n");
}

static void append_layers(GString *html, const GArray *layers)
{
    if (layers->len == 0)
        return;
    gint64 sum = 0;
    g_string_append(html,
                    "<h2>Layers</h2>\n<div class=\"card\"><table><thead><tr><th>path</th><th>kind</th>"
                    "<th class=\"number\">output</th><th class=\"number\">parameters</th></tr></thead><tbody>\n");
    for (guint i = 0; i < layers->len; i++) {
        const Layer *layer = &g_array_index(layers, Layer, i);
        g_autofree char *parameters = grouped(layer->parameters);
        g_string_append(html, "<tr>");
        append_cell(html, "td", layer->path);
        append_cell(html, "td", layer->kind);
        append_cell(html, "td class=\"number\"", layer->shape);
        append_cell(html, "td class=\"number\"", layer->parameters ? parameters : "");
        g_string_append(html, "</tr>\n");
        sum += layer->parameters;
    }
    g_autofree char *total = grouped(sum);
    g_string_append_printf(html,
                           "</tbody><tfoot><tr><td colspan=\"3\">total</td><td class=\"number\">%s</td></tr>"
                           "</tfoot></table></div>\n",
                           total);
}

char *fv_report_html(const char *title, const FvReport *report)
{
    GString *html = g_string_new(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'\">\n<title>");
    append_escaped(html, title);
    g_string_append_printf(html, "</title>\n<style>\n%s</style></head>\n<body><main>\n<header><h1>", style);
    append_escaped(html, title);
    g_string_append(html, "</h1><p>Training report, fovea " FV_VERSION "</p></header>\n");
    append_results(html, report->results);
    if (report->records) {
        append_curves(html, report->records);
        append_epochs(html, report->records);
    }
    append_settings(html, report->settings);
    append_layers(html, report->layers);
    g_string_append(html, "</main></body></html>\n");
    return g_string_free(html, FALSE);
}

gboolean fv_report_write(const char *folder, const char *title, const FvReport *report, GError **error)
{
    g_autofree char *html = fv_report_html(title, report);
    g_autofree char *file = g_build_filename(folder, FV_RUN_REPORT, NULL);
    return fv_file_replace(file, html, strlen(html), error);
}
