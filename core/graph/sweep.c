/* SPDX-License-Identifier: MIT
 * sweep.c: the section sweep { }: lets that exist, values that can be drawn, a search and its options. */
#include "core/graph/graph_private.h"

#include <math.h>

static const char search_name[] = "search"; /* the one setting that is no let */

/* ---------------------------------------------------------------- searches */

#define TRIALS FV_OPT_INT(FvSearchOptions, trials, 24, 1, FV_MOST_TRIALS, "trainings in all")
#define EPOCHS \
    FV_OPT_INT(FvSearchOptions, epochs, 0, 0, 1000000, "epochs of the longest trials; 0: those of the pipeline")

static const FvOption grid_options[] = {
    FV_OPT_INT(FvSearchOptions, points, 5, 1, FV_MOST_TRIALS, "values of each range, its ends among them"),
    EPOCHS,
    { 0 },
};
static const FvOption random_options[] = { TRIALS, EPOCHS, { 0 } };
static const FvOption coarse_to_fine_options[] = {
    TRIALS,
    FV_OPT_INT(FvSearchOptions, rounds, 3, 1, 100, "rounds; each is narrowed round the best before it"),
    EPOCHS,
    FV_OPT_FLOAT(FvSearchOptions, narrow, 0.4, 0.01, 1, "width of a range, as a share of that of the round before"),
    FV_OPT_FLOAT(FvSearchOptions, longer, 2, 1, 100, "epochs of a round, as a multiple of those of the round before"),
    { 0 },
};
static const FvOption halving_options[] = {
    TRIALS,
    FV_OPT_FLOAT(FvSearchOptions, keep, 1.0 / 3, 0.01, 0.9, "share of the trials that goes on after a round"),
    EPOCHS,
    { 0 },
};

/* Plugins as far as options go: names, tables. */
static const FvPlugin searches[] = {
    [FV_SEARCH_GRID] = { .state_size = sizeof(FvSearchOptions), .name = "grid", .options = grid_options },
    [FV_SEARCH_RANDOM] = { .state_size = sizeof(FvSearchOptions), .name = "random", .options = random_options },
    [FV_SEARCH_COARSE_TO_FINE] = { .state_size = sizeof(FvSearchOptions),
                                   .name = "coarse_to_fine",
                                   .options = coarse_to_fine_options },
    [FV_SEARCH_HALVING] = { .state_size = sizeof(FvSearchOptions), .name = "halving", .options = halving_options },
};

const char *fv_search_name(FvSearchKind kind)
{
    return searches[kind].name;
}

static void unknown_search(Builder *builder, const FvExpr *expr)
{
    const char *names[G_N_ELEMENTS(searches) + 1] = { NULL };
    for (guint i = 0; i < G_N_ELEMENTS(searches); i++)
        names[i] = searches[i].name;
    const char *nearest = fv_nearest(expr->text, names);
    g_autofree char *all = g_strjoinv(", ", (char **) names);
    g_autofree char *hint = nearest ? fv_graph_suggestion(nearest) : g_strdup_printf("; there are %s", all);
    fv_graph_report(builder, NULL, expr->loc, FV_ERROR_UNKNOWN, "sweep: no search is called \"%s\"%s", expr->text,
                    hint);
}

static gboolean take_search(Builder *builder, FvSweep *sweep, FvSearchKind kind, const FvExpr *expr)
{
    fv_state_free(sweep->state);
    sweep->kind = kind;
    sweep->state = fv_state_new(&searches[kind]);
    sweep->options = fv_state_self(sweep->state);
    return !expr || fv_use_apply(builder, builder->lets, sweep->state, NULL, expr, NULL);
}

static void set_search(Builder *builder, FvSweep *sweep, const FvExpr *expr)
{
    if (expr->type != FV_EXPR_NAME && expr->type != FV_EXPR_CALL) {
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_SYNTAX, "sweep: expected the name of a search");
        return;
    }
    guint kind = 0;
    while (kind < G_N_ELEMENTS(searches) && !g_str_equal(searches[kind].name, expr->text))
        kind++;
    if (kind == G_N_ELEMENTS(searches)) {
        unknown_search(builder, expr);
        return;
    }
    if (take_search(builder, sweep, (FvSearchKind) kind, expr) && kind == FV_SEARCH_COARSE_TO_FINE &&
        sweep->options->rounds > sweep->options->trials)
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION,
                        "coarse_to_fine: rounds: each has a trial at least, %d trials cannot have %d",
                        sweep->options->trials, sweep->options->rounds);
    sweep->loc = expr->loc;
}

