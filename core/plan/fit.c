/* SPDX-License-Identifier: MIT
 * fit.c: what a layer that is being fitted is given, and what it leaves. */
#include "core/plan/fit.h"

#include "core/plan/private.h"

#include <string.h>

struct FvFit {
    FvNode *node;
    const FvLayer *layer;
    gint64 samples;
    int classes, pass;
    GPtrArray *numbers; /* of double *, NULL where never asked for */
    FvTensor **params;  /* of the node; NULL where never asked for */
};

FvFit *fv_fit_new(FvPlan *plan, guint layer, gint64 samples, int classes)
{
    FvFit *fit = g_new0(FvFit, 1);
    fit->node = plan->nodes->pdata[layer];
    fit->layer = fv_node_layer(fit->node);
    fit->samples = samples;
    fit->classes = classes;
    fit->numbers = g_ptr_array_new_with_free_func(g_free);
    fit->params = g_new0(FvTensor *, fit->node->params->len + 1);
    return fit;
}

void fv_fit_free(FvFit *fit)
{
    if (!fit)
        return;
    g_ptr_array_unref(fit->numbers);
    for (guint i = 0; i < fit->node->params->len; i++)
        if (fit->params[i])
            fv_tensor_free(fit->params[i]);
    g_free(fit->params);
    g_free(fit);
}

/* ------------------------------------------------------------- for the hooks */

gint64 fv_fit_samples(const FvFit *fit)
{
    return fit->samples;
}

int fv_fit_classes(const FvFit *fit)
{
    return fit->classes;
}

int fv_fit_pass(const FvFit *fit)
{
    return fit->pass;
}

double *fv_fit_numbers(FvFit *fit, int i, gint64 count)
{
    if ((int) fit->numbers->len <= i)
        g_ptr_array_set_size(fit->numbers, i + 1);
    if (!fit->numbers->pdata[i])
        fit->numbers->pdata[i] = g_new0(double, count);
    return fit->numbers->pdata[i];
}

float *fv_fit_param(FvFit *fit, int i)
{
    const FvParam *param = fit->node->params->pdata[i];
    if (!fit->params[i]) {
        gint64 dims[4];
        for (int d = 0; d < param->spec.rank; d++)
            dims[d] = param->spec.dims[d];
        fit->params[i] = fv_tensor_new(FV_F32, param->spec.rank, dims, NULL);
    }
    if (!fit->params[i])
        g_error("no memory for %s", param->name); /* as g_new() ends */
    return fit->params[i]->data;
}

/* ------------------------------------------------------------------- passes */

int fv_fit_passes(const FvFit *fit)
{
    return fit->layer->fit_passes;
}

static gboolean prefix(const FvFit *fit, GError **error)
{
    g_prefix_error(error, "%s: ", fit->node->path);
    return FALSE;
}

gboolean fv_fit_take(FvFit *fit, int samples, const int *labels, GError **error)
{
    const FvShape shape = fv_node_input(fit->node, 0);
    g_autofree double *x = g_new(double, fv_shape_elements(shape) * samples);
    const FvFitBatch batch = { samples, x, labels };
    if (!fv_plan_read_value(fit->node->plan, fv_node_x(fit->node, 0), shape, samples, x, error))
        return FALSE;
    return fit->layer->fit_batch(fit->node, fit->node->self, fit, &batch, error) || prefix(fit, error);
}

/* The parameter's number in the plan. */
static guint number_of(const FvPlan *plan, const FvParam *param)
{
    guint number = 0;
    g_ptr_array_find(plan->params, param, &number);
    return number;
}

static gboolean set_params(FvFit *fit, GError **error)
{
    FvPlan *plan = fit->node->plan;
    for (guint i = 0; i < fit->node->params->len; i++)
        if (fit->params[i] &&
            !fv_plan_set_param(plan, number_of(plan, fit->node->params->pdata[i]), fit->params[i], error))
            return FALSE;
    return TRUE;
}

gboolean fv_fit_end_pass(FvFit *fit, GError **error)
{
    if (fit->layer->fit_end && !fit->layer->fit_end(fit->node, fit->node->self, fit, error))
        return prefix(fit, error);
    return ++fit->pass < fit->layer->fit_passes || set_params(fit, error);
}
