/* SPDX-License-Identifier: MIT
 * eval.c: names and expressions: scopes, arithmetic, "${i + 1}" in strings. */
#include "core/graph/graph_private.h"

#include <math.h>
#include <string.h>

/* ------------------------------------------------------------------ values */

static Constant *constant_new(FvValueType type)
{
    Constant *value = g_new0(Constant, 1);
    value->value.type = type;
    return value;
}

Constant *fv_constant_number(double number)
{
    Constant *value = constant_new(FV_VALUE_NUMBER);
    value->value.number = number;
    return value;
}

static Constant *text_new(FvValueType type, char *text)
{
    Constant *value = constant_new(type);
    value->value.text = value->text = text;
    return value;
}

static void set_list(Constant *value, const double *numbers, guint count)
{
    value->list = g_memdup2(numbers, count * sizeof *numbers);
    value->value.list = value->list;
    value->value.count = (int) count;
}

Constant *fv_constant_copy(const Constant *value)
{
    Constant *copy = constant_new(value->value.type);
    copy->value = value->value;
    copy->value.text = copy->text = g_strdup(value->text);
    set_list(copy, value->list, value->value.count);
    return copy;
}

void fv_constant_free(Constant *value)
{
    if (!value)
        return;
    g_free(value->text);
    g_free(value->list);
    g_free(value);
}

/* ------------------------------------------------------------------ scopes */

static void binding_free(gpointer data)
{
    Binding *binding = data;
    fv_constant_free(binding->value);
    g_free(binding);
}

Scope *fv_scope_new(Scope *up)
{
    Scope *scope = g_new0(Scope, 1);
    scope->up = up;
    scope->names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, binding_free);
    if (up) {
        scope->place = up->place;
        scope->frame = up->frame;
    }
    return scope;
}

void fv_scope_free(Scope *scope)
{
    if (!scope)
        return;
    g_hash_table_unref(scope->names);
    g_free(scope);
}

gboolean fv_scope_bind(Builder *builder, Scope *scope, const char *name, FvLoc loc, Constant *value, int node)
{
    g_autoptr(Constant) owned = value;
    if (g_str_equal(name, "in")) {
        fv_graph_report(builder, scope->frame, loc, FV_ERROR_SYNTAX, "\"in\" is what comes in, and cannot be defined");
        return FALSE;
    }
    const Binding *other = g_hash_table_lookup(scope->names, name);
    if (other) {
        g_autofree char *place = fv_graph_place(other->loc, loc.file);
        fv_graph_report(builder, scope->frame, loc, FV_ERROR_SYNTAX, "\"%s\" is already defined at %s", name, place);
        return FALSE;
    }
    Binding *binding = g_new0(Binding, 1);
    *binding = (Binding){ g_steal_pointer(&owned), node, loc };
    g_hash_table_insert(scope->names, (char *) name, binding);
    return TRUE;
}

const Binding *fv_scope_find(const Scope *scope, const char *name)
{
    for (; scope; scope = scope->up) {
        const Binding *binding = g_hash_table_lookup(scope->names, name);
        if (binding)
            return binding;
    }
    return NULL;
}

/* Where the text of a scope names a value, whether that place has been reached or not. */
static const FvStage *find_as(const GPtrArray *chains, const char *name)
{
    for (guint i = 0; chains && i < chains->len; i++) {
        const FvChain *chain = chains->pdata[i];
        for (guint k = 0; k < chain->stages->len; k++) {
            const FvStage *stage = chain->stages->pdata[k];
            if (stage->as && g_str_equal(stage->as, name))
                return stage;
            const FvStage *inner = stage->type == FV_STAGE_BRANCH ? find_as(stage->chains, name) : NULL;
            if (inner)
                return inner;
        }
    }
    return NULL;
}

const FvStage *fv_scope_later(const Scope *scope, const char *name)
{
    const FvStage *stage = NULL;
    for (; scope && !stage; scope = scope->up)
        stage = find_as(scope->chains, name);
    return stage;
}

void fv_scope_names(const Scope *scope, gboolean values, GPtrArray *names)
{
    for (; scope; scope = scope->up) {
        GHashTableIter iter;
        gpointer key, data;
        g_hash_table_iter_init(&iter, scope->names);
        while (g_hash_table_iter_next(&iter, &key, &data)) {
            if (values == (((Binding *) data)->value == NULL))
                g_ptr_array_add(names, key);
        }
    }
}

