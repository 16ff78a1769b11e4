/* SPDX-License-Identifier: MIT
 * checkup_page.c: a checkup as a page: verdicts, advice, the rates that were tried, the layers. */
#include "core/sink/checkup.h"
#include "core/sink/page.h"

#include <math.h>
#include <string.h>

/* Colours are those of the report. Verdicts are words: nobody has to tell them apart by hue. */
static const char style[] =
    ":root{color-scheme:light dark;--page:#f7f7f5;--card:#fff;--text:#1d1f23;--soft:#646a73;--rule:#e3e4e6;"
    "--line:#2a6fdb;--range:#2a8f6a22;--own:#d9650a;--ok:#1f7a58;--warning:#a85b00;--fault:#c0272d;--none:#646a73}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#15171a;--card:#1e2125;--text:#e8e9eb;--soft:#9aa1ab;"
    "--rule:#32363c;--line:#6ea8ff;--range:#57c99b22;--own:#ffa351;--ok:#57c99b;--warning:#ffb45c;--fault:#ff7b7f;"
    "--none:#9aa1ab}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif}\n"
    "main{max-width:68rem;margin:0 auto;padding:2rem 1rem 3rem}\n"
    "h1{margin:0;font-size:1.75rem;line-height:1.25;overflow-wrap:anywhere}\n"
    "h2{margin:2.25rem 0 .75rem;font-size:1.125rem}h2::first-letter{text-transform:uppercase}\n"
    "header p{margin:.25rem 0 0;color:var(--soft);overflow-wrap:anywhere}\n"
    ".counts{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,10.5rem),1fr));"
    "margin:1.5rem 0 0}\n"
    ".counts div,figure,.card{background:var(--card);border:1px solid var(--rule);border-radius:.625rem}\n"
    ".counts div{padding:.75rem 1rem}\n"
    "dt{color:var(--soft);font-size:.875rem}dd{margin:0;font-size:1.5rem;font-weight:600;line-height:1.3}\n"
    ".ok{--verdict:var(--ok)}.warning{--verdict:var(--warning)}.fault{--verdict:var(--fault)}"
    ".none{--verdict:var(--none)}dd.ok,dd.warning,dd.fault{color:var(--verdict)}\n"
    ".checks{list-style:none;margin:0;padding:0}\n"
    ".checks li{display:grid;grid-template-columns:5.5rem 11rem 1fr;gap:0 1rem;padding:.75rem 1rem;"
    "border-top:1px solid var(--rule)}.checks li:first-child{border-top:0}\n"
    ".checks b{font-size:.8125rem;font-weight:600;color:var(--verdict);border:1px solid;border-radius:1rem;"
    "padding:0 .625rem;justify-self:start;align-self:start;line-height:1.5rem}\n"
    ".checks h3{margin:0;font-size:1rem;font-weight:600}.checks p{margin:0;overflow-wrap:anywhere}\n"
    ".checks .advice{margin-top:.25rem;color:var(--soft)}\n"
    "@media(max-width:44rem){.checks li{grid-template-columns:1fr auto}.checks h3{order:1}.checks b{order:2}"
    ".checks div{order:3;grid-column:1/-1;margin-top:.25rem}main{padding-top:1.25rem}"
    "th,td{padding:.4375rem .625rem}svg{font-size:22px!important}}\n"
    "figure{margin:0;padding:.875rem 1rem .5rem;display:grid;grid-template-columns:1fr auto;align-items:baseline}\n"
    "figcaption{font-weight:600}\n"
    ".legend{margin:0;font-size:.8125rem;color:var(--soft);display:flex;gap:1rem}\n"
    ".legend i{display:inline-block;width:.625rem;height:.625rem;border-radius:50%;border:2px solid var(--line);"
    "margin-right:.375rem}.legend .full{background:var(--line)}\n"
    "svg{display:block;width:100%;max-width:52rem;height:auto;grid-column:1/-1;margin:.5rem auto 0;font:12px "
    "system-ui,sans-serif;"
    "font-variant-numeric:tabular-nums}\n"
    "svg text{fill:var(--soft)}svg .strong{fill:var(--own);font-weight:600}\n"
    ".grid,.axis,.mark{stroke:var(--rule)}.axis,.mark{stroke:var(--soft)}.mark{stroke-dasharray:2 4}\n"
    ".own{stroke:var(--own);stroke-width:1.5}.range{fill:var(--range)}\n"
    ".line{fill:none;stroke:var(--line);stroke-width:2;stroke-linejoin:round}\n"
    ".point{fill:var(--line);stroke:var(--line);stroke-width:2}.no .point{fill:var(--card)}.hit{fill:transparent}\n"
    ".card{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;font-size:.9375rem}\n"
    "th,td{padding:.4375rem .75rem;text-align:left;border-top:1px solid var(--rule);white-space:nowrap}\n"
    "thead th{font-weight:400;color:var(--soft);border-top:0}\n"
    ".number{text-align:right;font-variant-numeric:tabular-nums}\n"
    ".number i{display:block;height:.1875rem;margin-left:auto;border-radius:2px;background:var(--line)}\n"
    ".bad{color:var(--fault);font-weight:600}\n";

