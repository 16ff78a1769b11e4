/* SPDX-License-Identifier: MIT
 * block.c: blocks and repetitions: their scopes, parameters and paths. */
#include "core/graph/graph_private.h"

#include <string.h>

enum { MOST_ROUNDS = 100000 };

/* ------------------------------------------------------------------- heads */

static void check_parameters(Builder *builder, const FvBlock *block)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < block->parameters->len; i++) {
        const FvArgument *parameter = block->parameters->pdata[i];
        if (g_str_equal(parameter->name, "in") || g_str_equal(parameter->name, "out") ||
            g_str_equal(parameter->name, "name"))
            fv_graph_report(builder, NULL, parameter->loc, FV_ERROR_SYNTAX, "%s: a parameter cannot be called \"%s\"",
                            block->name, parameter->name);
        fv_build_repeated(builder, seen, "parameter", parameter->name, &parameter->loc);
    }
}

void fv_build_blocks(Builder *builder)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < builder->tree->blocks->len; i++) {
        FvBlock *block = builder->tree->blocks->pdata[i];
        check_parameters(builder, block);
        if (block->chains->len == 0)
            fv_graph_report(builder, NULL, block->loc, FV_ERROR_SYNTAX, "block %s is empty", block->name);
        if (!fv_build_repeated(builder, seen, "block", block->name, &block->loc))
            g_hash_table_insert(builder->blocks, block->name, block);
    }
}

/* ------------------------------------------------------------------- paths */

Place *fv_place_new(char *prefix)
{
    Place *place = g_new0(Place, 1);
    place->prefix = prefix;
    place->counts = g_hash_table_new(g_str_hash, g_str_equal);
    return place;
}

void fv_place_free(Place *place)
{
    if (!place)
        return;
    g_hash_table_unref(place->counts);
    g_free(place->prefix);
    g_free(place);
}

/* One with a name of its own counts too, so that naming it does not rename the others. */
char *fv_place_path(Builder *builder, Scope *scope, const char *kind, const char *name, FvLoc loc)
{
    Place *place = scope->place;
    const int number = GPOINTER_TO_INT(g_hash_table_lookup(place->counts, kind)) + 1;
    g_hash_table_insert(place->counts, (char *) kind, GINT_TO_POINTER(number));
    if (strlen(place->prefix) + strlen(name ? name : kind) > LONGEST_PATH) {
        fv_graph_report(builder, scope->frame, loc, FV_ERROR_OPTION, "a path of more than %d bytes", LONGEST_PATH);
        return NULL;
    }
    return name ? g_strconcat(place->prefix, name, NULL) : g_strdup_printf("%s%s%d", place->prefix, kind, number);
}

/* --------------------------------------------------------------- arguments */

/* Binds a parameter to a constant, or to a value of the net where @expr is the name of one. */
static gboolean bind_parameter(Builder *builder, Scope *from, Scope *inner, const FvBlock *block,
                               const FvArgument *parameter, const FvExpr *expr)
{
    g_autofree char *label = g_strdup_printf("%s: %s", block->name, parameter->name);
    const gboolean word = expr->type == FV_EXPR_NAME;
    const Binding *binding = word ? fv_scope_find(from, expr->text) : NULL;
    if (word && (g_str_equal(expr->text, "in") || (binding && !binding->value))) {
        g_autoptr(Values) values = fv_values_new();
        if (!fv_use_values(builder, from, expr, label, values))
            return FALSE;
        if (values->len == 1)
            return fv_scope_bind(builder, inner, parameter->name, parameter->loc, NULL, g_array_index(values, int, 0));
        fv_graph_report(builder, from->frame, expr->loc, FV_ERROR_SHAPE, "%s: expected one value, \"in\" is %u", label,
                        values->len);
        return FALSE;
    }
    if (word && !binding && !fv_init_parse(expr->text, NULL) && fv_scope_later(from, expr->text)) {
        fv_scope_unknown(builder, from, expr->text, expr->loc, TRUE);
        return FALSE;
    }
    Constant *value = fv_eval(builder, from, expr, label);
    return value && fv_scope_bind(builder, inner, parameter->name, parameter->loc, value, LOST);
}

