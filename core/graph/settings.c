/* SPDX-License-Identifier: MIT
 * settings.c: what stands outside of sections: lets, loss, optimizer, schedule, metric. */
#include "core/graph/graph_private.h"

#include <math.h>
#include <string.h>

gboolean fv_build_repeated(Builder *builder, GHashTable *seen, const char *what, const char *name, const FvLoc *loc)
{
    const FvLoc *first = g_hash_table_lookup(seen, name);
    if (!first) {
        g_hash_table_insert(seen, (char *) name, (gpointer) loc);
        return FALSE;
    }
    g_autofree char *place = fv_graph_place(*first, loc->file);
    fv_graph_report(builder, NULL, *loc, FV_ERROR_SYNTAX, "%s \"%s\" is already there at %s", what, name, place);
    return TRUE;
}

/* -------------------------------------------------------------------- lets */

/* "; did you mean "rate"?", or what there is; g_free() it. */
static char *let_hint(const char *name, char **names)
{
    const char *nearest = fv_nearest(name, (const char *const *) names);
    g_autofree char *all = g_strjoinv(", ", names);
    if (nearest)
        return fv_graph_suggestion(nearest);
    return *names ? g_strdup_printf("; it has %s", all) : g_strdup("; it has none: let name = value makes one");
}

static void check_overrides(Builder *builder, GHashTable *overrides)
{
    const GPtrArray *lets = builder->tree->lets;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < lets->len; i++)
        g_ptr_array_add(names, ((FvSetting *) lets->pdata[i])->name);
    g_ptr_array_add(names, NULL);
    g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(overrides), (GCompareFunc) strcmp);
    for (const GList *key = keys; key; key = key->next) {
        if (g_strv_contains((const char *const *) names->pdata, key->data))
            continue;
        const FvExpr *expr = g_hash_table_lookup(overrides, key->data);
        g_autofree char *hint = let_hint(key->data, (char **) names->pdata);
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_UNKNOWN, "the pipeline has no let \"%s\"%s",
                        (const char *) key->data, hint);
    }
}

void fv_build_lets(Builder *builder, GHashTable *overrides)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < builder->tree->lets->len; i++) {
        const FvSetting *let = builder->tree->lets->pdata[i];
        if (fv_build_repeated(builder, seen, "let", let->name, &let->loc))
            continue;
        const FvExpr *over = overrides ? g_hash_table_lookup(overrides, let->name) : NULL;
        Constant *value = fv_eval(builder, builder->lets, over ? over : let->value, NULL);
        if (!value) {
            value = fv_constant_number(0);
            value->lost = TRUE;
        }
        fv_scope_bind(builder, builder->lets, let->name, let->loc, value, LOST);
    }
    if (overrides)
        check_overrides(builder, overrides);
}

/* ------------------------------------------------------------------- terms */

static const FvOption *option_of_type(const FvPlugin *plugin, FvType type)
{
    for (const FvOption *option = plugin->options; option && option->name; option++) {
        if (option->type == type)
            return option;
    }
    return NULL;
}

/* The target's name in a state, or NULL. */
static const char *target_of(const FvUse *use)
{
    const FvOption *option = option_of_type(use->plugin, FV_TYPE_TARGET);
    return option ? *(const char *const *) ((const char *) fv_state_self(use->state) + option->offset) : NULL;
}

static void add_term(Builder *builder, GPtrArray *terms, FvKind kind, const FvExpr *expr, double weight)
{
    g_autoptr(Values) inputs = fv_values_new();
    FvUse use = { NULL };
    if (!fv_use_plugin(builder, builder->net, kind, expr, inputs, &use))
        return;
    FvTerm *term = g_new0(FvTerm, 1);
    term->use = use;
    term->weight = weight;
    term->value = inputs->len ? g_array_index(inputs, int, 0) : -1;
    term->target = g_strdup(target_of(&use));
    g_ptr_array_add(terms, term);
    if (inputs->len > 1)
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_SHAPE, "%s: takes one value, has %u", use.plugin->name,
                        inputs->len);
}

