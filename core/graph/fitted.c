/* SPDX-License-Identifier: MIT
 * fitted.c: layers in prepare { }: fitted to the training split, they are computed by the net, right behind its input.
 */
#include "core/graph/graph_private.h"

#define SECTION "prepare"

static const FvPlugin *find(const Builder *builder, FvKind kind, const char *name)
{
    g_autoptr(GError) error = NULL; /* whoever uses it says what is wrong */
    return fv_registry_find(builder->registry, kind, name, &error);
}

static gboolean has_arguments(const FvExpr *use)
{
    return use->type == FV_EXPR_CALL && use->args->len > 0;
}

/* The stage that an operation without arguments stands for. */
static void take_text(Builder *builder, const FvAugment *augment, FvLoc loc)
{
    g_autofree char *file = g_strdup_printf("%s (at %s:%d:%d)", augment->base.name, loc.file, loc.line, loc.col);
    FvTree *tree = fv_parse_chain(g_intern_string(file), augment->fitted, builder->diag);
    if (!tree)
        return;
    g_ptr_array_add(builder->texts, tree);
    const FvChain *chain = ((FvSection *) tree->sections->pdata[0])->chains->pdata[0];
    for (guint i = 0; i < chain->stages->len; i++)
        g_ptr_array_add(builder->fitted, chain->stages->pdata[i]);
}

gboolean fv_fitted_take(Builder *builder, const char *section, const FvStage *stage)
{
    const FvExpr *use = stage->use;
    const FvAugment *augment = (const FvAugment *) find(builder, FV_AUGMENT, use->text);
    const FvLayer *layer = augment ? NULL : (const FvLayer *) find(builder, FV_LAYER, use->text);
    const gboolean prepares = g_str_equal(section, SECTION), fitted = layer && layer->fit_passes > 0;
    const gboolean stands = augment && augment->fitted && !has_arguments(use);
    if (!prepares && (stands || fitted))
        fv_graph_report(builder, NULL, use->loc, FV_ERROR_OPTION,
                        stands ? "%s: write its arguments; only in " SECTION
                                 " { } it can be without, to be fitted to the "
                                 "training split"
                               : "%s: it is fitted to the training split, and can stand in " SECTION
                                 " { } or in the net",
                        use->text);
    else if (stands || fitted) {
        if (builder->fitted->len == 0)
            builder->first_fitted = use->text;
        if (stands)
            take_text(builder, augment, use->loc);
        else
            g_ptr_array_add(builder->fitted, (gpointer) stage);
    } else if (prepares && augment && builder->fitted->len > 0)
        fv_graph_report(builder, NULL, use->loc, FV_ERROR_OPTION,
                        "%s: it cannot stand behind what is fitted to the training split (%s); put it before",
                        use->text, builder->first_fitted);
    else
        return FALSE;
    return TRUE;
}

Values *fv_fitted_expand(Builder *builder, Values *input)
{
    g_autoptr(Scope) scope = fv_scope_new(builder->lets);
    g_autoptr(Place) place = fv_place_new(g_strdup(SECTION "."));
    if (builder->fitted->len == 0)
        return input;
    scope->place = place;
    Values *values = fv_expand_stages(builder, scope, builder->fitted, input);
    scope->place = NULL;
    g_array_unref(input);
    return values;
}
