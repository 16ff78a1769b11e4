/* SPDX-License-Identifier: MIT
 * page.c: an HTML page that needs nothing else. */
#include "core/sink/page.h"

#include <math.h>
#include <string.h>

/* Colours of lines differ in lightness as well as in hue, so that nobody has to tell them apart by hue alone. Those of
 * runs are Okabe and Ito's, darker or lighter where the page asks for it. */
static const char colours[] =
    ":root{color-scheme:light dark;--page:#f7f7f5;--card:#fff;--text:#1d1f23;--soft:#5d636c;--rule:#e3e4e6;"
    "--train:#2a6fdb;--validate:#d9650a;--rate:#2a8f6a;--right:42 111 219;--wrong:217 101 10;"
    "--run0:#0072b2;--run1:#d55e00;--run2:#008f6b;--run3:#b85c93;--run4:#8a6d00;--run5:#2b9fd8;--run6:#7a4fc0;"
    "--run7:#555b63}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#15171a;--card:#1e2125;--text:#e8e9eb;--soft:#a2a9b3;"
    "--rule:#32363c;--train:#6ea8ff;--validate:#ffa351;--rate:#57c99b;--right:110 168 255;--wrong:255 163 81;"
    "--run0:#4aa3df;--run1:#ff8a3d;--run2:#3fc79a;--run3:#e394c2;--run4:#e0c04a;--run5:#8fd0f5;--run6:#b79af0;"
    "--run7:#b4bac2}.net svg{filter:invert(1) hue-rotate(180deg)}}\n";

static const char style[] =
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif;"
    "-webkit-text-size-adjust:100%}\n"
    "main{max-width:68rem;margin:0 auto;padding:2rem 1rem 3rem}\n"
    "h1{margin:0;font-size:1.75rem;line-height:1.25;overflow-wrap:anywhere}\n"
    "h2{margin:2.5rem 0 .75rem;font-size:1.125rem}\n"
    "h2 small{font-weight:400;color:var(--soft);font-size:.875rem;margin-left:.5rem}\n"
    "h3{margin:0;padding:.75rem 1rem .25rem;font-size:.9375rem}\n"
    "header p,.hint{margin:.25rem 0 0;color:var(--soft)}.hint{margin:-.25rem 0 .75rem;font-size:.9375rem}\n"
    ".note{margin:1.5rem 0 0;padding:.75rem 1rem;border-left:.25rem solid var(--validate);background:var(--card);"
    "border-radius:.25rem;overflow-wrap:anywhere}\n"
    ".results{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,8.5rem),1fr));"
    "margin:1.5rem 0 0}\n"
    ".results div,figure,.card{background:var(--card);border:1px solid var(--rule);border-radius:.625rem}\n"
    ".results div{padding:.75rem 1rem}\n"
    "dt{color:var(--soft);font-size:.875rem}\n"
    "dd{margin:0;font-size:1.25rem;font-weight:600;line-height:1.3;overflow-wrap:anywhere}\n"
    ".card{overflow:auto;max-height:36rem}.whole{max-height:none}\n"
    ".pair{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr));"
    "align-items:start}.pair>*{min-width:0}.stack{display:grid;gap:.75rem}.stack>*{min-width:0}\n"
    "@media(max-width:32rem){main{padding-top:1.25rem}.results{grid-template-columns:1fr 1fr}"
    "dd{font-size:1.125rem}.results div{padding:.5rem .75rem}}\n";