/* -------------------------------------------------------------- parameters */

static void parameter_free(gpointer data)
{
    FvSweepParameter *parameter = data;
    g_free(parameter->name);
    g_strfreev(parameter->choices);
    g_clear_pointer(&parameter->numbers, g_array_unref);
    g_free(parameter);
}

void fv_sweep_free(FvSweep *sweep)
{
    if (!sweep)
        return;
    g_ptr_array_unref(sweep->parameters);
    fv_state_free(sweep->state);
    g_free(sweep);
}

static char *numbers_text(const FvValue *value, const char *between)
{
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < value->count; i++)
        g_ptr_array_add(texts, fv_number_text(value->list[i]));
    g_ptr_array_add(texts, NULL);
    return g_strjoinv(between, (char **) texts->pdata);
}

/* A value as a let would have it; g_free() it. */
static char *let_text(const FvValue *value)
{
    const FvExpr string = { .type = FV_EXPR_STRING, .text = (char *) value->text };
    g_autofree char *numbers = numbers_text(value, value->type == FV_VALUE_RANGE ? ".." : ", ");
    switch (value->type) {
    case FV_VALUE_NUMBER:
        return fv_number_text(value->number);
    case FV_VALUE_BOOL:
        return g_strdup(value->number != 0 ? "true" : "false");
    case FV_VALUE_TEXT:
        return fv_expr_print(&string);
    case FV_VALUE_WORD:
        return value->count ? g_strdup_printf("%s(%s)", value->text, numbers) : g_strdup(value->text);
    case FV_VALUE_LIST:
        return g_strdup_printf("[%s]", numbers);
    case FV_VALUE_RANGE:
        return g_strdup(numbers);
    }
    return NULL;
}

static gboolean set_choices(Builder *builder, FvSweepParameter *parameter, const FvExpr *const *items, guint count,
                            const char *label)
{
    g_autoptr(GStrvBuilder) texts = g_strv_builder_new();
    gboolean sound = TRUE;
    parameter->values = FV_SWEEP_LIST;
    parameter->numbers = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < count; i++) {
        g_autoptr(Constant) value = fv_eval(builder, builder->lets, items[i], label);
        g_autofree char *text = value ? let_text(&value->value) : NULL;
        const double number = value && value->value.type == FV_VALUE_NUMBER ? value->value.number : NAN;
        if (!text) {
            sound = FALSE;
            continue;
        }
        g_strv_builder_add(texts, text);
        g_array_append_val(parameter->numbers, number);
    }
    parameter->choices = g_strv_builder_end(texts);
    return sound;
}

static gboolean is_whole(double number)
{
    return number == floor(number) && fabs(number) < 1e9;
}

static gboolean set_range(Builder *builder, FvSweepParameter *parameter, const FvExpr *expr, const FvValue *let,
                          const char *label)
{
    g_autoptr(Constant) value = fv_eval(builder, builder->lets, expr, label);
    if (!value)
        return FALSE;
    g_autofree char *got = fv_value_text(&value->value);
    if (value->value.type != FV_VALUE_RANGE || !(value->value.list[0] < value->value.list[1])) {
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION,
                        "%s: expected a range lo..hi, the first number below the second, found %s", label, got);
        return FALSE;
    }
    parameter->lo = value->value.list[0];
    parameter->hi = value->value.list[1];
    if (let->type != FV_VALUE_NUMBER) {
        g_autofree char *is = fv_value_text(let);
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION,
                        "%s: a number cannot take the place of %s: a list can hold other values", label, is);
        return FALSE;
    }
    parameter->whole = is_whole(parameter->lo) && is_whole(parameter->hi) && is_whole(let->number);
    if (parameter->values != FV_SWEEP_LOG || parameter->lo > 0)
        return TRUE;
    fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION, "%s: a logarithmic range begins above 0, found %s",
                    label, got);
    return FALSE;
}

