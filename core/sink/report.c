/* SPDX-License-Identifier: MIT
 * report.c: report.html of a run. */
#include "core/sink/report.h"

#include "core/sink/atomic.h"
#include "core/sink/page.h"
#include "core/sink/picture.h"
#include "core/sink/report_private.h"
#include "core/sink/run.h"

#include <string.h>

/* Pixels of an image's longer side, at most, and of a filter's. */
enum { IMAGE_SIDE = 144, FILTER_SIDE = 96 };

typedef struct {
    char *path, *kind, *shape;
    gint64 parameters;
} Layer;

struct FvReport {
    GArray *results, *settings; /* of FvPageRow */
    GArray *layers;             /* of Layer */
    const GArray *records;      /* of FvRecord, or NULL */
    int best;
    /* Parts of the page, as they will stand there. */
    GString *notes, *classes, *mistakes, *filters, *drawing, *pipeline;
    char *filters_hint;
};

/* --------------------------------------------------------------------- data */

static void layer_clear(gpointer data)
{
    Layer *layer = data;
    g_free(layer->path);
    g_free(layer->kind);
    g_free(layer->shape);
}

FvReport *fv_report_new(void)
{
    FvReport *report = g_new0(FvReport, 1);
    report->results = fv_page_rows_new();
    report->settings = fv_page_rows_new();
    report->layers = g_array_new(FALSE, FALSE, sizeof(Layer));
    g_array_set_clear_func(report->layers, layer_clear);
    GString **const parts[] = { &report->notes,   &report->classes, &report->mistakes,
                                &report->filters, &report->drawing, &report->pipeline };
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        *parts[i] = g_string_new(NULL);
    return report;
}

void fv_report_free(FvReport *report)
{
    if (!report)
        return;
    g_array_unref(report->results);
    g_array_unref(report->settings);
    g_array_unref(report->layers);
    GString *const parts[] = { report->notes,   report->classes, report->mistakes,
                               report->filters, report->drawing, report->pipeline };
    for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
        g_string_free(parts[i], TRUE);
    g_free(report->filters_hint);
    g_free(report);
}

void fv_report_note(FvReport *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    fv_page_element(report->notes, "p class=\"note\"", text);
}

void fv_report_result(FvReport *report, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fv_page_rows_add(report->results, key, format, args);
    va_end(args);
}

void fv_report_setting(FvReport *report, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fv_page_rows_add(report->settings, key, format, args);
    va_end(args);
}

void fv_report_layer(FvReport *report, const char *path, const char *kind, FvShape shape, gint64 parameters)
{
    Layer layer = { g_strdup(path), g_strdup(kind), NULL, parameters };
    layer.shape = shape.h == 1 && shape.w == 1 ? g_strdup_printf("%d", shape.c)
                                               : g_strdup_printf("%d×%d×%d", shape.c, shape.h, shape.w);
    g_array_append_val(report->layers, layer);
}

void fv_report_log(FvReport *report, const GArray *records, int best)
{
    report->records = records;
    report->best = best;
}

/* An SVG file has a prolog and names of its own, which a page does without. */
void fv_report_drawing(FvReport *report, const char *svg)
{
    const char *begin = strstr(svg, "<svg");
    g_autoptr(GRegex) names = g_regex_new(" xmlns(:xlink)?=\"[^\"]*\"|<!--.*?-->", G_REGEX_DOTALL, 0, NULL);
    g_autoptr(GRegex) page = g_regex_new("<polygon fill=\"white\" stroke=\"(none|transparent)\"[^>]*/>", 0, 0, NULL);
    if (!begin)
        return;
    g_autofree char *plain = g_regex_replace_literal(names, begin, -1, 0, "", 0, NULL);
    g_autofree char *clear = plain ? g_regex_replace_literal(page, plain, -1, 0, "", 0, NULL) : NULL;
    g_string_assign(report->drawing, clear ? clear : "");
}

void fv_report_pipeline(FvReport *report, const char *text)
{
    fv_page_text(report->pipeline, text);
}

void fv_report_confusion(FvReport *report, const char *split, const FvConfusion *confusion)
{
    fv_report_append_classes(report->classes, split, confusion);
}

