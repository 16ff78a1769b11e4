/* SPDX-License-Identifier: MIT
 * trace.c: runs one step in a plan that keeps everything, and reads all of it. */
#include "core/train/trace.h"

#include "core/exec/exec.h"
#include "core/train/apply.h"
#include "core/train/numbers.h"
#include "core/train/pipeline.h"
#include "core/train/rate.h"
#include "core/train/step.h"
#include "core/train/tally.h"
#include "core/train/trace_loss.h"
#include "core/train/weights.h"

#include <string.h>

static void share_free(gpointer data)
{
    FvTraceShare *share = data;
    g_free(share->from);
    g_free(share->numbers);
    g_free(share);
}

static void layer_clear(FvTraceLayer *layer)
{
    g_free(layer->value);
    g_free(layer->gradient);
    g_clear_pointer(&layer->shares, g_ptr_array_unref);
}

static void param_clear(FvTraceParam *param)
{
    fv_tensor_free(param->before);
    fv_tensor_free(param->gradient);
    fv_tensor_free(param->after);
    for (FvTensor **slot = param->slots; slot && *slot; slot++)
        fv_tensor_free(*slot);
    g_free(param->slots);
}

void fv_trace_free(FvTrace *trace)
{
    if (!trace)
        return;
    for (guint i = 0; trace->layers && i < fv_plan_layers(trace->plan); i++)
        layer_clear(&trace->layers[i]);
    for (guint i = 0; trace->terms && i < fv_plan_terms(trace->plan); i++) {
        g_free(trace->terms[i].samples);
        g_free(trace->terms[i].elements);
    }
    for (guint i = 0; trace->params && i < fv_plan_params(trace->plan); i++)
        param_clear(&trace->params[i]);
    g_free(trace->layers);
    g_free(trace->terms);
    g_free(trace->params);
    fv_tensor_free(trace->target);
    fv_plan_free(trace->plan);
    g_free(trace);
}

/* ------------------------------------------------------------------ loading */

static FvPlan *make_plan(const FvTraceSettings *settings, gboolean doubles, int batch, GError **error)
{
    const FvPlanSettings wanted = { .purpose = settings->target ? FV_FOR_TRAINING : FV_FOR_PREDICTION,
                                    .batch = batch,
                                    .lanes = 1,
                                    .doubles = doubles,
                                    .input_gradient = TRUE,
                                    .keep = TRUE,
                                    .contributions = TRUE };
    return fv_pipeline_plan(settings->graph, settings->device, &wanted, error);
}

static gboolean set_param(FvPlan *plan, const char *text, GError **error)
{
    const char *equals = strchr(text, '=');
    g_autofree char *name = equals ? g_strndup(text, (gsize) (equals - text)) : NULL;
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    if (!equals) {
        g_set_error(error, FV_ERROR, FV_ERROR_SYNTAX, "--param %s: write --param NAME=NUMBER,NUMBER...", text);
        return FALSE;
    }
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        g_ptr_array_add(names, (gpointer) param.name);
        if (!g_str_equal(param.name, name))
            continue;
        g_autoptr(FvTensor) tensor = fv_plan_get_param(plan, i, error);
        return tensor && fv_numbers_fill(tensor, equals + 1, name, error) && fv_plan_set_param(plan, i, tensor, error);
    }
    g_ptr_array_add(names, NULL);
    const char *nearest = fv_nearest(name, (const char *const *) names->pdata);
    g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "--param %s: the net has no such parameter%s%s%s", name,
                nearest ? "; did you mean \"" : "", nearest ? nearest : "", nearest ? "\"?" : "");
    return FALSE;
}

static gboolean set_params(FvPlan *plan, const FvTraceSettings *settings, GError **error)
{
    if (!fv_weights_begin(plan, &settings->begin, NULL, error))
        return FALSE;
    for (const char *const *param = settings->params; param && *param; param++)
        if (!set_param(plan, *param, error))
            return FALSE;
    return TRUE;
}

/* The plan of a net for one sample: only its shapes are of interest. */
static FvTensor *read_input(const FvTraceSettings *settings, FvShape *shape, GError **error)
{
    g_autoptr(FvPlan) plan = make_plan(settings, FALSE, 1, error);
    if (!plan)
        return NULL;
    *shape = fv_plan_input_shape(plan);
    return fv_numbers_read(settings->in, *shape, "--in", error);
}