void fv_scope_unknown(Builder *builder, const Scope *scope, const char *name, FvLoc loc, gboolean values)
{
    const FvStage *later = values ? fv_scope_later(scope, name) : NULL;
    if (later) {
        g_autofree char *place = fv_graph_place(later->as_loc, loc.file);
        fv_graph_report(builder, scope->frame, loc, FV_ERROR_UNKNOWN, "\"%s\" is used before it is defined, at %s",
                        name, place);
        return;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    fv_scope_names(scope, values, names);
    g_ptr_array_add(names, NULL);
    g_autofree char *hint = fv_graph_suggestion(fv_nearest(name, (const char *const *) names->pdata));
    fv_graph_report(builder, scope->frame, loc, FV_ERROR_UNKNOWN, "%s \"%s\"%s",
                    values ? "no value is called" : "unknown name", name, hint);
}

/* ------------------------------------------------------------- expressions */

/* What an evaluation needs and does not change. */
typedef struct {
    Builder *builder;
    const Scope *scope;
    const char *label;
} Context;

static Constant *eval_at(const Context *context, const FvExpr *expr, int depth);

G_GNUC_PRINTF(4, 5)
static void *fail(const Context *context, FvLoc loc, FvError code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    fv_graph_report(context->builder, context->scope->frame, loc, code, "%s%s%s", context->label ? context->label : "",
                    context->label ? ": " : "", message);
    return NULL;
}

static gboolean number_at(const Context *context, const FvExpr *expr, int depth, double *number)
{
    g_autoptr(Constant) value = eval_at(context, expr, depth);
    if (!value)
        return FALSE;
    if (value->value.type != FV_VALUE_NUMBER) {
        g_autofree char *got = fv_value_text(&value->value);
        fail(context, expr->loc, FV_ERROR_OPTION, "expected a number, found %s", got);
        return FALSE;
    }
    *number = value->value.number;
    return TRUE;
}

/* Messages about what stands within a string have the string's place. */
static void set_place(FvExpr *expr, FvLoc loc)
{
    expr->loc = loc;
    for (guint i = 0; expr->items && i < expr->items->len; i++)
        set_place(expr->items->pdata[i], loc);
    for (guint i = 0; expr->args && i < expr->args->len; i++) {
        FvArgument *argument = expr->args->pdata[i];
        argument->loc = loc;
        set_place(argument->value, loc);
    }
}

/* The number or string that stands between "${" and "}". */
static gboolean append_inner(const Context *context, FvLoc loc, const char *inner, int depth, GString *text)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvExpr) expr = fv_parse_value(loc.file, inner, diag);
    if (!expr) {
        fail(context, loc, FV_ERROR_SYNTAX, "\"${%s}\" in a string: expected a name or arithmetic", inner);
        return FALSE;
    }
    set_place(expr, loc);
    g_autoptr(Constant) found = eval_at(context, expr, depth);
    if (!found)
        return FALSE;
    const FvValue *value = &found->value;
    if (value->type == FV_VALUE_TEXT) {
        g_string_append(text, value->text);
        return TRUE;
    }
    if (value->type == FV_VALUE_NUMBER) {
        g_autofree char *number = value->number == floor(value->number) && fabs(value->number) < 1e15
                                      ? g_strdup_printf("%.0f", value->number)
                                      : fv_number_text(value->number);
        g_string_append(text, number);
        return TRUE;
    }
    fail(context, loc, FV_ERROR_OPTION, "\"%s\" is neither a number nor a string", inner);
    return FALSE;
}

static Constant *eval_string(const Context *context, const FvExpr *expr, int depth)
{
    g_autoptr(GString) text = g_string_new(NULL);
    const char *rest = expr->text;
    for (const char *open; (open = strstr(rest, "${"));) {
        const char *close = strchr(open, '}');
        if (!close)
            return fail(context, expr->loc, FV_ERROR_SYNTAX, "\"${\" without \"}\" in a string");
        g_autofree char *inner = g_strndup(open + 2, close - open - 2);
        g_string_append_len(text, rest, open - rest);
        if (!append_inner(context, expr->loc, inner, depth + 1, text))
            return NULL;
        rest = close + 1;
        if (text->len > LONGEST_TEXT)
            break;
    }
    g_string_append(text, rest);
    if (text->len > LONGEST_TEXT)
        return fail(context, expr->loc, FV_ERROR_OPTION, "a string of more than %d bytes", LONGEST_TEXT);
    return text_new(FV_VALUE_TEXT, g_strdup(text->str));
}

static Constant *eval_name(const Context *context, const FvExpr *expr)
{
    const Binding *binding = fv_scope_find(context->scope, expr->text);
    if (binding && binding->value && binding->value->lost)
        return NULL;
    if (binding && binding->value)
        return fv_constant_copy(binding->value);
    if (binding)
        return fail(context, expr->loc, FV_ERROR_OPTION, "\"%s\" is a value of the net, not a number", expr->text);
    if (fv_init_parse(expr->text, NULL))
        return text_new(FV_VALUE_WORD, g_strdup(expr->text));
    fv_scope_unknown(context->builder, context->scope, expr->text, expr->loc, FALSE);
    return NULL;
}

/* Lists, ranges, and the arguments of a word: numbers all of them. */
static Constant *eval_numbers(const Context *context, const FvExpr *expr, const GPtrArray *items, FvValueType type,
                              int depth)
{
    g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; items && i < items->len; i++) {
        double number;
        if (!number_at(context, items->pdata[i], depth, &number))
            return NULL;
        g_array_append_val(numbers, number);
    }
    Constant *value = type == FV_VALUE_WORD ? text_new(type, g_strdup(expr->text)) : constant_new(type);
    set_list(value, (const double *) (gpointer) numbers->data, numbers->len);
    return value;
}