/* ----------------------------------------------------------------------- text */

static void append_text(GString *html, const char *tag, const char *class, const char *text)
{
    g_autofree char *safe = fv_page_escaped(text);
    if (class)
        g_string_append_printf(html, "<%s class=\"%s\">%s</%s>", tag, class, safe, tag);
    else
        g_string_append_printf(html, "<%s>%s</%s>", tag, safe, tag);
}

static const char *verdict_text(FvVerdict verdict)
{
    return verdict == FV_VERDICT_NONE ? "no reference" : fv_verdict_name(verdict);
}

static void append_counts(GString *html, const FvCheckup *checkup)
{
    static const struct {
        FvVerdict verdict;
        const char *title;
    } tiles[] = { { FV_VERDICT_FAULT, "faults" },
                  { FV_VERDICT_WARNING, "warnings" },
                  { FV_VERDICT_OK, "ok" },
                  { FV_VERDICT_NONE, "without a reference" } };
    g_string_append(html, "<dl class=\"counts\">");
    for (guint i = 0; i < G_N_ELEMENTS(tiles); i++) {
        const guint count = fv_checkup_count(checkup, tiles[i].verdict);
        g_string_append_printf(html, "<div><dt>%s</dt><dd class=\"%s\">%u</dd></div>", tiles[i].title,
                               count ? fv_verdict_name(tiles[i].verdict) : "none", count);
    }
    g_string_append(html, "</dl>\n");
}

static void append_check(GString *html, const FvCheck *check)
{
    g_string_append_printf(html, "<li class=\"%s\"><b>%s</b>", fv_verdict_name(check->verdict),
                           verdict_text(check->verdict));
    append_text(html, "h3", NULL, check->title);
    g_string_append(html, "<div>");
    append_text(html, "p", NULL, check->finding);
    if (check->advice)
        append_text(html, "p", "advice", check->advice);
    g_string_append(html, "</div></li>\n");
}

/* Checks come group by group. */
static void append_checks(GString *html, const FvCheckup *checkup)
{
    const char *group = NULL;
    for (guint i = 0; i < checkup->checks->len; i++) {
        const FvCheck *check = checkup->checks->pdata[i];
        if (g_strcmp0(group, check->group) != 0) {
            g_string_append(html, group ? "</ul>\n" : "");
            append_text(html, "h2", NULL, check->group);
            g_string_append(html, "<ul class=\"checks card\">\n");
        }
        group = check->group;
        append_check(html, check);
    }
    g_string_append(html, group ? "</ul>\n" : "");
}

/* --------------------------------------------------------------------- layers */

/* What a column of the table shows; bars are on a logarithmic scale. */
typedef struct {
    const char *title;
    gsize offset; /* in FvLayerHealth */
    gboolean bars;
} Column;

