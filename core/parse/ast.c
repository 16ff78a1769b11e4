/* SPDX-License-Identifier: MIT
 * ast.c: makes and frees the nodes of the tree. Freeing recurses as deep as the tree is, which the parser limits. */
#include "core/parse/parse_private.h"

/* ------------------------------------------------------------- expressions */

static void free_expr(gpointer data)
{
    fv_expr_free(data);
}

static void free_argument(gpointer data)
{
    fv_argument_free(data);
}

GPtrArray *fv_expr_list(void)
{
    return g_ptr_array_new_with_free_func(free_expr);
}

GPtrArray *fv_argument_list(void)
{
    return g_ptr_array_new_with_free_func(free_argument);
}

GPtrArray *fv_list_add(GPtrArray *list, gpointer item)
{
    if (item)
        g_ptr_array_add(list, item);
    return list;
}

FvExpr *fv_expr_new(FvExprType type, FvLoc loc)
{
    FvExpr *expr = g_new0(FvExpr, 1);
    expr->type = type;
    expr->loc = loc;
    return expr;
}

FvExpr *fv_expr_text(FvExprType type, FvLoc loc, char *text)
{
    FvExpr *expr = fv_expr_new(type, loc);
    expr->text = text;
    return expr;
}

FvExpr *fv_expr_number(FvExprType type, FvLoc loc, double number)
{
    FvExpr *expr = fv_expr_new(type, loc);
    expr->number = number;
    return expr;
}

FvExpr *fv_expr_items(FvExprType type, FvLoc loc, char op, FvExpr *first, FvExpr *second)
{
    FvExpr *expr = fv_expr_new(type, loc);
    expr->op = op;
    expr->items = g_ptr_array_new_full(second ? 2 : 1, free_expr);
    fv_list_add(expr->items, first);
    fv_list_add(expr->items, second);
    return expr;
}

void fv_expr_free(FvExpr *expr)
{
    if (!expr)
        return;
    g_clear_pointer(&expr->items, g_ptr_array_unref);
    g_clear_pointer(&expr->args, g_ptr_array_unref);
    g_free(expr->text);
    g_free(expr);
}

FvArgument *fv_argument_new(char *name, FvLoc loc, FvExpr *value)
{
    FvArgument *argument = g_new0(FvArgument, 1);
    *argument = (FvArgument){ name, loc, value };
    return argument;
}

void fv_argument_free(FvArgument *argument)
{
    if (!argument)
        return;
    fv_expr_free(argument->value);
    g_free(argument->name);
    g_free(argument);
}

/* ------------------------------------------------------------------ chains */

static void free_stage(gpointer data)
{
    fv_stage_free(data);
}

static void free_chain(gpointer data)
{
    fv_chain_free(data);
}

GPtrArray *fv_chain_list(void)
{
    return g_ptr_array_new_with_free_func(free_chain);
}

FvStage *fv_stage_new(FvStageType type, FvLoc loc)
{
    FvStage *stage = g_new0(FvStage, 1);
    stage->type = type;
    stage->loc = loc;
    return stage;
}

void fv_stage_free(FvStage *stage)
{
    if (!stage)
        return;
    fv_expr_free(stage->use);
    g_clear_pointer(&stage->chains, g_ptr_array_unref);
    fv_expr_free(stage->count);
    g_free(stage->variable);
    g_free(stage->as);
    g_free(stage);
}

FvChain *fv_chain_new(FvLoc loc)
{
    FvChain *chain = g_new0(FvChain, 1);
    chain->loc = loc;
    chain->stages = g_ptr_array_new_with_free_func(free_stage);
    return chain;
}

void fv_chain_free(FvChain *chain)
{
    if (!chain)
        return;
    g_ptr_array_unref(chain->stages);
    g_free(chain);
}

/* ---------------------------------------------------------------- sections */

FvSetting *fv_setting_new(char *name, FvLoc loc, FvExpr *value)
{
    FvSetting *setting = g_new0(FvSetting, 1);
    *setting = (FvSetting){ name, loc, value };
    return setting;
}