/* Classes where the first loss with a target wants these, else numbers. */
static FvTensor *read_target(FvPlan *plan, const char *text, GError **error)
{
    FvTarget kind = FV_TARGET_NONE;
    FvShape shape = { 0, 0, 0 };
    const char *name = fv_plan_first_target(plan);
    if (!name || !fv_plan_target(plan, name, &kind, &shape)) {
        g_set_error_literal(error, FV_ERROR, FV_ERROR_DATA, "--target: the pipeline has no loss with a target");
        return NULL;
    }
    return kind == FV_TARGET_CLASS ? fv_numbers_read_classes(text, "--target", error)
                                   : fv_numbers_read(text, shape, "--target", error);
}

static gboolean load(FvTrace *trace, const FvTraceSettings *settings, const FvTensor *in, GError **error)
{
    FvPlan *plan = trace->plan;
    g_autoptr(FvTraceLoss) loss = fv_trace_loss_new(settings->graph);
    if (!fv_plan_load(plan, settings->device, settings->target ? fv_trace_loss_sources(loss) : NULL, error) ||
        !set_params(plan, settings, error) ||
        !fv_plan_write_value(plan, fv_plan_input(plan), fv_plan_input_shape(plan), trace->samples, in, error))
        return FALSE;
    trace->params = g_new0(FvTraceParam, fv_plan_params(plan) + 1);
    for (guint i = 0; i < fv_plan_params(plan); i++)
        if (!(trace->params[i].before = fv_plan_get_param(plan, i, error)))
            return FALSE;
    if (!settings->target)
        return TRUE;
    trace->target = read_target(plan, settings->target, error);
    return trace->target &&
           fv_apply_set_targets(plan, settings->graph, trace->target, "--target", trace->samples, error);
}

/* ------------------------------------------------------------------ running */

static double rate_of(const FvPlan *plan, const FvGraph *graph)
{
    const FvProgress first = { .step = 0, .steps = graph->epochs, .epoch_steps = 1 };
    return fv_plan_rate(plan) * fv_rate_factor(&graph->schedule, &first);
}

static gboolean enqueue(const FvTrace *trace, const FvTraceSettings *settings, FvListKind kind, GError **error)
{
    const FvList *list = fv_plan_list(trace->plan, kind, trace->samples, error);
    const FvStep step = { .seed = settings->begin.seed };
    return list && fv_exec_enqueue(settings->device, list, &step, error);
}

static gboolean run(FvTrace *trace, const FvTraceSettings *settings, GError **error)
{
    trace->backward = settings->target != NULL;
    trace->updated = trace->backward && settings->graph->optimizer.plugin;
    trace->rate = trace->updated ? rate_of(trace->plan, settings->graph) : 0;
    if (!trace->backward)
        return enqueue(trace, settings, FV_LIST_PACK, error) && enqueue(trace, settings, FV_LIST_PREDICT, error);
    const FvStep now = { .rate = trace->rate, .seed = settings->begin.seed };
    return fv_step_take(trace->plan, settings->graph, trace->updated ? FV_LIST_TRAIN : FV_LIST_GRADIENT, &now,
                        trace->samples, error);
}

/* ------------------------------------------------------------------ reading */

static double *read_value(const FvTrace *trace, guint layer, FvBuffer *buffer, GError **error)
{
    const FvShape shape = fv_plan_layer(trace->plan, layer).out;
    g_autofree double *numbers = g_new(double, fv_shape_elements(shape) * trace->samples);
    if (!fv_plan_read_value(trace->plan, buffer, shape, trace->samples, numbers, error))
        return NULL;
    return g_steal_pointer(&numbers);
}

static gboolean read_shares(const FvTrace *trace, guint layer, GPtrArray *shares, GError **error)
{
    g_autoptr(GArray) all = fv_plan_contributions(trace->plan, layer);
    for (guint i = 0; i < all->len; i++) {
        const FvPlanContribution *share = &g_array_index(all, FvPlanContribution, i);
        FvTraceShare *read = g_new0(FvTraceShare, 1);
        g_ptr_array_add(shares, read);
        read->from = g_strdup(share->from);
        read->numbers = read_value(trace, layer, share->gradient, error);
        if (!read->numbers)
            return FALSE;
    }
    return TRUE;
}

