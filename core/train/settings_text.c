/* SPDX-License-Identifier: MIT
 * settings_text.c: what a pipeline says beside its net, as people read it. */
#include "core/train/settings_text.h"

#include "core/sink/page.h"

static void G_GNUC_PRINTF(3, 4) add(GArray *rows, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fv_page_rows_add(rows, key, format, args);
    va_end(args);
}

static char *join(const char *name, const char *options)
{
    return *options ? g_strdup_printf("%s(%s)", name, options) : g_strdup(name);
}

/* "sgd(rate=0.01, momentum=0.9, clip_norm=1)"; g_free() it. */
static char *use_text(const FvUse *use)
{
    g_autofree char *own = fv_state_text(use->state);
    g_autofree char *common = use->common ? fv_state_text(use->common) : g_strdup("");
    g_autofree char *options = g_strjoin(*own && *common ? ", " : "", own, common, NULL);
    return join(use->plugin->name, options);
}

/* "crop(28, pad=2) -> flip"; g_free() it. */
static char *chain_text(const GPtrArray *chain)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < chain->len; i++) {
        const FvUse *use = chain->pdata[i];
        g_autofree char *one = use_text(use);
        g_string_append(text, i ? " → " : "");
        for (guint k = 0; use->branches && k < use->branches->len; k++) {
            g_autofree char *branch = chain_text(use->branches->pdata[k]);
            g_string_append_printf(text, "%s%s", k ? " | " : "{ ", branch);
        }
        g_string_append_printf(text, "%s%s", use->branches && use->branches->len ? " } → " : "", one);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void add_terms(GArray *rows, const char *key, const FvGraph *graph, const GPtrArray *terms)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < terms->len; i++) {
        const FvTerm *term = terms->pdata[i];
        g_autofree char *one = fv_term_text(graph, term);
        g_autofree char *factor = fv_number_text(term->weight);
        g_string_append(text, i ? term->use.plugin->kind == FV_LOSS ? " + " : ", " : "");
        if (term->weight != 1 && term->use.plugin->kind == FV_LOSS)
            g_string_append_printf(text, "%s × ", factor);
        g_string_append(text, one);
    }
    if (text->len > 0)
        add(rows, key, "%s", text->str);
}

static void add_use(GArray *rows, const char *key, const FvUse *use)
{
    g_autofree char *text = use->plugin ? use_text(use) : NULL;
    if (text)
        add(rows, key, "%s", text);
}

/* Where the rate is the usual one, the optimizer's text leaves it out. */
static void add_rate(GArray *rows, const FvUse *use)
{
    for (const FvOption *option = use->plugin ? use->plugin->options : NULL; option && option->name; option++)
        if (option->type == FV_TYPE_FLOAT && g_str_equal(option->name, "rate"))
            add(rows, "rate", "%g", (double) G_STRUCT_MEMBER(float, fv_state_self(use->state), option->offset));
}

static void add_chain(GArray *rows, const char *key, const GPtrArray *chain)
{
    g_autofree char *text = chain_text(chain);
    if (*text)
        add(rows, key, "%s", text);
}

GArray *fv_settings_rows(const FvGraph *graph)
{
    GArray *rows = fv_page_rows_new();
    add_use(rows, "data", &graph->source);
    if (graph->validate > 0)
        add(rows, "validation", "%g of the training split", graph->validate);
    add_chain(rows, "prepare", graph->prepare);
    add_chain(rows, "augment", graph->augment);
    add_terms(rows, "loss", graph, graph->losses);
    add_terms(rows, "metric", graph, graph->metrics);
    add_use(rows, "optimizer", &graph->optimizer);
    add_rate(rows, &graph->optimizer);
    add_use(rows, "schedule", &graph->schedule);
    add(rows, "epochs", "%d", graph->epochs);
    if (graph->accumulate > 1)
        add(rows, "batch", "%d × %d", graph->accumulate, graph->batch);
    else
        add(rows, "batch", "%d", graph->batch);
    if (graph->ema > 0)
        add(rows, "average of parameters", "%g", graph->ema);
    return rows;
}

char *fv_settings_net(const FvGraph *graph)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < graph->nodes->len; i++) {
        const FvGraphNode *node = graph->nodes->pdata[i];
        g_autofree char *options = fv_state_text(node->state);
        g_autofree char *use = join(node->layer->base.name, options);
        g_string_append_printf(text, "%s%s: %s", i ? "\n" : "", node->path, use);
        for (int k = 0; k < node->input_count; k++)
            if (node->inputs[k] != (int) i - 1)
                g_string_append_printf(text, " of %s",
                                       ((const FvGraphNode *) graph->nodes->pdata[node->inputs[k]])->path);
        if (node->rate != 1)
            g_string_append_printf(text, ", rate=%g", node->rate);
    }
    return g_string_free(text, FALSE);
}
