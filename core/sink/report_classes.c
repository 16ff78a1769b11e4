/* SPDX-License-Identifier: MIT
 * report_classes.c: how the classes of a test come out: confusion matrix, precision, recall, confused pairs. */
#include "core/sink/page.h"
#include "core/sink/report_private.h"

#include <math.h>
#include <string.h>

enum { MOST_IN_MATRIX = 40, MOST_PAIRS = 10 };

static gint64 at(const FvConfusion *confusion, int truth, int predicted)
{
    return confusion->counts[(gsize) truth * (gsize) confusion->classes + (gsize) predicted];
}

static gint64 row_sum(const FvConfusion *confusion, int truth)
{
    gint64 sum = 0;
    for (int k = 0; k < confusion->classes; k++)
        sum += at(confusion, truth, k);
    return sum;
}

static gint64 column_sum(const FvConfusion *confusion, int predicted)
{
    gint64 sum = 0;
    for (int k = 0; k < confusion->classes; k++)
        sum += at(confusion, k, predicted);
    return sum;
}

/* Its name, or its number; g_free() it. */
static char *name_of(const FvConfusion *confusion, int class)
{
    const char *const *names = confusion->names;
    if (names && class < (int) g_strv_length((char **) names))
        return g_strdup(names[class]);
    return g_strdup_printf("%d", class);
}

static void append_class_head(GString *html, const FvConfusion *confusion, int class, const char *scope)
{
    g_autofree char *name = name_of(confusion, class);
    g_autofree char *title = fv_page_escaped(name); /* it may be too long for its place */
    g_autofree char *tag = g_strdup_printf("th scope=\"%s\" title=\"%s\"", scope, title);
    fv_page_element(html, tag, name);
}

/* -------------------------------------------------------------------- matrix */

/* Few mistakes must be seen, too: their colour goes by the root of their share. */
static void append_count(GString *html, const FvConfusion *confusion, int truth, int predicted, gint64 all)
{
    char share[G_ASCII_DTOSTR_BUF_SIZE];
    const gint64 count = at(confusion, truth, predicted);
    if (count == 0) {
        g_string_append(html, "<td class=\"zero\">·</td>");
        return;
    }
    g_ascii_formatd(share, sizeof share, "%.3f", 0.6 * sqrt((double) count / (double) all));
    g_string_append_printf(html, "<td class=\"%s\" style=\"--share:%s\">%" G_GINT64_FORMAT "</td>",
                           truth == predicted ? "right" : "wrong", share, count);
}

static void append_matrix(GString *html, const FvConfusion *confusion)
{
    g_string_append(html,
                    "<div class=\"card whole\"><h3>Confusion</h3><table class=\"matrix\"><thead><tr>"
                    "<th>is ↓ taken for →</th>");
    for (int k = 0; k < confusion->classes; k++)
        append_class_head(html, confusion, k, "col");
    g_string_append(html, "</tr></thead><tbody>\n");
    for (int truth = 0; truth < confusion->classes; truth++) {
        const gint64 all = row_sum(confusion, truth);
        g_string_append(html, "<tr>");
        append_class_head(html, confusion, truth, "row");
        for (int predicted = 0; predicted < confusion->classes; predicted++)
            append_count(html, confusion, truth, predicted, all);
        g_string_append(html, "</tr>\n");
    }
    g_string_append(html, "</tbody></table></div>\n");
}

/* ------------------------------------------------------------- each class */

static void append_share(GString *html, gint64 part, gint64 all)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE], width[G_ASCII_DTOSTR_BUF_SIZE];
    const double share = all > 0 ? (double) part / (double) all : 0;
    if (all == 0) {
        g_string_append(html, "<td class=\"number\">–</td>");
        return;
    }
    g_string_append_printf(html, "<td class=\"number meter\" style=\"--share:%s%%\">%s</td>",
                           g_ascii_formatd(width, sizeof width, "%.1f", 100 * share),
                           g_ascii_formatd(text, sizeof text, "%.4f", share));
}

static void append_table(GString *html, const FvConfusion *confusion)
{
    g_string_append(html,
                    "<div class=\"card\"><h3>Precision and recall</h3><table><thead><tr><th>class</th>"
                    "<th class=\"number\">images</th><th class=\"number\">precision</th><th class=\"number\">recall"
                    "</th><th class=\"number\">F1</th></tr></thead><tbody>\n");
    for (int k = 0; k < confusion->classes; k++) {
        const gint64 right = at(confusion, k, k), images = row_sum(confusion, k), taken = column_sum(confusion, k);
        g_autofree char *name = name_of(confusion, k);
        g_string_append(html, "<tr>");
        fv_page_element(html, "td class=\"text\"", name);
        fv_page_elementf(html, "td class=\"number\"", "%" G_GINT64_FORMAT, images);
        append_share(html, right, taken);
        append_share(html, right, images);
        append_share(html, 2 * right, images + taken);
        g_string_append(html, "</tr>\n");
    }
    g_string_append(html, "</tbody></table></div>\n");
}

/* ------------------------------------------------------------------- pairs */

typedef struct {
    int truth, predicted;
    gint64 count;
} Pair;

static int more_first(gconstpointer a, gconstpointer b)
{
    const Pair *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return x->truth != y->truth ? x->truth - y->truth : x->predicted - y->predicted;
}

static void append_pairs(GString *html, const FvConfusion *confusion)
{
    g_autoptr(GArray) pairs = g_array_new(FALSE, FALSE, sizeof(Pair));
    for (int truth = 0; truth < confusion->classes; truth++)
        for (int predicted = 0; predicted < confusion->classes; predicted++) {
            const Pair pair = { truth, predicted, at(confusion, truth, predicted) };
            if (truth != predicted && pair.count > 0)
                g_array_append_val(pairs, pair);
        }
    g_array_sort(pairs, more_first);
    if (pairs->len == 0)
        return;
    g_string_append(html,
                    "<div class=\"card\"><h3>Confused most</h3><table><thead><tr><th>class</th><th>taken for</th>"
                    "<th class=\"number\">images</th><th class=\"number\">of its images</th></tr></thead><tbody>\n");
    for (guint i = 0; i < MIN(pairs->len, MOST_PAIRS); i++) {
        const Pair *pair = &g_array_index(pairs, Pair, i);
        g_autofree char *truth = name_of(confusion, pair->truth);
        g_autofree char *predicted = name_of(confusion, pair->predicted);
        g_string_append(html, "<tr>");
        fv_page_element(html, "td class=\"text\"", truth);
        fv_page_element(html, "td class=\"text\"", predicted);
        fv_page_elementf(html, "td class=\"number\"", "%" G_GINT64_FORMAT, pair->count);
        append_share(html, pair->count, row_sum(confusion, pair->truth));
        g_string_append(html, "</tr>\n");
    }
    g_string_append(html, "</tbody></table></div>\n");
}

void fv_report_append_classes(GString *html, const char *split, const FvConfusion *confusion)
{
    gint64 all = 0;
    for (int k = 0; k < confusion->classes; k++)
        all += row_sum(confusion, k);
    if (all == 0)
        return;
    g_autofree char *images = fv_page_grouped(all);
    g_string_append(html, "<h2>Classes");
    fv_page_elementf(html, "small", "%s split, %s images", split, images);
    g_string_append(html, "</h2>\n<div class=\"pair\">\n<div class=\"stack\">\n");
    if (confusion->classes <= MOST_IN_MATRIX)
        append_matrix(html, confusion);
    append_pairs(html, confusion);
    g_string_append(html, "</div>\n");
    append_table(html, confusion);
    g_string_append(html, "</div>\n");
}