/* The range of `log lo..hi`, or NULL where the expression is something else. */
static const FvExpr *log_range(const FvExpr *expr)
{
    if (expr->type != FV_EXPR_CALL || !g_str_equal(expr->text, "log") || expr->args->len != 1)
        return NULL;
    const FvArgument *argument = expr->args->pdata[0];
    return argument->name ? NULL : argument->value;
}

static gboolean set_values(Builder *builder, FvSweepParameter *parameter, const FvExpr *expr, const FvValue *let)
{
    g_autofree char *label = g_strdup_printf("sweep: %s", parameter->name);
    const FvExpr *logarithmic = log_range(expr);
    parameter->values = logarithmic ? FV_SWEEP_LOG : FV_SWEEP_UNIFORM;
    if (logarithmic || expr->type == FV_EXPR_RANGE)
        return set_range(builder, parameter, logarithmic ? logarithmic : expr, let, label);
    if (expr->type != FV_EXPR_LIST)
        return set_choices(builder, parameter, &expr, 1, label);
    if (expr->items->len > 0 && expr->items->len <= FV_MOST_TRIALS)
        return set_choices(builder, parameter, (const FvExpr *const *) expr->items->pdata, expr->items->len, label);
    fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION, "%s: expected from 1 to %d values, found %u", label,
                    FV_MOST_TRIALS, expr->items->len);
    return FALSE;
}

static void unknown_let(Builder *builder, const FvSetting *setting)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    fv_scope_names(builder->lets, FALSE, names);
    g_ptr_array_add(names, (char *) search_name);
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = fv_graph_suggestion(fv_nearest(setting->name, (const char *const *) names->pdata));
    fv_graph_report(builder, NULL, setting->loc, FV_ERROR_UNKNOWN, "sweep: the pipeline has no let \"%s\"%s",
                    setting->name, hint);
}

static void add_parameter(Builder *builder, FvSweep *sweep, const FvSetting *setting)
{
    const Binding *let = fv_scope_find(builder->lets, setting->name);
    if (!let) {
        unknown_let(builder, setting);
        return;
    }
    FvSweepParameter *parameter = g_new0(FvSweepParameter, 1);
    parameter->name = g_strdup(setting->name);
    parameter->loc = setting->loc;
    if (!let->value->lost && set_values(builder, parameter, setting->value, &let->value->value))
        g_ptr_array_add(sweep->parameters, parameter);
    else
        parameter_free(parameter);
}

/* ----------------------------------------------------------------- section */

/* Trials of a grid; more than FV_MOST_TRIALS for any number that is too large. */
static int grid_size(const FvSweep *sweep)
{
    double size = 1;
    for (guint i = 0; i < sweep->parameters->len; i++) {
        const FvSweepParameter *parameter = sweep->parameters->pdata[i];
        size *= parameter->choices ? g_strv_length(parameter->choices)
                : parameter->whole ? MIN(sweep->options->points, parameter->hi - parameter->lo + 1)
                                   : sweep->options->points;
    }
    return (int) MIN(size, FV_MOST_TRIALS + 1.0);
}

void fv_build_sweep(Builder *builder, const FvSection *section)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const int errors = fv_diag_count(builder->diag);
    FvSweep *sweep = builder->graph->sweep = g_new0(FvSweep, 1);
    sweep->parameters = g_ptr_array_new_with_free_func(parameter_free);
    sweep->loc = section->loc;
    take_search(builder, sweep, FV_SEARCH_RANDOM, NULL);
    for (guint i = 0; i < section->settings->len; i++) {
        const FvSetting *setting = section->settings->pdata[i];
        if (fv_build_repeated(builder, seen, "setting", setting->name, &setting->loc))
            continue;
        if (g_str_equal(setting->name, search_name))
            set_search(builder, sweep, setting->value);
        else
            add_parameter(builder, sweep, setting);
    }
    if (fv_diag_count(builder->diag) != errors)
        return;
    if (sweep->parameters->len == 0)
        fv_graph_report(builder, NULL, section->loc, FV_ERROR_OPTION,
                        "sweep: nothing is drawn: the name of a let = a range or a list");
    else if (sweep->kind == FV_SEARCH_GRID && grid_size(sweep) > FV_MOST_TRIALS)
        fv_graph_report(builder, NULL, sweep->loc, FV_ERROR_OPTION, "grid: more than %d trials", FV_MOST_TRIALS);
}
