/* SPDX-License-Identifier: MIT
 * classes.c: data { classes = [0, "shirt"]  per_class = 50 }: which of the data are taken. Whether there are such
 * classes, the data know (core/data/select.c). */
#include "core/graph/graph_private.h"

#include <math.h>

enum { MOST_PER_CLASS = 1 << 24, MOST_CLASSES = 65536 };
static const char label[] = "data: classes";

void fv_chosen_class_free(gpointer data)
{
    FvChosenClass *class = data;
    g_free(class->name);
    g_free(class);
}

static FvChosenClass *class_of(Builder *builder, const FvExpr *expr)
{
    g_autoptr(Constant) constant = fv_eval(builder, builder->lets, expr, label);
    if (!constant)
        return NULL;
    const FvValue *value = &constant->value;
    const double number = value->number;
    FvChosenClass *class = g_new0(FvChosenClass, 1);
    class->loc = expr->loc;
    class->number = -1;
    if (value->type == FV_VALUE_TEXT) {
        class->name = g_strdup(value->text);
    } else if (value->type == FV_VALUE_NUMBER && number == floor(number) && number >= 0 && number < MOST_CLASSES) {
        class->number = (int) number;
    } else {
        g_autofree char *got = fv_value_text(value);
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION,
                        "%s: expected the number or the name of a class, found %s", label, got);
        g_clear_pointer(&class, fv_chosen_class_free);
    }
    return class;
}

void fv_build_classes(Builder *builder, const FvExpr *expr)
{
    if (expr->type != FV_EXPR_LIST || expr->items->len == 0) {
        fv_graph_report(builder, NULL, expr->loc, FV_ERROR_OPTION, "%s: expected a list of classes, as [0, 6]", label);
        return;
    }
    builder->graph->select_loc = expr->loc;
    for (guint i = 0; i < expr->items->len; i++) {
        FvChosenClass *class = class_of(builder, expr->items->pdata[i]);
        if (class)
            g_ptr_array_add(builder->graph->classes, class);
    }
}

void fv_build_per_class(Builder *builder, const FvExpr *expr)
{
    builder->graph->select_loc = expr->loc;
    fv_eval_whole(builder, builder->lets, expr, "data: per_class", 1, MOST_PER_CLASS, &builder->graph->per_class);
}
