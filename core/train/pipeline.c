/* SPDX-License-Identifier: MIT
 * pipeline.c: takes a pipeline from text to graph. */
#include "core/train/pipeline.h"

#include <string.h>

gboolean fv_diag_check(FvDiag *diag, GError **error)
{
    if (fv_diag_count(diag) == 0)
        return TRUE;
    g_autofree char *text = fv_diag_text(diag);
    g_set_error_literal(error, FV_ERROR, fv_diag_code(diag), g_strchomp(text));
    return FALSE;
}

void fv_pipeline_free(FvPipeline *pipeline)
{
    if (!pipeline)
        return;
    g_clear_pointer(&pipeline->graph, fv_graph_free);
    g_clear_pointer(&pipeline->overrides, g_hash_table_unref);
    g_clear_pointer(&pipeline->tree, fv_tree_free);
    g_clear_pointer(&pipeline->registry, fv_registry_free);
    g_free(pipeline);
}

static gboolean add_override(GHashTable *overrides, const char *set, FvDiag *diag, GError **error)
{
    const char *equals = strchr(set, '=');
    if (!equals || equals == set || equals[1] == '\0') {
        g_set_error(error, FV_ERROR, FV_ERROR_SYNTAX, "-s %s: write -s name=value", set);
        return FALSE;
    }
    g_autofree char *name = g_strndup(set, (gsize) (equals - set));
    g_autofree char *where = g_strdup_printf("-s %s", name);
    FvExpr *value = fv_parse_value(where, equals + 1, diag);
    if (!value)
        return fv_diag_check(diag, error);
    g_hash_table_insert(overrides, g_steal_pointer(&name), value);
    return TRUE;
}

static FvPipeline *finish(FvPipeline *unfinished, const char *file, FvDiag *diag, GError **error)
{
    g_autoptr(FvPipeline) pipeline = unfinished;
    if (pipeline->tree)
        pipeline->graph = fv_graph_build(pipeline->tree, file, pipeline->overrides, pipeline->registry, diag);
    return fv_diag_check(diag, error) ? g_steal_pointer(&pipeline) : NULL;
}

static FvPipeline *begin(void)
{
    FvPipeline *pipeline = g_new0(FvPipeline, 1);
    pipeline->registry = fv_registry_new();
    pipeline->overrides = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) fv_expr_free);
    return pipeline;
}

/* As if the file ended with `freeze "PATTERN"`. */
static void add_freeze(FvTree *tree, const char *pattern)
{
    g_autofree char *where = g_strdup_printf("--freeze %s", pattern);
    FvExpr *expr = g_new0(FvExpr, 1);
    *expr = (FvExpr){ .type = FV_EXPR_STRING, .loc = { g_intern_string(where), 1, 1 }, .text = g_strdup(pattern) };
    g_ptr_array_add(tree->freezes, expr);
}

FvPipeline *fv_pipeline_open(const char *file, const char *const *sets, GError **error)
{
    return fv_pipeline_open_frozen(file, sets, NULL, error);
}

FvPipeline *fv_pipeline_open_frozen(const char *file, const char *const *sets, const char *const *freezes,
                                    GError **error)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvPipeline) pipeline = begin();
    for (; sets && *sets; sets++)
        if (!add_override(pipeline->overrides, *sets, diag, error))
            return NULL;
    pipeline->tree = fv_parse_file(file, diag);
    for (; pipeline->tree && freezes && *freezes; freezes++)
        add_freeze(pipeline->tree, *freezes);
    return finish(g_steal_pointer(&pipeline), file, diag, error);
}

FvPipeline *fv_pipeline_from_text(const char *name, const char *text, GError **error)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvPipeline) pipeline = begin();
    pipeline->tree = fv_parse_text(name, text, diag);
    return finish(g_steal_pointer(&pipeline), name, diag, error);
}

FvPipeline *fv_pipeline_from_chain(const char *name, const char *text, GError **error)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvPipeline) pipeline = begin();
    pipeline->tree = fv_parse_chain(name, text, diag);
    return finish(g_steal_pointer(&pipeline), name, diag, error);
}

char *fv_pipeline_text(const FvPipeline *pipeline)
{
    return fv_tree_print(pipeline->tree, pipeline->overrides);
}

FvPlan *fv_pipeline_plan(const FvGraph *graph, const FvDevice *device, const FvPlanSettings *settings, GError **error)
{
    FvPlanSettings all = *settings;
    fv_plan_settings_for(device, &all);
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvPlan) plan = fv_plan_new(graph, &all, diag);
    if (plan && fv_plan_input_shape(plan).c == 0) {
        const FvLoc top = { g_intern_string(graph->file), 1, 1 };
        fv_diag_error(diag, top, NULL, "the net must have exactly one input");
    }
    return fv_diag_check(diag, error) ? g_steal_pointer(&plan) : NULL;
}