static const char figures[] =
    ".charts{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,25rem),1fr))}\n"
    "figure{margin:0;padding:.875rem 1rem .5rem;display:grid;grid-template-columns:1fr;align-content:start;"
    "min-width:0}\n"
    "figcaption{font-weight:600}\n"
    ".legend{margin:.125rem 0 0;font-size:.8125rem;color:var(--soft);display:flex;flex-wrap:wrap;gap:0 1rem;"
    "min-width:0}.legend span{overflow-wrap:anywhere;min-width:0}\n"
    ".legend i{display:inline-block;width:1.25rem;height:0;border-top:.1875rem solid var(--line);"
    "margin-right:.375rem;vertical-align:middle}\n"
    "svg{display:block;width:100%;height:auto;margin-top:.25rem;font:11px system-ui,sans-serif;"
    "font-variant-numeric:tabular-nums}\n"
    "svg text{fill:var(--soft)}\n"
    ".grid,.axis,.mark{stroke:var(--rule)}.axis{stroke:var(--soft)}.mark{stroke-dasharray:2 4}\n"
    ".train{--line:var(--train)}.validate{--line:var(--validate)}.rate{--line:var(--rate)}\n"
    ".run0{--line:var(--run0)}.run1{--line:var(--run1)}.run2{--line:var(--run2)}.run3{--line:var(--run3)}"
    ".run4{--line:var(--run4)}.run5{--line:var(--run5)}.run6{--line:var(--run6)}.run7{--line:var(--run7)}\n"
    ".line{fill:none;stroke:var(--line);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}\n"
    ".line.dashed{stroke-dasharray:6 5}.legend .dashed i{border-top-style:dashed}\n"
    ".point{fill:var(--line);stroke:var(--card);stroke-width:1.5}\n"
    ".tip tspan{fill:var(--line)}.tip:hover g{visibility:visible}.tip:hover text{fill:var(--text)}\n"
    "@media(max-width:32rem){figure{padding:.75rem .75rem .375rem}figure svg{font-size:14px}}\n"
    ".net{padding:.5rem;max-height:80rem}.net svg{width:auto;max-width:100%;height:auto;margin:0 "
    "auto;font:inherit}.net svg text{fill:revert-layer}\n"
    "img{display:block;max-width:100%;image-rendering:pixelated;border-radius:.25rem}img.photo{image-rendering:auto}\n"
    ".images{display:grid;gap:.75rem;grid-template-columns:repeat(auto-fill,minmax(min(45%,9.6rem),1fr))}\n"
    ".images figure{padding:.625rem;font-size:.8125rem;line-height:1.35}\n"
    ".images img{width:100%;height:auto;aspect-ratio:1;object-fit:contain;background:var(--page)}\n"
    ".images figcaption{font-weight:400;margin-top:.5rem;overflow-wrap:anywhere}\n"
    ".images b{display:block;font-size:.9375rem}.images small{display:block;color:var(--soft);font-size:.75rem}\n"
    ".filters{display:flex;flex-wrap:wrap;gap:.375rem;padding:1rem}\n"
    ".filters img{width:3.5rem;height:3.5rem;object-fit:contain;border-radius:.125rem}\n"
    ".filters div{width:5.5rem;font-size:.75rem;line-height:1.3;color:var(--soft);overflow-wrap:anywhere}"
    ".filters div img{width:5.5rem;height:5.5rem;margin-bottom:.125rem}\n";

static const char tables[] =
    "table{border-collapse:collapse;width:100%;font-size:.9375rem}\n"
    ":root{--pad:1rem}th,td{padding:.4375rem var(--pad);text-align:left;vertical-align:top;border-top:1px solid "
    "var(--rule)}\n"
    "tr:first-child>*{border-top:0}\n"
    "thead th,tbody th{font-weight:400;color:var(--soft)}tfoot td{font-weight:600}\n"
    "thead+tbody tr:first-child>*,tfoot tr:first-child>*{border-top:1px solid var(--rule)}\n"
    "td.text{overflow-wrap:anywhere}.pairs td.text{min-width:9rem}.pairs th{min-width:6rem}\n"
    ".number{text-align:right;font-variant-numeric:tabular-nums}td.number{white-space:nowrap}\n"
    ".epoch{white-space:nowrap}.best{font-weight:700}td small{color:var(--soft)}\n"
    ".head+tr>*{border-top:0;padding-top:0}.head td{font-weight:600}.head small{font-weight:400}"
    ".settings tr:not(.head)>*{border-top:0;padding-top:0}.settings td:first-child{width:35%}\n"
    ".key{display:inline-block;width:.75rem;height:.75rem;border-radius:50%;background:var(--line);"
    "margin-right:.5rem}\n"
    ".matrix{width:auto;margin:0 .625rem .625rem}.matrix th,.matrix td{padding:.1875rem "
    ".375rem;font-size:.8125rem;line-height:1.4}\n"
    ".matrix td{text-align:center;min-width:2.25rem;font-variant-numeric:tabular-nums;border:0;"
    "background:rgb(var(--hue)/var(--share))}\n"
    ".matrix td.zero{color:var(--soft);background:none}\n"
    ".matrix thead th{writing-mode:vertical-rl;transform:rotate(180deg);text-align:left;padding:.375rem .1875rem;"
    "max-height:9rem;border:0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}\n"
    ".matrix thead th:first-child{writing-mode:horizontal-tb;transform:none;white-space:normal;min-width:4rem}\n"
    ".matrix tbody th{position:sticky;left:0;background:var(--card);border:0;white-space:nowrap;max-width:9rem;"
    "overflow:hidden;text-overflow:ellipsis}\n"
    ".matrix td.right{--hue:var(--right)}.matrix td.wrong{--hue:var(--wrong)}\n"
    ".meter{background:linear-gradient(to right,rgb(var(--right)/.6) var(--share),var(--rule) var(--share)) no-repeat "
    "var(--pad) calc(100% - .1875rem)/calc(100% - 2*var(--pad)) .1875rem}\n"
    "details{margin:2.5rem 0 0}summary{cursor:pointer;font-weight:700;font-size:1.125rem}\n"
    "pre{margin:.75rem 0 0;padding:1rem;overflow:auto;font:13px/1.5 ui-monospace,monospace;background:var(--card);"
    "border:1px solid var(--rule);border-radius:.625rem}\n"
    "td pre{margin:0;padding:0;border:0;white-space:pre-wrap;overflow-wrap:anywhere;background:none;font-size:12px}\n"
    "@media(max-width:32rem){:root{--pad:.3125rem}table{font-size:.75rem}.wide{display:none}h3{padding:.75rem .5rem "
    ".25rem}"
    ".matrix{margin:0 .25rem .5rem}.matrix th,.matrix td{padding:.125rem;font-size:.6875rem}.matrix "
    "td{min-width:1.5rem}"
    ".matrix tbody th{max-width:5.5rem}}\n";

