/* SPDX-License-Identifier: MIT
 * arguments.c: the arguments of a use, in brackets, into a plugin's options and inputs. */
#include "core/graph/graph_private.h"

#include <string.h>

/* The scope whose `in` is meant here. */
static Scope *scope_of_in(Scope *scope)
{
    while (scope && !scope->in)
        scope = scope->up;
    return scope;
}

static gboolean few_enough(Builder *builder, Scope *scope, FvLoc loc, const Values *nodes)
{
    if (nodes->len <= MOST_VALUES)
        return TRUE;
    fv_graph_report(builder, scope->frame, loc, FV_ERROR_SHAPE, "more than %d values side by side", MOST_VALUES);
    builder->stopped = TRUE;
    return FALSE;
}

static gboolean name_in(Builder *builder, Scope *scope, FvLoc loc, Values *nodes)
{
    Scope *inner = scope_of_in(scope);
    if (!inner) {
        fv_graph_report(builder, scope->frame, loc, FV_ERROR_UNKNOWN,
                        "\"in\" has a meaning only in a block or a repetition");
        return FALSE;
    }
    inner->in_used = TRUE;
    if (inner->in->len == 0) {
        fv_graph_report(builder, scope->frame, loc, FV_ERROR_SHAPE, "\"in\": nothing comes in here");
        return FALSE;
    }
    g_array_append_vals(nodes, inner->in->data, inner->in->len);
    return few_enough(builder, scope, loc, nodes);
}

gboolean fv_use_values(Builder *builder, Scope *scope, const FvExpr *expr, const char *label, Values *nodes)
{
    if (expr->type != FV_EXPR_NAME) {
        fv_graph_report(builder, scope->frame, expr->loc, FV_ERROR_OPTION, "%s: expected the name of a value", label);
        return FALSE;
    }
    if (g_str_equal(expr->text, "in"))
        return name_in(builder, scope, expr->loc, nodes);
    const Binding *binding = fv_scope_find(scope, expr->text);
    if (!binding) {
        fv_scope_unknown(builder, scope, expr->text, expr->loc, TRUE);
        return FALSE;
    }
    if (binding->value) {
        g_autofree char *got = fv_value_text(&binding->value->value);
        fv_graph_report(builder, scope->frame, expr->loc, FV_ERROR_OPTION,
                        "%s: expected the name of a value, \"%s\" is %s", label, expr->text, got);
        return FALSE;
    }
    g_array_append_val(nodes, binding->node);
    return few_enough(builder, scope, expr->loc, nodes);
}

/* Words that an option takes as they are stand before constants of the same name. */
static gboolean stays_word(const Scope *scope, const FvOption *option, const FvExpr *expr)
{
    if (expr->type != FV_EXPR_NAME)
        return FALSE;
    if (option->type == FV_TYPE_TARGET)
        return TRUE;
    if (option->type == FV_TYPE_CHOICE && g_strv_contains(option->choices, expr->text))
        return TRUE;
    if (option->type == FV_TYPE_INIT && fv_init_parse(expr->text, NULL))
        return TRUE;
    return (option->type == FV_TYPE_CHOICE || option->type == FV_TYPE_INIT) && !fv_scope_find(scope, expr->text);
}

/* @name: of the plugin, for messages. */
static gboolean apply_constant(Builder *builder, Scope *scope, const char *name, FvState *state, const FvOption *option,
                               const FvExpr *expr)
{
    g_autofree char *label = g_strdup_printf("%s: %s", name, option->name);
    g_autoptr(GError) error = NULL;
    const FvValue word = { .type = FV_VALUE_WORD, .text = expr->text };
    if (stays_word(scope, option, expr)) {
        if (fv_option_set(state, option, &word, &error))
            return TRUE;
    } else {
        g_autoptr(Constant) value = fv_eval(builder, scope, expr, label);
        if (!value)
            return FALSE;
        if (fv_option_set(state, option, &value->value, &error))
            return TRUE;
    }
    fv_graph_report_take(builder, scope->frame, expr->loc, name, g_steal_pointer(&error));
    return FALSE;
}

static gboolean is_value_option(const FvOption *option)
{
    return option->type == FV_TYPE_VALUE || option->type == FV_TYPE_VALUES;
}

static gboolean apply_values(Builder *builder, Scope *scope, FvState *state, const FvOption *option, const FvExpr *expr,
                             Values *inputs)
{
    const char *name = fv_state_plugin(state)->name;
    g_autofree char *label = g_strdup_printf("%s: %s", name, option->name);
    g_autoptr(GError) error = NULL;
    const guint first = inputs->len;
    if (!fv_use_values(builder, scope, expr, label, inputs))
        return FALSE;
    if (option->type == FV_TYPE_VALUE && inputs->len != first + 1) {
        fv_graph_report(builder, scope->frame, expr->loc, FV_ERROR_SHAPE, "%s: expected one value, \"%s\" is %u", label,
                        expr->text, inputs->len - first);
        return FALSE;
    }
    const FvValue value = { .type = FV_VALUE_NUMBER, .number = first };
    if (fv_option_set(state, option, &value, &error))
        return TRUE;
    fv_graph_report_take(builder, scope->frame, expr->loc, name, g_steal_pointer(&error));
    return FALSE;
}

