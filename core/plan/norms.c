/* SPDX-License-Identifier: MIT
 * norms.c: how long the gradient of each parameter is, for those who watch a training. */
#include "core/plan/private.h"

#include "update.cl.h"

#include <float.h>
#include <math.h>

/* Only what the optimizer moves has a gradient that says something. */
static gboolean is_measured(const FvPlan *plan, const FvParam *param)
{
    for (guint i = 0; i < plan->update.runs->len && param->spec.role != FV_STATISTIC; i++) {
        const FvRun *run = &g_array_index(plan->update.runs, FvRun, i);
        if (run->rate != 0 && param->offset >= run->first && param->offset < run->first + run->reals)
            return TRUE;
    }
    return FALSE;
}

static guint64 count_measured(const FvPlan *plan)
{
    guint64 count = 0;
    for (guint i = 0; i < plan->params->len; i++)
        count += is_measured(plan, plan->params->pdata[i]);
    return count;
}

void fv_norms_lay_out(FvPlan *plan, guint64 align)
{
    plan->update.norms = NULL;
    if (plan->settings.purpose == FV_FOR_TRAINING && plan->graph->optimizer.plugin)
        plan->update.norms =
            fv_plan_add_area(plan, FV_PARTIALS * count_measured(plan), plan->real_size, -1, FV_ALWAYS, align);
}

void fv_norms_build(FvPlan *plan)
{
    if (plan->update.norms && !plan->update.squares)
        plan->update.squares = fv_maps_add_kernel(plan, update_cl, "squares", NULL);
}

void fv_norms_record(FvPlan *plan, FvList *list)
{
    int at = 0;
    for (guint i = 0; i < plan->params->len; i++) {
        const FvParam *param = plan->params->pdata[i];
        const int first = (int) param->offset, elements = (int) param->elements;
        if (!is_measured(plan, param))
            continue;
        list->layer = param->node->path;
        fv_launch(list, plan->update.squares, fv_maps_groups(plan, FV_PARTIALS), fv_buffer(&plan->all_gradient),
                  fv_buffer(&plan->update.norms->buffer), fv_int(first), fv_int(first + elements),
                  fv_int((elements + FV_PARTIALS - 1) / FV_PARTIALS), fv_int(at), fv_real((double) FLT_MAX));
        at += FV_PARTIALS;
    }
}

static double sum_of(const FvPlan *plan, const void *partials, int at)
{
    double sum = 0;
    for (int i = 0; i < FV_PARTIALS; i++)
        sum += plan->real_size == sizeof(double) ? ((const double *) partials)[at + i]
                                                 : (double) ((const float *) partials)[at + i];
    return sum;
}

static void add_layer(GArray *layers, const char *path, double squares)
{
    FvPlanNorm *last = layers->len ? &g_array_index(layers, FvPlanNorm, layers->len - 1) : NULL;
    const FvPlanNorm own = { path, sqrt(squares) };
    if (last && last->path == path)
        last->norm = sqrt(last->norm * last->norm + squares);
    else
        g_array_append_val(layers, own);
}

gboolean fv_plan_read_norms(FvPlan *plan, double *norm, GArray *layers, GError **error)
{
    const size_t bytes = FV_PARTIALS * count_measured(plan) * plan->real_size;
    g_autofree void *partials = g_malloc0(MAX(1, bytes));
    double squares = 0;
    int at = 0;
    if (bytes > 0 && !fv_device_read(plan->device, plan->update.norms->buffer.memory, 0, bytes, partials, error))
        return FALSE;
    for (guint i = 0; i < plan->params->len; i++) {
        const FvParam *param = plan->params->pdata[i];
        if (!is_measured(plan, param))
            continue;
        const double own = sum_of(plan, partials, at);
        squares += own;
        at += FV_PARTIALS;
        if (layers)
            add_layer(layers, param->node->path, own);
    }
    *norm = sqrt(squares);
    return TRUE;
}
