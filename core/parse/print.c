/* SPDX-License-Identifier: MIT
 * print.c: trees and expressions as text that parses to the same again. */
#include "core/parse/ast.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 80 }; /* a chain is broken before the "->" that would begin further right */

typedef struct {
    GString *text;
    gsize line; /* where it begins in text */
    int indent; /* of what continues a chain */
} Printer;

/* ------------------------------------------------------------- expressions */

/* How tightly an expression holds together: where a tighter one is needed, it goes into brackets. */
enum { LEVEL_RANGE, LEVEL_SUM, LEVEL_PRODUCT, LEVEL_MINUS, LEVEL_ALONE };

static int level_of(const FvExpr *expr)
{
    switch (expr->type) {
    case FV_EXPR_RANGE:
        return LEVEL_RANGE;
    case FV_EXPR_BINARY:
        return expr->op == '+' || expr->op == '-' ? LEVEL_SUM : LEVEL_PRODUCT;
    case FV_EXPR_UNARY:
        return LEVEL_MINUS;
    case FV_EXPR_NUMBER:
        return expr->number < 0 ? LEVEL_MINUS : LEVEL_ALONE;
    default:
        return LEVEL_ALONE;
    }
}

/* The shortest text that reads as the same number. What is too large to be one stays too large. */
static void print_number(GString *text, double number)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    if (!isfinite(number)) {
        g_string_append(text, number < 0 ? "-1e999" : "1e999");
        return;
    }
    for (int precision = 6; precision <= 17; precision++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", precision);
        g_ascii_formatd(digits, sizeof digits, format, number);
        if (g_ascii_strtod(digits, NULL) == number)
            break;
    }
    g_string_append(text, digits);
}

static void print_string(GString *text, const char *string)
{
    g_string_append_c(text, '"');
    for (const char *c = string; *c; c++) {
        const char *escape = *c == '"' ? "\\\"" : *c == '\\' ? "\\\\" : *c == '\n' ? "\\n" : *c == '\t' ? "\\t" : NULL;
        if (escape)
            g_string_append(text, escape);
        else
            g_string_append_c(text, *c);
    }
    g_string_append_c(text, '"');
}

static void print_expr(GString *text, const FvExpr *expr, int level);

static void print_arguments(GString *text, const GPtrArray *arguments)
{
    g_string_append_c(text, '(');
    for (guint i = 0; i < arguments->len; i++) {
        const FvArgument *argument = arguments->pdata[i];
        if (i)
            g_string_append(text, ", ");
        if (argument->name)
            g_string_append(text, argument->name);
        if (argument->name && argument->value)
            g_string_append_c(text, '=');
        if (argument->value)
            print_expr(text, argument->value, LEVEL_RANGE);
    }
    g_string_append_c(text, ')');
}

static void print_list(GString *text, const GPtrArray *items)
{
    g_string_append_c(text, '[');
    for (guint i = 0; i < items->len; i++) {
        if (i)
            g_string_append(text, ", ");
        print_expr(text, items->pdata[i], LEVEL_RANGE);
    }
    g_string_append_c(text, ']');
}

/* Operators of the same level go from left to right, so that the right operand must hold together more tightly. */
static void print_operation(GString *text, const FvExpr *expr, int level)
{
    print_expr(text, expr->items->pdata[0], expr->type == FV_EXPR_RANGE ? LEVEL_SUM : level);
    if (expr->type == FV_EXPR_RANGE)
        g_string_append(text, "..");
    else
        g_string_append_printf(text, " %c ", expr->op);
    print_expr(text, expr->items->pdata[1], level + 1);
}

static void print_expr(GString *text, const FvExpr *expr, int level)
{
    const int own = level_of(expr);
    if (own < level)
        g_string_append_c(text, '(');
    switch (expr->type) {
    case FV_EXPR_NUMBER:
        print_number(text, expr->number);
        break;
    case FV_EXPR_STRING:
        print_string(text, expr->text);
        break;
    case FV_EXPR_BOOL:
        g_string_append(text, expr->number != 0 ? "true" : "false");
        break;
    case FV_EXPR_NAME:
        g_string_append(text, expr->text);
        break;
    case FV_EXPR_LIST:
        print_list(text, expr->items);
        break;
    case FV_EXPR_UNARY:
        g_string_append_c(text, '-');
        print_expr(text, expr->items->pdata[0], LEVEL_MINUS);
        break;
    case FV_EXPR_RANGE:
    case FV_EXPR_BINARY:
        print_operation(text, expr, own);
        break;
    case FV_EXPR_CALL:
        g_string_append(text, expr->text);
        print_arguments(text, expr->args);
        break;
    }
    if (own < level)
        g_string_append_c(text, ')');
}