/* A name of its own becomes part of the names of its parameters. */
static gboolean apply_name(Builder *builder, Scope *scope, const char *plugin, FvState *state, const FvOption *option,
                           const FvExpr *expr)
{
    g_autofree char *label = g_strdup_printf("%s: name", plugin);
    g_autoptr(GError) error = NULL;
    g_autoptr(Constant) value = fv_eval(builder, scope, expr, label);
    if (!value)
        return FALSE;
    const char *text = value->value.type == FV_VALUE_TEXT ? value->text : "";
    const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    const char *fault = !*text                        ? "expected a \"string\" that is not empty"
                        : text[strspn(text, allowed)] ? "only letters, digits, '_', '.' and '-' can be in it"
                        : strlen(text) > LONGEST_PATH ? "too long"
                                                      : NULL;
    if (fault) {
        fv_graph_report(builder, scope->frame, expr->loc, FV_ERROR_OPTION, "%s: %s", label, fault);
        return FALSE;
    }
    if (fv_option_set(state, option, &value->value, &error))
        return TRUE;
    fv_graph_report_take(builder, scope->frame, expr->loc, plugin, g_steal_pointer(&error));
    return FALSE;
}

gboolean fv_use_common(Builder *builder, Scope *scope, const char *plugin, FvState *common, const FvOption *option,
                       const FvExpr *expr)
{
    return option->type == FV_TYPE_STRING ? apply_name(builder, scope, plugin, common, option, expr)
                                          : apply_constant(builder, scope, plugin, common, option, expr);
}

/* The option that an argument is for, and whose it is; NULL where an error was reported. @position counts those without
 * a name. */
static const FvOption *option_of(Builder *builder, Scope *scope, const FvPlugin *plugin, const FvPlugin *common,
                                 const FvArgument *argument, int *position, const FvPlugin **of)
{
    g_autoptr(GError) error = NULL;
    *of = plugin;
    if (argument->name) {
        const FvOption *option = fv_option_find_either(plugin, common, argument->name, of, &error);
        if (!option)
            fv_graph_report_take(builder, scope->frame, argument->loc, plugin->name, g_steal_pointer(&error));
        return option;
    }
    const FvOption *option = fv_option_at(plugin, (*position)++);
    if (!option) {
        g_autofree char *most = fv_graph_most(fv_option_count(plugin), "option");
        fv_graph_report(builder, scope->frame, argument->loc, FV_ERROR_OPTION, "%s: too many arguments: %s",
                        plugin->name, most);
    }
    return option;
}

gboolean fv_use_apply(Builder *builder, Scope *scope, FvState *state, FvState *common, const FvExpr *use,
                      Values *inputs)
{
    const FvPlugin *plugin = fv_state_plugin(state), *shared = common ? fv_state_plugin(common) : NULL, *of;
    gboolean sound = TRUE;
    int position = 0;
    for (guint i = 0; use->args && i < use->args->len && !builder->stopped; i++) {
        const FvArgument *argument = use->args->pdata[i];
        const FvOption *option = option_of(builder, scope, plugin, shared, argument, &position, &of);
        if (!option)
            sound = FALSE;
        else if (shared && of == shared)
            sound = fv_use_common(builder, scope, plugin->name, common, option, argument->value) && sound;
        else if (is_value_option(option) && inputs)
            sound = apply_values(builder, scope, state, option, argument->value, inputs) && sound;
        else
            sound = apply_constant(builder, scope, plugin->name, state, option, argument->value) && sound;
    }
    g_autoptr(GError) error = NULL;
    if (!sound || fv_state_complete(state, &error))
        return sound;
    fv_graph_report_take(builder, scope->frame, use->loc, plugin->name, g_steal_pointer(&error));
    return FALSE;
}

gboolean fv_use_names_values(const FvPlugin *plugin, const FvExpr *use)
{
    int position = 0;
    for (guint i = 0; use->args && i < use->args->len; i++) {
        const FvArgument *argument = use->args->pdata[i];
        const FvOption *option =
            argument->name ? fv_option_find(plugin, argument->name, NULL) : fv_option_at(plugin, position++);
        if (option && is_value_option(option))
            return TRUE;
    }
    return FALSE;
}

gboolean fv_use_plugin(Builder *builder, Scope *scope, FvKind kind, const FvExpr *expr, Values *inputs, FvUse *use)
{
    g_autoptr(GError) error = NULL;
    if (expr->type != FV_EXPR_NAME && expr->type != FV_EXPR_CALL) {
        fv_graph_report(builder, scope->frame, expr->loc, FV_ERROR_SYNTAX, "expected the name of %s %s",
                        kind == FV_AUGMENT || kind == FV_OPTIM ? "an" : "a", fv_kind_name(kind));
        return FALSE;
    }
    const FvPlugin *plugin = fv_registry_find(builder->registry, kind, expr->text, &error);
    if (!plugin) {
        fv_graph_report_take(builder, scope->frame, expr->loc, NULL, g_steal_pointer(&error));
        return FALSE;
    }
    g_autoptr(FvState) state = fv_state_new(plugin);
    g_autoptr(FvState) common = fv_common(kind) ? fv_state_new(fv_common(kind)) : NULL;
    if (!fv_use_apply(builder, scope, state, common, expr, inputs))
        return FALSE;
    *use = (FvUse){
        .plugin = plugin, .state = g_steal_pointer(&state), .loc = expr->loc, .common = g_steal_pointer(&common)
    };
    return TRUE;
}
