/* SPDX-License-Identifier: MIT
 * expand.c: chains of layers, values and branches into nodes. */
#include "core/graph/graph_private.h"

#include <string.h>

/* ------------------------------------------------------------------ values */

Values *fv_values_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(int));
}

Values *fv_values_of(int node)
{
    Values *values = fv_values_new();
    g_array_append_val(values, node);
    return values;
}

void fv_values_append(Values *values, const Values *more)
{
    if (more && more->len)
        g_array_append_vals(values, more->data, more->len);
}

static int value_at(const Values *values, guint i)
{
    return g_array_index(values, int, i);
}

gboolean fv_values_lost(const Values *values)
{
    for (guint i = 0; i < values->len; i++) {
        if (value_at(values, i) == LOST)
            return TRUE;
    }
    return FALSE;
}

gboolean fv_expand_step(Builder *builder, const Frame *frame, FvLoc loc)
{
    if (builder->stopped)
        return FALSE;
    if (++builder->steps <= MOST_STEPS)
        return TRUE;
    fv_graph_report(builder, frame, loc, FV_ERROR_OPTION, "the pipeline has more than %d steps when written out",
                    MOST_STEPS);
    builder->stopped = TRUE;
    return FALSE;
}

/* ------------------------------------------------------------------ layers */

/* The least and most inputs of a layer. */
static void input_bounds(const FvLayer *layer, int *min, int *max)
{
    *min = MAX(layer->min_inputs, 0);
    *max = MAX(layer->max_inputs, 0);
    if (layer->min_inputs == 0 && layer->max_inputs == 0)
        *min = *max = 1;
}

static gboolean inputs_fit(Builder *builder, Scope *scope, const FvLayer *layer, const Values *inputs, FvLoc loc)
{
    int min, max;
    input_bounds(layer, &min, &max);
    if ((int) inputs->len >= min && (int) inputs->len <= max)
        return TRUE;
    g_autofree char *takes = max == 0               ? g_strdup("no input")
                             : min == 1 && max == 1 ? g_strdup("one input")
                             : min == max           ? g_strdup_printf("%d inputs", min)
                             : max >= FV_ANY_INPUTS ? g_strdup_printf("%d or more inputs", min)
                                                    : g_strdup_printf("%d to %d inputs", min, max);
    g_autofree char *has = inputs->len ? g_strdup_printf("%u", inputs->len) : g_strdup("none");
    fv_graph_report(builder, scope->frame, loc, FV_ERROR_SHAPE, "%s: takes %s, has %s", layer->base.name, takes, has);
    return FALSE;
}

static gboolean path_free(Builder *builder, Scope *scope, const char *path, FvLoc loc)
{
    const FvLoc *other = g_hash_table_lookup(builder->paths, path);
    if (!other)
        return TRUE;
    g_autofree char *place = fv_graph_place(*other, loc.file);
    fv_graph_report(builder, scope->frame, loc, FV_ERROR_OPTION, "the path \"%s\" is already that of the layer at %s",
                    path, place);
    return FALSE;
}

static Values *add_node(Builder *builder, Scope *scope, const FvLayer *layer, FvState *state, const Values *inputs,
                        char *path, double rate, FvLoc loc)
{
    FvGraphNode *node = g_new0(FvGraphNode, 1);
    node->layer = layer;
    node->state = state;
    node->input_count = (int) inputs->len;
    node->inputs = g_memdup2(inputs->data, inputs->len * sizeof(int));
    node->path = path;
    node->rate = (scope->frame ? scope->frame->rate : 1) * rate;
    node->loc = loc;
    node->trace = scope->frame ? g_ref_string_acquire(scope->frame->trace) : NULL;
    g_ptr_array_add(builder->graph->nodes, node);
    g_hash_table_insert(builder->paths, node->path, &node->loc);
    return fv_values_of((int) builder->graph->nodes->len - 1);
}