static int parameter_index(const FvBlock *block, const char *name)
{
    for (guint i = 0; i < block->parameters->len; i++) {
        if (g_str_equal(((FvArgument *) block->parameters->pdata[i])->name, name))
            return (int) i;
    }
    return -1;
}

static void unknown_parameter(Builder *builder, Scope *scope, const FvBlock *block, const FvArgument *argument)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (guint i = 0; i < block->parameters->len; i++)
        g_ptr_array_add(names, ((FvArgument *) block->parameters->pdata[i])->name);
    for (const FvOption *option = fv_common(FV_LAYER)->options; option->name; option++)
        g_ptr_array_add(names, (gpointer) option->name);
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = fv_graph_suggestion(fv_nearest(argument->name, (const char *const *) names->pdata));
    fv_graph_report(builder, scope->frame, argument->loc, FV_ERROR_UNKNOWN, "%s: no parameter \"%s\"%s", block->name,
                    argument->name, hint);
}

/* Sorts the arguments of a use by parameter into @given; FALSE where an error was reported. A parameter stands before
 * what all blocks have. */
static gboolean sort_arguments(Builder *builder, Scope *scope, const FvBlock *block, const FvExpr *use,
                               const FvExpr **given, FvState *common)
{
    const int count = (int) block->parameters->len;
    gboolean sound = TRUE;
    int position = 0;
    for (guint i = 0; use->args && i < use->args->len; i++) {
        const FvArgument *argument = use->args->pdata[i];
        const int index = argument->name ? parameter_index(block, argument->name) : position++;
        const FvOption *option = index < 0 ? fv_option_find(fv_state_plugin(common), argument->name, NULL) : NULL;
        if (option) {
            sound = fv_use_common(builder, scope, block->name, common, option, argument->value) && sound;
            continue;
        }
        if (index < 0) {
            unknown_parameter(builder, scope, block, argument);
        } else if (index >= count) {
            g_autofree char *most = fv_graph_most(count, "parameter");
            fv_graph_report(builder, scope->frame, argument->loc, FV_ERROR_OPTION, "%s: too many arguments: %s",
                            block->name, most);
        } else if (given[index]) {
            const FvArgument *parameter = block->parameters->pdata[index];
            fv_graph_report(builder, scope->frame, argument->loc, FV_ERROR_OPTION, "%s: %s: given twice", block->name,
                            parameter->name);
        } else {
            given[index] = argument->value;
            continue;
        }
        sound = FALSE;
    }
    return sound;
}

static gboolean bind_parameters(Builder *builder, Scope *scope, Scope *inner, const FvBlock *block, const FvExpr *use,
                                FvState *common)
{
    g_autofree const FvExpr **given = g_new0(const FvExpr *, block->parameters->len + 1);
    gboolean sound = sort_arguments(builder, scope, block, use, given, common);
    for (guint i = 0; i < block->parameters->len; i++) {
        const FvArgument *parameter = block->parameters->pdata[i];
        if (given[i]) {
            sound = bind_parameter(builder, scope, inner, block, parameter, given[i]) && sound;
        } else if (parameter->value) {
            /* A default may build on parameters before it: without them it would only repeat their errors. */
            sound = sound && bind_parameter(builder, inner, inner, block, parameter, parameter->value);
        } else {
            if (sound)
                fv_graph_report(builder, scope->frame, use->loc, FV_ERROR_OPTION, "%s: %s: missing", block->name,
                                parameter->name);
            sound = FALSE;
        }
    }
    return sound;
}

/* ------------------------------------------------------------------ bodies */

static gboolean can_enter(Builder *builder, Scope *scope, const FvBlock *block, FvLoc loc)
{
    int depth = 0;
    for (const Frame *frame = scope->frame; frame; frame = frame->up, depth++) {
        if (frame->block != block)
            continue;
        fv_graph_report(builder, scope->frame, loc, FV_ERROR_SYNTAX, "block %s uses itself", block->name);
        return FALSE;
    }
    if (depth < MOST_BLOCK_DEPTH)
        return TRUE;
    fv_graph_report(builder, scope->frame, loc, FV_ERROR_SYNTAX, "blocks within blocks, deeper than %d",
                    MOST_BLOCK_DEPTH);
    builder->stopped = TRUE;
    return FALSE;
}

