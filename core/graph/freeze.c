/* SPDX-License-Identifier: MIT
 * freeze.c: `freeze "conv*"`: patterns of parameters that stay as they are. Which these are, the plan finds out, since
 * layers say there what parameters they have (core/plan/freeze.c). */
#include "core/graph/graph_private.h"

static const char label[] = "freeze";

void fv_freeze_free(gpointer data)
{
    FvFreeze *freeze = data;
    g_free(freeze->pattern);
    g_free(freeze);
}

/* An empty pattern freezes nothing: that of a `let` which the command line fills in. */
static void add_pattern(Builder *builder, const FvExpr *expr)
{
    g_autoptr(Constant) value = fv_eval(builder, builder->lets, expr, label);
    if (!value)
        return;
    if (value->value.type != FV_VALUE_TEXT) {
        g_autofree char *got = fv_value_text(&value->value);
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION,
                        "%s: expected a pattern such as \"conv*\", or a list of them, found %s", label, got);
        return;
    }
    if (*value->value.text == '\0')
        return;
    FvFreeze *freeze = g_new0(FvFreeze, 1);
    *freeze = (FvFreeze){ g_strdup(value->value.text), expr->loc };
    g_ptr_array_add(builder->graph->freezes, freeze);
}

void fv_build_freezes(Builder *builder)
{
    for (guint i = 0; i < builder->tree->freezes->len; i++) {
        const FvExpr *expr = builder->tree->freezes->pdata[i];
        if (expr->type != FV_EXPR_LIST)
            add_pattern(builder, expr);
        for (guint k = 0; expr->type == FV_EXPR_LIST && k < expr->items->len; k++)
            add_pattern(builder, expr->items->pdata[k]);
    }
}