/* Reports a name that is neither layer nor block, nor a value where a chain begins. */
static void unknown_use(Builder *builder, Scope *scope, const FvExpr *use, gboolean first, GError *error)
{
    g_autoptr(GError) owned = error;
    const Binding *binding = fv_scope_find(scope, use->text);
    if (!first && use->type == FV_EXPR_NAME && binding && !binding->value) {
        fv_graph_report(builder, scope->frame, use->loc, FV_ERROR_UNKNOWN,
                        "\"%s\" is a value: it can only begin a chain", use->text);
        return;
    }
    if (first && use->type == FV_EXPR_NAME && fv_scope_later(scope, use->text)) {
        fv_scope_unknown(builder, scope, use->text, use->loc, TRUE);
        return;
    }
    g_auto(GStrv) layers = fv_registry_names(builder->registry, FV_LAYER);
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (char **layer = layers; *layer; layer++)
        g_ptr_array_add(names, *layer);
    const guint layer_count = names->len;
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, builder->blocks);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(names, key);
    if (first && use->type == FV_EXPR_NAME)
        fv_scope_names(scope, TRUE, names);
    const guint count = names->len;
    g_ptr_array_add(names, NULL);
    const char *nearest = fv_nearest(use->text, (const char *const *) names->pdata);
    for (guint i = layer_count; i < count && nearest; i++) {
        if (names->pdata[i] != nearest)
            continue;
        g_autofree char *hint = fv_graph_suggestion(nearest);
        fv_graph_report(builder, scope->frame, use->loc, FV_ERROR_UNKNOWN,
                        "no layer, block or value is called \"%s\"%s", use->text, hint);
        return;
    }
    fv_graph_report_take(builder, scope->frame, use->loc, NULL, g_steal_pointer(&owned));
}

static Values *expand_layer(Builder *builder, Scope *scope, const FvExpr *use, const Values *in, gboolean first,
                            gboolean implicit, gboolean *used)
{
    GError *error = NULL;
    const FvPlugin *plugin = fv_registry_find(builder->registry, FV_LAYER, use->text, &error);
    if (!plugin) {
        if (error->code == FV_ERROR_UNKNOWN)
            unknown_use(builder, scope, use, first, error);
        else
            fv_graph_report_take(builder, scope->frame, use->loc, NULL, error);
        *used = TRUE;
        return fv_values_of(LOST);
    }
    const FvLayer *layer = (const FvLayer *) plugin;
    g_autoptr(Values) inputs = fv_values_new();
    if (!implicit || (layer->max_inputs != FV_NO_INPUTS && !fv_use_names_values(plugin, use))) {
        fv_values_append(inputs, in);
        *used = TRUE;
    }
    g_autoptr(FvState) state = fv_state_new(plugin);
    g_autoptr(FvState) common = fv_state_new(fv_common(FV_LAYER));
    const FvLayerCommon *given = fv_state_self(common);
    const gboolean sound = fv_use_apply(builder, scope, state, common, use, inputs);
    if (!sound || fv_values_lost(inputs) || !inputs_fit(builder, scope, layer, inputs, use->loc))
        return fv_values_of(LOST);
    g_autofree char *path = fv_place_path(builder, scope, plugin->name, given->name, use->loc);
    if (!path || !path_free(builder, scope, path, use->loc))
        return fv_values_of(LOST);
    if (builder->graph->nodes->len >= MOST_NODES) {
        fv_graph_report(builder, scope->frame, use->loc, FV_ERROR_OPTION, "the net has more than %d layers",
                        MOST_NODES);
        builder->stopped = TRUE;
        return fv_values_of(LOST);
    }
    return add_node(builder, scope, layer, g_steal_pointer(&state), inputs, g_steal_pointer(&path),
                    (double) given->rate, use->loc);
}

/* ------------------------------------------------------------------ stages */

static gboolean is_value(const Scope *scope, const FvExpr *use)
{
    if (use->type != FV_EXPR_NAME)
        return FALSE;
    const Binding *binding = fv_scope_find(scope, use->text);
    return g_str_equal(use->text, "in") || (binding && !binding->value);
}

static Values *expand_use(Builder *builder, Scope *scope, const FvExpr *use, const Values *in, gboolean first,
                          gboolean implicit, gboolean *used)
{
    if (first && is_value(scope, use)) {
        Values *values = fv_values_new();
        if (fv_use_values(builder, scope, use, use->text, values))
            return values;
        g_array_unref(values);
        return fv_values_of(LOST);
    }
    if (g_str_equal(use->text, "in")) {
        fv_graph_report(builder, scope->frame, use->loc, FV_ERROR_SYNTAX, "\"in\" can only begin a chain");
        return fv_values_of(LOST);
    }
    const FvBlock *block = g_hash_table_lookup(builder->blocks, use->text);
    if (block)
        return fv_expand_block(builder, scope, block, use, in, implicit, used);
    return expand_layer(builder, scope, use, in, first, implicit, used);
}