void fv_setting_free(FvSetting *setting)
{
    if (!setting)
        return;
    g_free(setting->name);
    fv_expr_free(setting->value);
    g_free(setting);
}

static void free_setting(gpointer data)
{
    fv_setting_free(data);
}

FvSection *fv_section_new(char *name, FvLoc loc)
{
    FvSection *section = g_new0(FvSection, 1);
    section->name = name;
    section->loc = loc;
    section->settings = g_ptr_array_new_with_free_func(free_setting);
    section->chains = fv_chain_list();
    return section;
}

void fv_section_free(FvSection *section)
{
    if (!section)
        return;
    g_free(section->name);
    g_ptr_array_unref(section->settings);
    g_ptr_array_unref(section->chains);
    g_free(section);
}

static void free_section(gpointer data)
{
    fv_section_free(data);
}

FvBlock *fv_block_new(char *name, FvLoc loc, GPtrArray *parameters)
{
    FvBlock *block = g_new0(FvBlock, 1);
    *block = (FvBlock){ name, loc, parameters, NULL };
    return block;
}

void fv_block_free(FvBlock *block)
{
    if (!block)
        return;
    g_free(block->name);
    g_ptr_array_unref(block->parameters);
    g_clear_pointer(&block->chains, g_ptr_array_unref);
    g_free(block);
}

static void free_block(gpointer data)
{
    fv_block_free(data);
}

/* -------------------------------------------------------------------- tree */

FvTree *fv_tree_new(void)
{
    FvTree *tree = g_new0(FvTree, 1);
    tree->lets = g_ptr_array_new_with_free_func(free_setting);
    tree->blocks = g_ptr_array_new_with_free_func(free_block);
    tree->sections = g_ptr_array_new_with_free_func(free_section);
    tree->settings = g_ptr_array_new_with_free_func(free_setting);
    tree->freezes = fv_expr_list();
    return tree;
}

void fv_tree_append(FvTree *tree, FvTree *from)
{
    GPtrArray **to_lists[] = { &tree->lets, &tree->blocks, &tree->sections, &tree->settings, &tree->freezes };
    GPtrArray **from_lists[] = { &from->lets, &from->blocks, &from->sections, &from->settings, &from->freezes };
    for (guint i = 0; i < G_N_ELEMENTS(to_lists); i++)
        g_ptr_array_extend_and_steal(*to_lists[i], g_steal_pointer(from_lists[i]));
    g_free(from);
}

void fv_tree_free(FvTree *tree)
{
    if (!tree)
        return;
    g_ptr_array_unref(tree->lets);
    g_ptr_array_unref(tree->blocks);
    g_ptr_array_unref(tree->sections);
    g_ptr_array_unref(tree->settings);
    g_ptr_array_unref(tree->freezes);
    g_free(tree);
}

void fv_tree_drop(FvTree *tree, const char *section)
{
    for (guint i = tree->sections->len; i > 0; i--)
        if (g_str_equal(((FvSection *) tree->sections->pdata[i - 1])->name, section))
            g_ptr_array_remove_index(tree->sections, i - 1);
}

static FvSection *section_called(FvTree *tree, const char *name, FvLoc loc)
{
    for (guint i = 0; i < tree->sections->len; i++) {
        FvSection *section = tree->sections->pdata[i];
        if (g_str_equal(section->name, name))
            return section;
    }
    FvSection *section = fv_section_new(g_strdup(name), loc);
    g_ptr_array_add(tree->sections, section);
    return section;
}

void fv_tree_set(FvTree *tree, const char *section, const char *name, FvExpr *value)
{
    GPtrArray *settings = section_called(tree, section, value->loc)->settings;
    for (guint i = 0; i < settings->len; i++)
        if (g_str_equal(((FvSetting *) settings->pdata[i])->name, name))
            g_ptr_array_remove_index(settings, i--);
    g_ptr_array_add(settings, fv_setting_new(g_strdup(name), value->loc, value));
}
