/* SPDX-License-Identifier: MIT
 * sections.c: what stands in braces: net, data, prepare, augment, train. */
#include "core/graph/graph_private.h"

enum { MOST_EPOCHS = 1000000, MOST_BATCH = 65536 };
static const double largest_share = 0.9;

/* ---------------------------------------------------------------- settings */

/* One setting that a section knows. */
typedef struct {
    const char *name;
    void (*set)(Builder *builder, const FvExpr *expr);
} Known;

static void share(Builder *builder, const FvExpr *expr, const char *label, double *share_out)
{
    double number;
    if (!fv_eval_number(builder, builder->lets, expr, label, &number))
        return;
    if (number >= 0 && number <= largest_share) {
        *share_out = number;
        return;
    }
    g_autofree char *got = fv_number_text(number);
    g_autofree char *most = fv_number_text(largest_share);
    fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION, "%s: expected a number from 0 to %s, found %s", label,
                    most, got);
}

static void set_source(Builder *builder, const FvExpr *expr)
{
    fv_use_plugin(builder, builder->lets, FV_SOURCE, expr, NULL, &builder->graph->source);
}

static void set_validate(Builder *builder, const FvExpr *expr)
{
    share(builder, expr, "data: validate", &builder->graph->validate);
}

static void set_test(Builder *builder, const FvExpr *expr)
{
    share(builder, expr, "data: test", &builder->graph->test);
}

static void set_epochs(Builder *builder, const FvExpr *expr)
{
    fv_eval_whole(builder, builder->lets, expr, "train: epochs", 0, MOST_EPOCHS, &builder->graph->epochs);
}

static void set_batch(Builder *builder, const FvExpr *expr)
{
    fv_eval_whole(builder, builder->lets, expr, "train: batch", 1, MOST_BATCH, &builder->graph->batch);
}

static void set_accumulate(Builder *builder, const FvExpr *expr)
{
    fv_eval_whole(builder, builder->lets, expr, "train: accumulate", 1, MOST_BATCH, &builder->graph->accumulate);
}

static void set_ema(Builder *builder, const FvExpr *expr)
{
    double number;
    if (!fv_eval_number(builder, builder->lets, expr, "train: ema", &number))
        return;
    if (number >= 0 && number < 1) {
        builder->graph->ema = number;
        return;
    }
    g_autofree char *got = fv_number_text(number);
    fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION,
                    "train: ema: expected a number from 0 to below 1, found %s", got);
}

static void set_patience(Builder *builder, const FvExpr *expr)
{
    builder->graph->patience_loc = expr->loc;
    fv_eval_whole(builder, builder->lets, expr, "train: patience", 1, MOST_EPOCHS, &builder->graph->patience);
}

static void set_min_delta(Builder *builder, const FvExpr *expr)
{
    double number;
    if (!fv_eval_number(builder, builder->lets, expr, "train: min_delta", &number))
        return;
    builder->graph->min_delta = number;
    if (number >= 0)
        return;
    g_autofree char *got = fv_number_text(number);
    fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION,
                    "train: min_delta: expected a number from 0 on, found %s", got);
}

static void set_snapshots(Builder *builder, const FvExpr *expr)
{
    fv_eval_switch(builder, builder->lets, expr, "train: snapshots", &builder->graph->snapshots);
}

static void apply_settings(Builder *builder, const FvSection *section, const Known *known)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const Known *one = known; one->name; one++)
        g_ptr_array_add(names, (char *) one->name);
    g_ptr_array_add(names, NULL);
    for (guint i = 0; i < section->settings->len; i++) {
        const FvSetting *setting = section->settings->pdata[i];
        const Known *one = known;
        while (one->name && !g_str_equal(one->name, setting->name))
            one++;
        if (!one->name) {
            g_autofree char *hint = fv_graph_suggestion(fv_nearest(setting->name, (const char *const *) names->pdata));
            fv_graph_report(builder, NULL, setting->loc, FV_ERROR_UNKNOWN, "%s: no setting \"%s\"%s", section->name,
                            setting->name, hint);
        } else if (!fv_build_repeated(builder, seen, "setting", setting->name, &setting->loc)) {
            one->set(builder, setting->value);
        }
    }
}

static void no_chains(Builder *builder, const FvSection *section)
{
    if (section->chains->len == 0)
        return;
    const FvChain *chain = section->chains->pdata[0];
    fv_graph_report(builder, NULL, chain->loc, FV_ERROR_SYNTAX, "%s: only settings can stand here: name = value",
                    section->name);
}

static void no_settings(Builder *builder, const FvSection *section)
{
    static const Known none[] = { { NULL } };
    apply_settings(builder, section, none);
}