/* "(in residual, used at 14:8; in stage, used at 20:3)", the innermost first. */
static char *trace_of(const FvBlock *block, FvLoc used_at, const Frame *up)
{
    g_autofree char *place = fv_graph_place(used_at, block->loc.file);
    g_autofree char *trace =
        g_strdup_printf("(in %s, used at %s%s%s", block->name, place, up ? "; " : ")", up ? up->trace + 1 : "");
    return g_ref_string_new(trace);
}

Values *fv_expand_block(Builder *builder, Scope *scope, const FvBlock *block, const FvExpr *use, const Values *in,
                        gboolean implicit, gboolean *used)
{
    *used = TRUE;
    if (!can_enter(builder, scope, block, use->loc))
        return fv_values_of(LOST);
    g_autoptr(Values) nothing = fv_values_new();
    g_autoptr(FvState) common = fv_state_new(fv_common(FV_LAYER));
    const FvLayerCommon *given = fv_state_self(common);
    Frame frame = { scope->frame, block, trace_of(block, use->loc, scope->frame), 1 };
    g_autoptr(Scope) inner = fv_scope_new(builder->lets);
    g_autoptr(Place) place = NULL;
    Values *out = NULL;
    const int errors = fv_diag_count(builder->diag);
    inner->frame = &frame;
    inner->chains = block->chains;
    inner->in = in ? in : nothing;
    if (bind_parameters(builder, scope, inner, block, use, common)) {
        g_autofree char *path = fv_place_path(builder, scope, block->name, given->name, use->loc);
        frame.rate = (scope->frame ? scope->frame->rate : 1) * (double) given->rate;
        if (path) {
            inner->place = place = fv_place_new(g_strconcat(path, ".", NULL));
            out = fv_expand_chains(builder, inner, block->chains, inner->in);
        }
    }
    *used = inner->in_used;
    if (!implicit && inner->in->len && !inner->in_used && fv_diag_count(builder->diag) == errors)
        fv_graph_report(builder, scope->frame, use->loc, FV_ERROR_SHAPE, "%s: takes no input, has %u", block->name,
                        inner->in->len);
    g_ref_string_release(frame.trace);
    return out ? out : fv_values_of(LOST);
}

Values *fv_expand_repeat(Builder *builder, Scope *scope, const FvStage *stage, const Values *in)
{
    const int errors = fv_diag_count(builder->diag);
    int count = 0;
    if (stage->chains->len == 0)
        fv_graph_report(builder, scope->frame, stage->loc, FV_ERROR_SYNTAX, "repeat: there is nothing in it");
    if (!fv_eval_whole(builder, scope, stage->count, "repeat", 0, MOST_ROUNDS, &count) ||
        fv_diag_count(builder->diag) != errors)
        return fv_values_of(LOST);

    Values *values = fv_values_new();
    fv_values_append(values, in);
    for (int i = 0; i < count; i++) {
        g_autoptr(Scope) round = fv_scope_new(scope);
        round->chains = stage->chains;
        round->in = values;
        if (stage->variable)
            fv_scope_bind(builder, round, stage->variable, stage->loc, fv_constant_number(i), LOST);
        Values *next = fv_expand_step(builder, scope->frame, stage->loc)
                           ? fv_expand_chains(builder, round, stage->chains, values)
                           : fv_values_of(LOST);
        if (values->len && !round->in_used && !fv_values_lost(next) && fv_diag_count(builder->diag) == errors)
            fv_graph_report(builder, scope->frame, stage->loc, FV_ERROR_SHAPE, "repeat: takes no input, has %u",
                            values->len);
        g_array_unref(values);
        values = next;
        /* The other rounds would only say the same again. */
        if (fv_diag_count(builder->diag) != errors || builder->stopped) {
            g_array_unref(values);
            return fv_values_of(LOST);
        }
    }
    return values;
}