static Constant *eval_call(const Context *context, const FvExpr *expr, int depth)
{
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    if (!fv_init_parse(expr->text, NULL))
        return fail(context, expr->loc, FV_ERROR_OPTION, "\"%s(...)\" cannot stand for a number or a string",
                    expr->text);
    for (guint i = 0; i < expr->args->len; i++) {
        const FvArgument *argument = expr->args->pdata[i];
        if (argument->name && !g_str_equal(argument->name, "std"))
            return fail(context, argument->loc, FV_ERROR_UNKNOWN, "%s: no option \"%s\"", expr->text, argument->name);
        g_ptr_array_add(items, argument->value);
    }
    return eval_numbers(context, expr, items, FV_VALUE_WORD, depth);
}

static Constant *eval_binary(const Context *context, const FvExpr *expr, int depth)
{
    double a, b;
    const gboolean left = number_at(context, expr->items->pdata[0], depth, &a);
    const gboolean right = number_at(context, expr->items->pdata[1], depth, &b);
    if (!left || !right)
        return NULL;
    if ((expr->op == '/' || expr->op == '%') && b == 0)
        return fail(context, expr->loc, FV_ERROR_OPTION, "division by zero");
    const double result = expr->op == '+'   ? a + b
                          : expr->op == '-' ? a - b
                          : expr->op == '*' ? a * b
                          : expr->op == '/' ? a / b
                                            : fmod(a, b);
    if (!isfinite(result))
        return fail(context, expr->loc, FV_ERROR_OPTION, "the result of \"%c\" is too large", expr->op);
    return fv_constant_number(result);
}

static Constant *eval_at(const Context *context, const FvExpr *expr, int depth)
{
    if (depth > MOST_EXPR_DEPTH)
        return fail(context, expr->loc, FV_ERROR_SYNTAX, "an expression nested deeper than %d", MOST_EXPR_DEPTH);
    Constant *value;
    double number;
    switch (expr->type) {
    case FV_EXPR_NUMBER:
        if (!isfinite(expr->number))
            return fail(context, expr->loc, FV_ERROR_OPTION, "a number too large");
        return fv_constant_number(expr->number);
    case FV_EXPR_BOOL:
        value = constant_new(FV_VALUE_BOOL);
        value->value.number = expr->number != 0;
        return value;
    case FV_EXPR_STRING:
        return eval_string(context, expr, depth + 1);
    case FV_EXPR_NAME:
        return eval_name(context, expr);
    case FV_EXPR_LIST:
        return eval_numbers(context, expr, expr->items, FV_VALUE_LIST, depth + 1);
    case FV_EXPR_RANGE:
        return eval_numbers(context, expr, expr->items, FV_VALUE_RANGE, depth + 1);
    case FV_EXPR_UNARY:
        return number_at(context, expr->items->pdata[0], depth + 1, &number) ? fv_constant_number(-number) : NULL;
    case FV_EXPR_BINARY:
        return eval_binary(context, expr, depth + 1);
    case FV_EXPR_CALL:
        return eval_call(context, expr, depth + 1);
    }
    return NULL;
}

Constant *fv_eval(Builder *builder, const Scope *scope, const FvExpr *expr, const char *label)
{
    const Context context = { builder, scope, label };
    return eval_at(&context, expr, 0);
}

gboolean fv_eval_number(Builder *builder, const Scope *scope, const FvExpr *expr, const char *label, double *number)
{
    const Context context = { builder, scope, label };
    return number_at(&context, expr, 0, number);
}

gboolean fv_eval_whole(Builder *builder, const Scope *scope, const FvExpr *expr, const char *label, int min, int max,
                       int *number)
{
    const Context context = { builder, scope, label };
    g_autoptr(Constant) value = eval_at(&context, expr, 0);
    if (!value)
        return FALSE;
    const double n = value->value.number;
    if (value->value.type != FV_VALUE_NUMBER || n != floor(n) || n < min || n > max) {
        g_autofree char *got = fv_value_text(&value->value);
        fail(&context, expr->loc, FV_ERROR_OPTION, "expected a whole number from %d to %d, found %s", min, max, got);
        return FALSE;
    }
    *number = (int) n;
    return TRUE;
}

gboolean fv_eval_switch(Builder *builder, const Scope *scope, const FvExpr *expr, const char *label, gboolean *on)
{
    const Context context = { builder, scope, label };
    g_autoptr(Constant) value = eval_at(&context, expr, 0);
    if (!value)
        return FALSE;
    if (value->value.type != FV_VALUE_BOOL) {
        g_autofree char *got = fv_value_text(&value->value);
        fail(&context, expr->loc, FV_ERROR_OPTION, "expected true or false, found %s", got);
        return FALSE;
    }
    *on = value->value.number != 0;
    return TRUE;
}