/* Whether an expression holds a loss, rather than numbers alone. */
static gboolean holds_loss(const Scope *scope, const FvExpr *expr, int depth)
{
    if (expr->type == FV_EXPR_CALL)
        return TRUE;
    if (expr->type == FV_EXPR_NAME) {
        const Binding *binding = fv_scope_find(scope, expr->text);
        return !binding || !binding->value;
    }
    if ((expr->type != FV_EXPR_UNARY && expr->type != FV_EXPR_BINARY) || depth > MOST_EXPR_DEPTH)
        return FALSE;
    for (guint i = 0; i < expr->items->len; i++) {
        if (holds_loss(scope, expr->items->pdata[i], depth + 1))
            return TRUE;
    }
    return FALSE;
}

static void add_losses(Builder *builder, const FvExpr *expr, double weight, int depth);

static void scale_losses(Builder *builder, const FvExpr *expr, double weight, int depth)
{
    const FvExpr *left = expr->items->pdata[0], *right = expr->items->pdata[1];
    const gboolean left_holds = holds_loss(builder->net, left, depth);
    const gboolean right_holds = holds_loss(builder->net, right, depth);
    double factor;
    if (expr->op == '%' || (left_holds && right_holds) || (expr->op == '/' && right_holds)) {
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_SYNTAX,
                        "losses can be added, and multiplied or divided by a number, nothing else");
        return;
    }
    if (!fv_eval_number(builder, builder->net, left_holds ? right : left, "loss", &factor))
        return;
    if (expr->op == '/' && factor == 0)
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION, "loss: division by zero");
    else
        add_losses(builder, left_holds ? left : right, expr->op == '/' ? weight / factor : weight * factor, depth);
}

/* Adds the terms of a sum, each with its own factor. */
static void add_losses(Builder *builder, const FvExpr *expr, double weight, int depth)
{
    const gboolean unary = expr->type == FV_EXPR_UNARY;
    if (depth > MOST_EXPR_DEPTH) {
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_SYNTAX, "an expression nested deeper than %d",
                        MOST_EXPR_DEPTH);
        return;
    }
    if (!holds_loss(builder->net, expr, depth)) {
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION, "expected a loss, found a number");
        return;
    }
    if (!unary && expr->type != FV_EXPR_BINARY) {
        if (!isfinite((float) weight))
            fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION, "loss: its factor is too large");
        else
            add_term(builder, builder->graph->losses, FV_LOSS, expr, weight);
        return;
    }
    if (!unary && expr->op != '+' && expr->op != '-') {
        scale_losses(builder, expr, weight, depth + 1);
        return;
    }
    if (!unary)
        add_losses(builder, expr->items->pdata[0], weight, depth + 1);
    add_losses(builder, expr->items->pdata[unary ? 0 : 1], expr->op == '-' ? -weight : weight, depth + 1);
}

/* ---------------------------------------------------------------- settings */

static void set_loss(Builder *builder, const FvExpr *expr)
{
    add_losses(builder, expr, 1, 0);
}

/* One that evaluates a batch again and again takes all parameters the same way, and no batch but that one. */
static void check_steps(Builder *builder, const FvUse *use)
{
    const FvGraph *graph = builder->graph;
    const char *name = use->plugin->name;
    if (graph->accumulate > 1)
        fv_graph_report(builder, NULL, use->loc, FV_ERROR_OPTION,
                        "%s: looks at the same batch several times, and cannot with train { accumulate = %d }: a "
                        "larger batch does the same",
                        name, graph->accumulate);
    for (guint i = 0; i < graph->nodes->len; i++) {
        const FvGraphNode *node = graph->nodes->pdata[i];
        if (node->rate == 0 || node->rate == 1)
            continue;
        g_autofree char *rate = fv_number_text(node->rate);
        g_autofree char *place = fv_graph_place(node->loc, use->loc.file);
        fv_graph_report(builder, NULL, use->loc, FV_ERROR_OPTION,
                        "%s: has one rate for all parameters; %s at %s has rate=%s, where 0 or 1 can be", name,
                        node->path, place, rate);
        return;
    }
}

static void set_optimizer(Builder *builder, const FvExpr *expr)
{
    FvUse *use = &builder->graph->optimizer;
    if (fv_use_plugin(builder, builder->lets, FV_OPTIM, expr, NULL, use) && ((const FvOptim *) use->plugin)->step)
        check_steps(builder, use);
}

static void set_schedule(Builder *builder, const FvExpr *expr)
{
    fv_use_plugin(builder, builder->lets, FV_SCHEDULE, expr, NULL, &builder->graph->schedule);
}