GString *fv_page_begin(const char *title, const char *subtitle)
{
    GString *html = g_string_new(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src 'unsafe-inline'; img-src data:\">\n<title>");
    fv_page_text(html, title);
    g_string_append_printf(html, "</title>\n<style>\n%s%s%s%s</style></head>\n<body><main>\n<header><h1>", colours,
                           style, figures, tables);
    fv_page_text(html, title);
    g_string_append(html, "</h1>");
    fv_page_element(html, "p", subtitle);
    g_string_append(html, "</header>\n");
    return html;
}

char *fv_page_end(GString *html)
{
    g_string_append(html, "</main></body></html>\n");
    return g_string_free(html, FALSE);
}

/* ---------------------------------------------------------------------- text */

char *fv_page_escaped(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (char *p = valid; *p; p++)
        if (g_ascii_iscntrl(*p) && !g_ascii_isspace(*p))
            *p = '?';
    return g_markup_escape_text(valid, -1);
}

void fv_page_text(GString *html, const char *text)
{
    g_autofree char *safe = fv_page_escaped(text);
    g_string_append(html, safe);
}

void fv_page_element(GString *html, const char *tag, const char *text)
{
    g_string_append_printf(html, "<%s>", tag);
    fv_page_text(html, text);
    g_string_append_printf(html, "</%.*s>", (int) strcspn(tag, " "), tag);
}

void fv_page_elementf(GString *html, const char *tag, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    fv_page_element(html, tag, text);
}

void fv_page_number(GString *html, const char *tag, const char *format, double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    fv_page_element(html, tag, isfinite(number) ? g_ascii_formatd(text, sizeof text, format, number) : "–");
}

/* ---------------------------------------------------------------------- rows */

static void row_clear(gpointer data)
{
    FvPageRow *row = data;
    g_free(row->key);
    g_free(row->value);
}

GArray *fv_page_rows_new(void)
{
    GArray *rows = g_array_new(FALSE, FALSE, sizeof(FvPageRow));
    g_array_set_clear_func(rows, row_clear);
    return rows;
}

void fv_page_rows_add(GArray *rows, const char *key, const char *format, va_list args)
{
    const FvPageRow row = { g_strdup(key), g_strdup_vprintf(format, args) };
    g_array_append_val(rows, row);
}

void fv_page_headlines(GString *html, const GArray *rows)
{
    if (rows->len == 0)
        return;
    g_string_append(html, "<dl class=\"results\">");
    for (guint i = 0; i < rows->len; i++) {
        const FvPageRow *row = &g_array_index(rows, FvPageRow, i);
        g_string_append(html, "<div>");
        fv_page_element(html, "dt", row->key);
        fv_page_element(html, "dd", row->value);
        g_string_append(html, "</div>");
    }
    g_string_append(html, "</dl>\n");
}

void fv_page_table(GString *html, const char *title, const GArray *rows)
{
    if (rows->len == 0)
        return;
    fv_page_element(html, "h2", title);
    g_string_append(html, "\n<div class=\"card whole\"><table class=\"pairs\"><tbody>\n");
    for (guint i = 0; i < rows->len; i++) {
        const FvPageRow *row = &g_array_index(rows, FvPageRow, i);
        g_string_append(html, "<tr>");
        fv_page_element(html, "th scope=\"row\"", row->key);
        fv_page_element(html, "td class=\"text\"", row->value);
        g_string_append(html, "</tr>\n");
    }
    g_string_append(html, "</tbody></table></div>\n");
}

/* ------------------------------------------------------------------- numbers */

char *fv_page_grouped(gint64 number)
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

char *fv_page_headline(const char *name)
{
    char *text = g_utf8_make_valid(name, -1);
    g_strdelimit(text, "_", ' ');
    *text = g_ascii_toupper(*text);
    return text;
}

char *fv_page_duration(double seconds)
{
    const gint64 whole = (gint64) fmin(ceil(seconds), 1e15), hours = whole / 3600;
    const int minutes = (int) (whole / 60 % 60), rest = (int) (whole % 60);
    if (whole < 60)
        return g_strdup_printf("%d s", rest);
    return hours > 0 ? g_strdup_printf("%" G_GINT64_FORMAT ":%02d:%02d", hours, minutes, rest)
                     : g_strdup_printf("%d:%02d", minutes, rest);
}

char *fv_page_bytes(double bytes)
{
    const double mebibytes = bytes / (1 << 20);
    if (mebibytes < 10)
        return g_strdup_printf("%.1f MiB", mebibytes);
    return mebibytes < 1000 ? g_strdup_printf("%.0f MiB", mebibytes) : g_strdup_printf("%.1f GiB", mebibytes / 1024);
}
