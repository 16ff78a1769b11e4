/* SPDX-License-Identifier: MIT
 * freeze.c: which parameters stay as they are: those that the pipeline freezes, and weights of layers with rate=0. */
#include "core/plan/private.h"

#include <string.h>

/* Whether the pattern is the parameter's name, or that of its layer or of a block around it. */
static gboolean covers(const char *pattern, const char *name)
{
    gboolean found = g_pattern_match_simple(pattern, name);
    for (const char *dot = strchr(name, '.'); dot && !found; dot = strchr(dot + 1, '.')) {
        g_autofree char *outer = g_strndup(name, (gsize) (dot - name));
        found = g_pattern_match_simple(pattern, outer);
    }
    return found;
}

/* What is fitted to the data is not trained, and can be fitted behind a frozen trunk. */
static gboolean is_fitted(const FvParam *param)
{
    return fv_node_layer(param->node)->fit_passes > 0;
}

gboolean fv_freeze_takes(FvPlan *plan, const FvParam *param)
{
    const GPtrArray *freezes = plan->graph->freezes;
    gboolean taken = FALSE;
    for (guint i = 0; i < freezes->len && !is_fitted(param); i++) {
        if (!covers(((FvFreeze *) freezes->pdata[i])->pattern, param->name))
            continue;
        taken = plan->freezes_used[i] = TRUE;
    }
    return taken || (param->node->rate == 0 && param->spec.role != FV_STATISTIC);
}

/* The nearest of all names that a pattern could have meant; g_free() it. */
static char *nearest_to(const FvPlan *plan, const char *pattern)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < plan->params->len; i++) {
        const FvParam *param = plan->params->pdata[i];
        if (!is_fitted(param))
            g_hash_table_add(names, g_strdup(param->name));
        for (const char *dot = strchr(param->name, '.'); dot && !is_fitted(param); dot = strchr(dot + 1, '.'))
            g_hash_table_add(names, g_strndup(param->name, (gsize) (dot - param->name)));
    }
    g_autoptr(GList) sorted = g_list_sort(g_hash_table_get_keys(names), (GCompareFunc) strcmp);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    for (const GList *name = sorted; name; name = name->next)
        g_ptr_array_add(list, name->data);
    g_ptr_array_add(list, NULL);
    return g_strdup(fv_nearest(pattern, (const char *const *) list->pdata));
}

void fv_freeze_check(const FvPlan *plan, FvDiag *diag)
{
    for (guint i = 0; i < plan->graph->freezes->len; i++) {
        const FvFreeze *freeze = plan->graph->freezes->pdata[i];
        if (plan->freezes_used[i])
            continue;
        g_autofree char *nearest = nearest_to(plan, freeze->pattern);
        g_autofree char *hint = nearest ? g_strdup_printf("; did you mean \"%s\"?", nearest) : g_strdup("");
        g_autoptr(GError) error =
            g_error_new(FV_ERROR, FV_ERROR_UNKNOWN, "freeze: no layer with parameters to train is called \"%s\"%s",
                        freeze->pattern, hint);
        fv_diag_take(diag, freeze->loc, NULL, g_steal_pointer(&error));
    }
}