static const Column columns[] = {
    { "mean", offsetof(FvLayerHealth, mean), FALSE },
    { "deviation", offsetof(FvLayerHealth, deviation), TRUE },
    { "least", offsetof(FvLayerHealth, least), FALSE },
    { "largest", offsetof(FvLayerHealth, largest), FALSE },
    { "gradient", offsetof(FvLayerHealth, gradient), TRUE },
    { "weights", offsetof(FvLayerHealth, weight), FALSE },
    { "their gradient", offsetof(FvLayerHealth, weight_gradient), TRUE },
};

static double number_of(const FvLayerHealth *layer, const Column *column)
{
    return *(const double *) ((const char *) layer + column->offset);
}

/* How long the bar of a number is, in percent: the largest of the column is 100, each power of ten below it 20 less. */
static double bar_of(const GArray *layers, const Column *column, double number)
{
    double largest = 0;
    for (guint i = 0; i < layers->len; i++) {
        const double other = number_of(&g_array_index(layers, FvLayerHealth, i), column);
        largest = isfinite(other) ? fmax(largest, other) : largest;
    }
    return number > 0 && isfinite(number) ? fmax(2, 100 + 20 * log10(number / largest)) : 0;
}

static void append_number(GString *html, const GArray *layers, const Column *column, double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    if (isnan(number)) {
        g_string_append(html, "<td></td>");
        return;
    }
    g_string_append_printf(html, "<td class=\"number%s\">%s", isfinite(number) ? "" : " bad",
                           isfinite(number) ? g_ascii_formatd(text, sizeof text, "%.3g", number) : "not finite");
    if (column->bars)
        g_string_append_printf(html, "<i style=\"width:%d%%\"></i>", (int) bar_of(layers, column, number));
    g_string_append(html, "</td>");
}

static void append_layer(GString *html, const GArray *layers, const FvLayerHealth *layer)
{
    static const double much = 0.3; /* share of units that is worth a look */
    g_string_append(html, "<tr>");
    append_text(html, "td", NULL, layer->path);
    append_text(html, "td", NULL, layer->kind);
    if (isnan(layer->dead))
        g_string_append(html, "<td></td>");
    else
        g_string_append_printf(html, "<td class=\"number%s\">%.0f %%</td>", layer->dead > much ? " bad" : "",
                               100 * layer->dead);
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        append_number(html, layers, &columns[i], number_of(layer, &columns[i]));
    g_string_append(html, "</tr>\n");
}

static void append_layers(GString *html, const GArray *layers)
{
    if (layers->len == 0)
        return;
    g_string_append(html,
                    "<h2>Layers, before any step</h2>\n<div class=\"card\"><table><thead><tr><th>path</th>"
                    "<th>kind</th><th class=\"number\">dead units</th>");
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        append_text(html, "th", "number", columns[i].title);
    g_string_append(html, "</tr></thead><tbody>\n");
    for (guint i = 0; i < layers->len; i++)
        append_layer(html, layers, &g_array_index(layers, FvLayerHealth, i));
    g_string_append(html, "</tbody></table></div>\n");
}

/* ----------------------------------------------------------------------- page */

char *fv_checkup_html(const FvCheckup *checkup)
{
    g_autofree char *about = g_strdup_printf("Before training, fovea " FV_VERSION ", on %s, seed %" G_GUINT64_FORMAT,
                                             checkup->device, checkup->seed);
    g_autofree char *title = g_path_get_basename(checkup->pipeline);
    GString *html = g_string_new(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'\">\n");
    append_text(html, "title", NULL, title);
    g_string_append_printf(html, "\n<style>\n%s</style></head>\n<body><main>\n<header>", style);
    append_text(html, "h1", NULL, title);
    append_text(html, "p", NULL, about);
    g_string_append(html, "</header>\n");
    append_counts(html, checkup);
    append_checks(html, checkup);
    if (checkup->rates->len > 0)
        g_string_append(html, "<h2>Learning rates</h2>\n");
    fv_rate_chart_append(html, checkup);
    append_layers(html, checkup->layers);
    g_string_append(html, "</main></body></html>\n");
    return g_string_free(html, FALSE);
}