/* ---------------------------------------------------------------- sections */

static void build_data(Builder *builder, const FvSection *section)
{
    static const Known known[] = {
        { "source", set_source }, { "validate", set_validate }, { "test", set_test }, { 0 }
    };
    FvGraph *graph = builder->graph;
    const int errors = fv_diag_count(builder->diag);
    graph->has_data = TRUE;
    no_chains(builder, section);
    apply_settings(builder, section, known);
    if (fv_diag_count(builder->diag) != errors)
        return;
    if (!graph->source.plugin)
        fv_graph_report(builder, NULL, section->loc, FV_ERROR_OPTION, "data: source: missing");
    if (graph->validate + graph->test > largest_share)
        fv_graph_report(builder, NULL, section->loc, FV_ERROR_OPTION,
                        "data: validate and test together leave too little to train on");
}

static void build_train(Builder *builder, const FvSection *section)
{
    static const Known known[] = {
        { "epochs", set_epochs },         { "batch", set_batch },
        { "accumulate", set_accumulate }, { "ema", set_ema },
        { "patience", set_patience },     { "min_delta", set_min_delta },
        { "snapshots", set_snapshots },   { 0 },
    };
    const int errors = fv_diag_count(builder->diag);
    builder->graph->has_train = TRUE;
    no_chains(builder, section);
    apply_settings(builder, section, known);
    if (fv_diag_count(builder->diag) == errors && builder->graph->min_delta > 0 && builder->graph->patience == 0)
        fv_graph_report(builder, NULL, section->loc, FV_ERROR_OPTION,
                        "train: min_delta: says what counts as better for patience, which is missing");
}

static void build_net(Builder *builder, const FvSection *section)
{
    g_autoptr(Place) place = fv_place_new(g_strdup(""));
    no_settings(builder, section);
    builder->net->place = place;
    builder->net->chains = section->chains;
    g_array_unref(fv_expand_chains(builder, builder->net, section->chains, NULL));
    builder->net->place = NULL;
    if (section->chains->len == 0 || (builder->graph->nodes->len == 0 && fv_diag_count(builder->diag) == 0))
        fv_graph_report(builder, NULL, section->loc, FV_ERROR_SYNTAX, "net: there is no layer in it");
}

static void build_prepare(Builder *builder, const FvSection *section)
{
    no_settings(builder, section);
    fv_build_operations(builder, section, builder->graph->prepare);
}

static void build_augment(Builder *builder, const FvSection *section)
{
    no_settings(builder, section);
    fv_build_operations(builder, section, builder->graph->augment);
}

/* A chain alone, as the command line takes it, is no pipeline and needs no net. */
static gboolean is_chain_alone(const Builder *builder, GHashTable *seen)
{
    return builder->tree->settings->len == 0 && builder->tree->sections->len == 1 &&
           g_hash_table_contains(seen, "augment");
}

/* What is fitted in prepare stands at the net's input: it must be known before the net is. */
static const FvSection *section_at(const Builder *builder, guint i)
{
    const GPtrArray *sections = builder->tree->sections;
    guint first = 0;
    while (first < sections->len && !g_str_equal(((FvSection *) sections->pdata[first])->name, "prepare"))
        first++;
    if (first == sections->len)
        return sections->pdata[i];
    return sections->pdata[i == 0 ? first : i <= first ? i - 1 : i];
}

void fv_build_sections(Builder *builder)
{
    static const char *const names[] = { "net", "data", "prepare", "augment", "train", NULL };
    static void (*const build[])(Builder * builder, const FvSection *section) = { build_net, build_data, build_prepare,
                                                                                  build_augment, build_train };
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean misspelt = FALSE;
    for (guint i = 0; i < builder->tree->sections->len; i++) {
        const FvSection *section = section_at(builder, i);
        int k = 0;
        while (names[k] && !g_str_equal(names[k], section->name))
            k++;
        if (!names[k]) {
            g_autofree char *hint = fv_graph_suggestion(fv_nearest(section->name, names));
            misspelt = TRUE;
            fv_graph_report(builder, NULL, section->loc, FV_ERROR_UNKNOWN, "no section is called \"%s\"%s",
                            section->name, hint);
        } else if (!fv_build_repeated(builder, seen, "section", section->name, &section->loc)) {
            build[k](builder, section);
        }
    }
    if (misspelt || g_hash_table_contains(seen, "net") || is_chain_alone(builder, seen))
        return;
    const FvLoc end = { g_intern_string(builder->graph->file), 1, 1 };
    fv_graph_report(builder, NULL, end, FV_ERROR_SYNTAX, "there is no net");
}