static gboolean read_layers(FvTrace *trace, GError **error)
{
    FvPlan *plan = trace->plan;
    trace->layers = g_new0(FvTraceLayer, fv_plan_layers(plan) + 1);
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        FvTraceLayer *read = &trace->layers[i];
        if (!layer.alive || layer.passes)
            continue;
        if (!(read->value = read_value(trace, i, fv_plan_value(plan, i), error)))
            return FALSE;
        FvBuffer *gradient = trace->backward ? fv_plan_value_gradient(plan, i) : NULL;
        read->shares = g_ptr_array_new_with_free_func(share_free);
        if (gradient &&
            (!(read->gradient = read_value(trace, i, gradient, error)) || !read_shares(trace, i, read->shares, error)))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_term(FvTrace *trace, guint i, GError **error)
{
    const FvPlanTerm term = fv_plan_term(trace->plan, i);
    FvTraceTerm *read = &trace->terms[i];
    const int count = term.penalty ? term.stride : trace->samples;
    const size_t size = fv_plan_real_size(trace->plan);
    g_autofree void *raw = g_malloc((gsize) count * size);
    g_autofree double *numbers = g_new(double, count);
    double sum = 0;
    if (!fv_device_read(fv_plan_device(trace->plan), term.result->memory, 0, (size_t) count * size, raw, error))
        return FALSE;
    for (int k = 0; k < count; k++)
        sum += numbers[k] = size == sizeof(double) ? ((double *) raw)[k] : (double) ((float *) raw)[k];
    read->mean = term.penalty ? sum : sum / trace->samples;
    read->samples = term.penalty ? NULL : g_steal_pointer(&numbers);
    trace->loss += term.metric ? 0 : read->mean;
    return TRUE;
}

static gboolean read_terms(FvTrace *trace, const FvGraph *graph, GError **error)
{
    trace->terms = g_new0(FvTraceTerm, fv_plan_terms(trace->plan) + 1);
    for (guint i = 0; trace->backward && i < fv_plan_terms(trace->plan); i++)
        if (!read_term(trace, i, error))
            return FALSE;
    return !trace->backward || fv_trace_loss_read(graph, trace, error);
}

static gboolean read_slots(FvTrace *trace, guint i, GError **error)
{
    const char *const *names = fv_plan_slots(trace->plan);
    trace->params[i].slots = g_new0(FvTensor *, g_strv_length((char **) names) + 1);
    for (guint s = 0; names[s]; s++)
        if (!(trace->params[i].slots[s] = fv_plan_get_slot(trace->plan, i, s, error)))
            return FALSE;
    return TRUE;
}

static gboolean read_params(FvTrace *trace, GError **error)
{
    for (guint i = 0; trace->backward && i < fv_plan_params(trace->plan); i++) {
        FvTraceParam *param = &trace->params[i];
        if (fv_plan_param(trace->plan, i).trained &&
            (!(param->gradient = fv_plan_get_gradient(trace->plan, i, error)) ||
             (trace->updated && !read_slots(trace, i, error))))
            return FALSE;
        if (trace->updated && !(param->after = fv_plan_get_param(trace->plan, i, error)))
            return FALSE;
    }
    return TRUE;
}

FvTrace *fv_trace_new(const FvTraceSettings *settings, GError **error)
{
    g_autoptr(FvTrace) trace = g_new0(FvTrace, 1);
    FvShape shape;
    g_autoptr(FvTensor) in = read_input(settings, &shape, error);
    if (!in || !fv_apply_check_shape(in, settings->in, shape, &trace->samples, error))
        return NULL;
    trace->doubles = settings->device->info->has_double;
    trace->plan = make_plan(settings, trace->doubles, trace->samples, error);
    if (!trace->plan || !load(trace, settings, in, error) || !run(trace, settings, error) ||
        !read_layers(trace, error) || !read_terms(trace, settings->graph, error) || !read_params(trace, error))
        return NULL;
    return g_steal_pointer(&trace);
}