/* Snapshots are kept at the ends of cycles: of more than one. */
static void check_snapshots(Builder *builder, gboolean has_schedule)
{
    const FvUse *use = &builder->graph->schedule;
    const FvSchedule *schedule = (const FvSchedule *) use->plugin;
    const FvLoc top = { g_intern_string(builder->graph->file), 1, 1 };
    const FvProgress last = { .step = G_MAXINT32 - 1, .steps = G_MAXINT32, .epoch_steps = 1 };
    if (!builder->graph->snapshots || (has_schedule && !schedule) ||
        (schedule && schedule->cycle && schedule->cycle(fv_state_self(use->state), &last)))
        return;
    fv_graph_report(builder, NULL, schedule ? use->loc : top, FV_ERROR_OPTION,
                    "train: snapshots: %s has no cycles at whose ends they would be kept; schedule = cosine(cycles=5) "
                    "has five",
                    schedule ? use->plugin->name : "a constant rate");
}

static void set_metric(Builder *builder, const FvExpr *expr)
{
    if (expr->type != FV_EXPR_LIST) {
        add_term(builder, builder->graph->metrics, FV_METRIC, expr, 1);
        return;
    }
    for (guint i = 0; i < expr->items->len; i++)
        add_term(builder, builder->graph->metrics, FV_METRIC, expr->items->pdata[i], 1);
}

/* Where no metric is given: accuracy of the first loss that knows classes, where there is such a plugin. */
static void usual_metric(Builder *builder)
{
    const FvTerm *loss = NULL;
    for (guint i = 0; i < builder->graph->losses->len && !loss; i++) {
        const FvTerm *term = builder->graph->losses->pdata[i];
        if (fv_term_classifies(term))
            loss = term;
    }
    if (!loss)
        return;
    g_autoptr(GError) error = NULL;
    const FvPlugin *plugin = fv_registry_find(builder->registry, FV_METRIC, "accuracy", &error);
    const FvOption *value = plugin ? option_of_type(plugin, FV_TYPE_VALUE) : NULL;
    const FvOption *target = plugin ? option_of_type(plugin, FV_TYPE_TARGET) : NULL;
    if (error && error->code != FV_ERROR_UNKNOWN)
        fv_graph_report_take(builder, NULL, loss->use.loc, NULL, g_steal_pointer(&error));
    if (!value || !target)
        return;
    const FvValue first = { .type = FV_VALUE_NUMBER, .number = 0 };
    const char *name = ((const FvLoss *) loss->use.plugin)->target == FV_TARGET_CLASS ? loss->target : "label";
    const FvValue same = { .type = FV_VALUE_WORD, .text = (char *) name };
    g_autoptr(FvState) state = fv_state_new(plugin);
    if (!fv_option_set(state, value, &first, NULL) || !fv_option_set(state, target, &same, NULL) ||
        !fv_state_complete(state, NULL))
        return;
    FvTerm *term = g_new0(FvTerm, 1);
    *term = (FvTerm){ { plugin, g_steal_pointer(&state), loss->use.loc }, 1, loss->value, g_strdup(name) };
    g_ptr_array_add(builder->graph->metrics, term);
}

void fv_build_settings(Builder *builder)
{
    static const char *const names[] = { "loss", "optimizer", "schedule", "metric", NULL };
    static void (*const set[])(Builder * builder, const FvExpr *expr) = { set_loss, set_optimizer, set_schedule,
                                                                          set_metric };
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < builder->tree->settings->len; i++) {
        const FvSetting *setting = builder->tree->settings->pdata[i];
        int k = 0;
        while (names[k] && !g_str_equal(names[k], setting->name))
            k++;
        if (!names[k]) {
            g_autofree char *hint = fv_graph_suggestion(fv_nearest(setting->name, names));
            fv_graph_report(builder, NULL, setting->loc, FV_ERROR_UNKNOWN, "no setting is called \"%s\"%s",
                            setting->name, hint);
        } else if (!fv_build_repeated(builder, seen, "setting", setting->name, &setting->loc)) {
            set[k](builder, setting->value);
        }
    }
    if (!g_hash_table_contains(seen, "metric"))
        usual_metric(builder);
    check_snapshots(builder, g_hash_table_contains(seen, "schedule"));
}