char *fv_expr_print(const FvExpr *expr)
{
    GString *text = g_string_new(NULL);
    print_expr(text, expr, LEVEL_RANGE);
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------ chains */

static void new_line(Printer *printer, int indent)
{
    g_string_append_c(printer->text, '\n');
    printer->line = printer->text->len;
    g_string_append_printf(printer->text, "%*s", indent, "");
}

static void print_chains(Printer *printer, const GPtrArray *chains, const char *between);

static void print_stage(Printer *printer, const FvStage *stage)
{
    GString *text = printer->text;
    switch (stage->type) {
    case FV_STAGE_USE:
        print_expr(text, stage->use, LEVEL_RANGE);
        break;
    case FV_STAGE_BRANCH:
        g_string_append(text, "{ ");
        print_chains(printer, stage->chains, "| ");
        g_string_append_c(text, '}');
        break;
    case FV_STAGE_REPEAT:
        g_string_append(text, "repeat ");
        print_expr(text, stage->count, LEVEL_RANGE);
        if (stage->variable)
            g_string_append_printf(text, " as %s", stage->variable);
        g_string_append(text, " { ");
        print_chains(printer, stage->chains, " ");
        g_string_append_c(text, '}');
        break;
    }
    if (stage->as)
        g_string_append_printf(text, " as %s", stage->as);
}

static void print_chain(Printer *printer, const FvChain *chain)
{
    for (guint i = 0; i < chain->stages->len; i++) {
        if (i > 0 && printer->text->len - printer->line > WIDTH)
            new_line(printer, printer->indent);
        else if (i > 0)
            g_string_append_c(printer->text, ' ');
        if (i > 0)
            g_string_append(printer->text, "-> ");
        print_stage(printer, chain->stages->pdata[i]);
    }
}

/* Each with a space after it, unless it is empty. */
static void print_chains(Printer *printer, const GPtrArray *chains, const char *between)
{
    for (guint i = 0; i < chains->len; i++) {
        const FvChain *chain = chains->pdata[i];
        if (i)
            g_string_append(printer->text, between);
        print_chain(printer, chain);
        if (chain->stages->len)
            g_string_append_c(printer->text, ' ');
    }
}

static void print_body(Printer *printer, const GPtrArray *settings, const GPtrArray *chains)
{
    g_string_append(printer->text, " {");
    for (guint i = 0; settings && i < settings->len; i++) {
        const FvSetting *setting = settings->pdata[i];
        new_line(printer, 2);
        g_string_append_printf(printer->text, "%s = ", setting->name);
        print_expr(printer->text, setting->value, LEVEL_RANGE);
    }
    for (guint i = 0; i < chains->len; i++) {
        new_line(printer, 2);
        print_chain(printer, chains->pdata[i]);
    }
    new_line(printer, 0);
    g_string_append(printer->text, "}\n");
}

/* -------------------------------------------------------------------- tree */

static void print_settings(GString *text, const char *before, const GPtrArray *settings, GHashTable *overrides)
{
    for (guint i = 0; i < settings->len; i++) {
        const FvSetting *setting = settings->pdata[i];
        const FvExpr *other = overrides ? g_hash_table_lookup(overrides, setting->name) : NULL;
        g_string_append_printf(text, "%s%s = ", before, setting->name);
        print_expr(text, other ? other : setting->value, LEVEL_RANGE);
        g_string_append_c(text, '\n');
    }
}

static void print_freezes(GString *text, const GPtrArray *freezes)
{
    if (text->len && freezes->len)
        g_string_append_c(text, '\n');
    for (guint i = 0; i < freezes->len; i++) {
        g_string_append(text, "freeze ");
        print_expr(text, freezes->pdata[i], LEVEL_RANGE);
        g_string_append_c(text, '\n');
    }
}

char *fv_tree_print(const FvTree *tree, GHashTable *overrides)
{
    Printer printer = { .text = g_string_new(NULL), .indent = 4 };
    GString *text = printer.text;
    print_settings(text, "let ", tree->lets, overrides);
    for (guint i = 0; i < tree->blocks->len; i++) {
        const FvBlock *block = tree->blocks->pdata[i];
        g_string_append_printf(text, "%sblock %s", text->len ? "\n" : "", block->name);
        print_arguments(text, block->parameters);
        print_body(&printer, NULL, block->chains);
    }
    for (guint i = 0; i < tree->sections->len; i++) {
        const FvSection *section = tree->sections->pdata[i];
        g_string_append_printf(text, "%s%s", text->len ? "\n" : "", section->name);
        print_body(&printer, section->settings, section->chains);
    }
    if (text->len && tree->settings->len)
        g_string_append_c(text, '\n');
    print_settings(text, "", tree->settings, NULL);
    print_freezes(text, tree->freezes);
    return g_string_free(text, FALSE);
}