static Values *expand_chain(Builder *builder, Scope *scope, const FvChain *chain, const Values *in, gboolean implicit);

static Values *expand_branch(Builder *builder, Scope *scope, const FvStage *stage, const Values *in)
{
    Values *all = fv_values_new();
    for (guint i = 0; i < stage->chains->len; i++) {
        g_autoptr(Values) one = expand_chain(builder, scope, stage->chains->pdata[i], in, FALSE);
        fv_values_append(all, one);
        if (all->len > MOST_VALUES) {
            fv_graph_report(builder, scope->frame, stage->loc, FV_ERROR_SHAPE, "more than %d values side by side",
                            MOST_VALUES);
            builder->stopped = TRUE;
            g_array_unref(all);
            return fv_values_of(LOST);
        }
    }
    return all;
}

static void bind_as(Builder *builder, Scope *scope, const FvStage *stage, const Values *values)
{
    int node = values->len ? value_at(values, 0) : LOST;
    if (values->len != 1) {
        fv_graph_report(builder, scope->frame, stage->as_loc, FV_ERROR_SHAPE,
                        "as %s: a name stands for one value, here %s %u", stage->as, values->len ? "are" : "is",
                        values->len);
        node = LOST;
    }
    if (!fv_scope_bind(builder, scope, stage->as, stage->as_loc, NULL, node) || node == LOST)
        return;
    FvGraphNode *named = builder->graph->nodes->pdata[node];
    const gboolean end_of_block = scope->in && g_str_equal(stage->as, "out");
    if (!named->name && !end_of_block)
        named->name = g_strdup(stage->as);
    if (scope == builder->net)
        g_hash_table_insert(builder->graph->values, g_strdup(stage->as), GINT_TO_POINTER(node + 1));
}

/* @first: it begins a chain. @implicit: the pipeline does not say that @in comes in. */
static Values *expand_stage(Builder *builder, Scope *scope, const FvStage *stage, const Values *in, gboolean first,
                            gboolean implicit)
{
    gboolean used = FALSE;
    Values *values;
    switch (stage->type) {
    case FV_STAGE_BRANCH:
        values = expand_branch(builder, scope, stage, in);
        used = TRUE;
        break;
    case FV_STAGE_REPEAT:
        values = fv_expand_repeat(builder, scope, stage, in);
        used = TRUE;
        break;
    default:
        values = expand_use(builder, scope, stage->use, in, first, implicit, &used);
    }
    if (implicit && used)
        scope->in_used = TRUE;
    if (stage->as)
        bind_as(builder, scope, stage, values);
    return values;
}

static Values *expand_chain(Builder *builder, Scope *scope, const FvChain *chain, const Values *in, gboolean implicit)
{
    g_autoptr(Values) values = fv_values_new();
    fv_values_append(values, in);
    for (guint i = 0; i < chain->stages->len; i++) {
        const FvStage *stage = chain->stages->pdata[i];
        if (!fv_expand_step(builder, scope->frame, stage->loc))
            return fv_values_of(LOST);
        Values *next = expand_stage(builder, scope, stage, values, i == 0, implicit && i == 0);
        g_array_unref(values);
        values = next;
    }
    return g_steal_pointer(&values);
}

/* Whether a chain begins with a value, so that nothing else comes in. */
static gboolean begins_with_value(const Scope *scope, const FvChain *chain)
{
    const FvStage *stage = chain->stages->len ? chain->stages->pdata[0] : NULL;
    return stage && stage->type == FV_STAGE_USE && is_value(scope, stage->use);
}

Values *fv_expand_chains(Builder *builder, Scope *scope, const GPtrArray *chains, const Values *in)
{
    Values *last = fv_values_new();
    const gboolean implicit = in && in->len && chains->len == 1 && !begins_with_value(scope, chains->pdata[0]);
    for (guint i = 0; i < chains->len && !builder->stopped; i++) {
        g_array_unref(last);
        last = expand_chain(builder, scope, chains->pdata[i], implicit ? in : NULL, implicit);
    }
    const Binding *out = scope->in ? g_hash_table_lookup(scope->names, "out") : NULL;
    if (out && !out->value) {
        g_array_unref(last);
        last = fv_values_of(out->node);
    }
    return last;
}