void fv_report_mistake(FvReport *report, const FvMistake *mistake)
{
    GString *html = report->mistakes;
    g_string_append(html, "<figure>");
    fv_picture_append(html, mistake->pixels, mistake->shape, IMAGE_SIDE, mistake->truth);
    g_string_append(html, "<figcaption>");
    fv_page_element(html, "b", mistake->truth);
    g_string_append(html, "taken for ");
    fv_page_text(html, mistake->predicted);
    fv_page_elementf(html, "small", mistake->is_score ? "score larger by %.3g" : "probability %.4f",
                     mistake->certainty);
    if (mistake->name)
        fv_page_element(html, "small", mistake->name);
    g_string_append(html, "</figcaption></figure>\n");
}

void fv_report_filter(FvReport *report, const char *label, FvShape shape, const guint8 *pixels)
{
    g_string_append(report->filters, label ? "<div>" : "");
    fv_picture_append(report->filters, pixels, shape, FILTER_SIDE, label ? label : "filter");
    if (label)
        fv_page_text(report->filters, label);
    g_string_append(report->filters, label ? "</div>\n" : "\n");
}

void fv_report_filters(FvReport *report, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_free(report->filters_hint);
    report->filters_hint = g_strdup_vprintf(format, args);
    va_end(args);
}

/* --------------------------------------------------------------------- parts */

static void append_layers(GString *html, const GArray *layers)
{
    gint64 sum = 0;
    g_string_append(html,
                    "<div class=\"card\"><table><thead><tr><th>path</th><th>kind</th>"
                    "<th class=\"number\">output</th><th class=\"number\">parameters</th></tr></thead><tbody>\n");
    for (guint i = 0; i < layers->len; i++) {
        const Layer *layer = &g_array_index(layers, Layer, i);
        g_autofree char *parameters = fv_page_grouped(layer->parameters);
        g_string_append(html, "<tr>");
        fv_page_element(html, "td class=\"text\"", layer->path);
        fv_page_element(html, "td", layer->kind);
        fv_page_element(html, "td class=\"number\"", layer->shape);
        fv_page_element(html, "td class=\"number\"", layer->parameters ? parameters : "");
        g_string_append(html, "</tr>\n");
        sum += layer->parameters;
    }
    g_autofree char *total = fv_page_grouped(sum);
    g_string_append_printf(html,
                           "</tbody><tfoot><tr><td colspan=\"3\">total</td><td class=\"number\">%s</td></tr>"
                           "</tfoot></table></div>\n",
                           total);
}

static void append_net(GString *html, const FvReport *report)
{
    if (report->layers->len + report->drawing->len == 0)
        return;
    g_string_append(html, "<h2>Net</h2>\n<div class=\"pair\">\n");
    if (report->drawing->len > 0)
        g_string_append_printf(html, "<div class=\"card net\">%s</div>\n", report->drawing->str);
    if (report->layers->len > 0)
        append_layers(html, report->layers);
    g_string_append(html, "</div>\n");
}

static void append_pictures(GString *html, const FvReport *report)
{
    if (report->mistakes->len > 0)
        g_string_append_printf(html,
                               "<h2>Most confident mistakes</h2>\n<p class=\"hint\">In bold what an image is.</p>"
                               "<div class=\"images\">\n%s</div>\n",
                               report->mistakes->str);
    if (report->filters->len == 0)
        return;
    g_string_append(html, "<h2>Weights of the first layer</h2>\n");
    if (report->filters_hint)
        fv_page_element(html, "p class=\"hint\"", report->filters_hint);
    g_string_append_printf(html, "<div class=\"card whole filters\">\n%s</div>\n", report->filters->str);
}

char *fv_report_html(const char *title, const FvReport *report)
{
    GString *html = fv_page_begin(title, "Training report, fovea " FV_VERSION);
    g_string_append(html, report->notes->str);
    fv_page_headlines(html, report->results);
    if (report->records)
        fv_report_append_curves(html, report->records, report->best);
    g_string_append(html, report->classes->str);
    append_pictures(html, report);
    append_net(html, report);
    fv_page_table(html, "Settings", report->settings);
    if (report->pipeline->len > 0)
        g_string_append_printf(html, "<details><summary>Pipeline</summary><pre>%s</pre></details>\n",
                               report->pipeline->str);
    return fv_page_end(html);
}

gboolean fv_report_write(const char *folder, const char *title, const FvReport *report, GError **error)
{
    g_autofree char *html = fv_report_html(title, report);
    g_autofree char *file = g_build_filename(folder, FV_RUN_REPORT, NULL);
    return fv_file_replace(file, html, strlen(html), error);
}
