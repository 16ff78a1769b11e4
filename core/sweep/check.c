/* SPDX-License-Identifier: MIT
 * check.c: tries what a sweep may draw before it is drawn. */
#include "core/sweep/private.h"

/* As `fovea check` plans without a device: PoCL's. */
enum { USUAL_LOCAL_MEMORY = 1 << 20 };

static gboolean has_shapes(const FvGraph *graph, GError **error)
{
    const gboolean trains = graph->losses->len > 0 && graph->optimizer.plugin;
    const FvPlanSettings settings = { .purpose = trains ? FV_FOR_TRAINING : FV_FOR_PREDICTION,
                                      .batch = graph->batch,
                                      .local_memory = USUAL_LOCAL_MEMORY,
                                      .family = fv_device_family(NULL) };
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvPlan) plan = fv_plan_new(graph, &settings, diag);
    return plan || fv_diag_check(diag, error);
}

/* Where a search gives trials their epochs, a let that does so, too, would do nothing. */
static gboolean leaves_epochs(const FvGraph *graph, const FvGraph *tried, const FvSweepParameter *parameter,
                              GError **error)
{
    const FvSweep *sweep = graph->sweep;
    const gboolean own =
        sweep->options->epochs > 0 || sweep->kind == FV_SEARCH_COARSE_TO_FINE || sweep->kind == FV_SEARCH_HALVING;
    if (!own || graph->epochs == tried->epochs)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION,
                "%s:%d:%d: error: sweep: %s: train { epochs } follows it, but %s decides how long a trial takes",
                parameter->loc.file, parameter->loc.line, parameter->loc.col, parameter->name,
                fv_search_name(sweep->kind));
    return FALSE;
}

/* Puts the value behind every line of the message. */
static void add_value(GError *error, const FvSweepParameter *parameter, const char *value)
{
    g_auto(GStrv) lines = g_strsplit(error->message, "\n", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    for (char **line = lines; *line; line++)
        g_string_append_printf(text, "%s%s (with %s=%s, which the sweep draws at %d:%d)", line == lines ? "" : "\n",
                               *line, parameter->name, value, parameter->loc.line, parameter->loc.col);
    g_free(error->message);
    error->message = g_strdup(text->str);
}

static gboolean try_value(const char *file, const char *const *sets, const FvGraph *graph,
                          const FvSweepParameter *parameter, const char *value, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    g_autofree char *set = g_strdup_printf("%s=%s", parameter->name, value);
    g_autoptr(GError) failed = NULL;
    for (; sets && *sets; sets++)
        g_ptr_array_add(all, (char *) *sets);
    g_ptr_array_add(all, set);
    g_ptr_array_add(all, NULL);
    g_autoptr(FvPipeline) tried = fv_pipeline_open(file, (const char *const *) all->pdata, &failed);
    if (tried && has_shapes(tried->graph, &failed))
        return leaves_epochs(graph, tried->graph, parameter, error);
    add_value(failed, parameter, value);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

static gboolean try_parameter(const char *file, const char *const *sets, const FvGraph *graph,
                              const FvSweepParameter *parameter, GError **error)
{
    const double ends[] = { parameter->lo, parameter->hi };
    for (guint i = 0; !parameter->choices && i < G_N_ELEMENTS(ends); i++) {
        g_autofree char *value = fv_number_text(ends[i]);
        if (!try_value(file, sets, graph, parameter, value, error))
            return FALSE;
    }
    for (char **choice = parameter->choices; choice && *choice; choice++)
        if (!try_value(file, sets, graph, parameter, *choice, error))
            return FALSE;
    return TRUE;
}

gboolean fv_sweep_check(const char *file, const char *const *sets, const FvPipeline *pipeline, GError **error)
{
    const FvSweep *sweep = pipeline->graph->sweep;
    for (guint i = 0; sweep && i < sweep->parameters->len; i++)
        if (!try_parameter(file, sets, pipeline->graph, sweep->parameters->pdata[i], error))
            return FALSE;
    return TRUE;
}
