/* SPDX-License-Identifier: MIT
 * query.c: what the rest of fovea asks a plan: layers, terms, buffers, values. */
#include "core/plan/private.h"

guint fv_plan_layers(const FvPlan *plan)
{
    return plan->nodes->len;
}

FvPlanLayer fv_plan_layer(const FvPlan *plan, guint i)
{
    const FvNode *node = plan->nodes->pdata[i];
    FvPlanLayer layer = { .path = node->path,
                          .kind = node->plugin->name,
                          .name = node->name,
                          .out = node->out,
                          .flops = node->flops,
                          .passes = node->passes,
                          .alive = node->alive,
                          .fitted = node->alive && !node->passes && fv_node_layer(node)->fit_passes > 0,
                          .inputs = node->inputs,
                          .input_count = node->input_count };
    for (guint p = 0; p < node->params->len; p++) {
        const FvParam *param = node->params->pdata[p];
        if (param->spec.role != FV_STATISTIC)
            layer.parameters += param->elements;
        if (param->spec.role != FV_STATISTIC && param->frozen)
            layer.frozen += param->elements;
    }
    return layer;
}

static gint64 count_parameters(const GPtrArray *params)
{
    gint64 sum = 0;
    for (guint i = 0; i < params->len; i++) {
        const FvParam *param = params->pdata[i];
        sum += param->spec.role != FV_STATISTIC ? param->elements : 0;
    }
    return sum;
}

gint64 fv_plan_parameter_count(const FvPlan *plan)
{
    return count_parameters(plan->params) + count_parameters(plan->idle);
}

gint64 fv_plan_idle_parameter_count(const FvPlan *plan)
{
    return count_parameters(plan->idle);
}

static gint64 count_frozen(const GPtrArray *params)
{
    gint64 sum = 0;
    for (guint i = 0; i < params->len; i++) {
        const FvParam *param = params->pdata[i];
        sum += param->spec.role != FV_STATISTIC && param->frozen ? param->elements : 0;
    }
    return sum;
}

gint64 fv_plan_frozen_parameter_count(const FvPlan *plan)
{
    return count_frozen(plan->params) + count_frozen(plan->idle);
}

double fv_plan_flops(const FvPlan *plan)
{
    double sum = 0;
    for (guint i = 0; i < plan->nodes->len; i++) {
        const FvNode *node = plan->nodes->pdata[i];
        sum += node->alive && !node->passes ? node->flops : 0;
    }
    return sum;
}

int fv_plan_lanes(const FvPlan *plan)
{
    return plan->lanes;
}

int fv_plan_batch(const FvPlan *plan)
{
    return plan->settings.batch;
}

size_t fv_plan_real_size(const FvPlan *plan)
{
    return plan->real_size;
}

int fv_plan_slots_of_results(const FvPlan *plan)
{
    return plan->settings.slots;
}

FvShape fv_plan_input_shape(const FvPlan *plan)
{
    return plan->input < 0 ? (FvShape){ 0, 0, 0 } : ((FvNode *) plan->nodes->pdata[plan->input])->out;
}

FvShape fv_plan_output_shape(const FvPlan *plan)
{
    return fv_plan_resolve(plan, plan->output)->out;
}

FvBuffer *fv_plan_input(FvPlan *plan)
{
    return plan->input < 0 ? NULL : fv_plan_value(plan, (guint) plan->input);
}

FvBuffer *fv_plan_output(FvPlan *plan)
{
    return fv_plan_value(plan, (guint) plan->output);
}

FvBuffer *fv_plan_value(FvPlan *plan, guint layer)
{
    FvNode *node = fv_plan_resolve(plan, (int) layer);
    return fv_node_y(node);
}

FvBuffer *fv_plan_value_gradient(FvPlan *plan, guint layer)
{
    return fv_node_dy(fv_plan_resolve(plan, (int) layer));
}

FvBuffer *fv_plan_input_gradient(FvPlan *plan)
{
    return plan->input < 0 ? NULL : fv_node_dy(plan->nodes->pdata[plan->input]);
}

static void append_contributions(GArray *shares, const FvNode *reader, const FvNode *value)
{
    for (int i = 0; reader->stores && i < reader->input_count; i++)
        if (reader->stores[i].wanted && fv_plan_resolve(reader->plan, reader->inputs[i]) == value) {
            const FvPlanContribution share = { reader->path, fv_node_dx(reader, i) };
            g_array_append_val(shares, share);
        }
}

GArray *fv_plan_contributions(FvPlan *plan, guint layer)
{
    const FvNode *value = fv_plan_resolve(plan, (int) layer);
    GArray *shares = g_array_new(FALSE, FALSE, sizeof(FvPlanContribution));
    for (guint i = 0; i < plan->terms->len; i++)
        append_contributions(shares, plan->terms->pdata[i], value);
    for (guint i = plan->nodes->len; i-- > 0;)
        append_contributions(shares, plan->nodes->pdata[i], value);
    return shares;
}

FvBuffer *fv_plan_target(FvPlan *plan, const char *name, FvTarget *kind, FvShape *shape)
{
    const FvTargetArea *target = fv_target_find(plan, name);
    if (!target)
        return NULL;
    if (kind)
        *kind = target->kind;
    if (shape)
        *shape = target->shape;
    return &target->area->buffer;
}

FvBuffer *fv_plan_part_target(FvPlan *plan, const char *name, int part)
{
    const FvTargetArea *target = fv_target_find(plan, name);
    return target && target->others && part <= (int) target->others->len
               ? &((FvArea *) target->others->pdata[part - 1])->buffer
               : NULL;
}

FvBuffer *fv_plan_shares(FvPlan *plan)
{
    return plan->shares ? &plan->shares->buffer : NULL;
}

const char *fv_plan_first_target(const FvPlan *plan)
{
    return plan->targets->len > 0 ? ((FvTargetArea *) plan->targets->pdata[0])->name : NULL;
}

guint fv_plan_terms(const FvPlan *plan)
{
    return plan->terms->len;
}

FvPlanTerm fv_plan_term(const FvPlan *plan, guint i)
{
    const FvNode *node = plan->terms->pdata[i];
    const FvMetric *metric = node->plugin->kind == FV_METRIC ? (const FvMetric *) node->plugin : NULL;
    return (FvPlanTerm){ .kind = node->plugin->name,
                         .metric = metric != NULL,
                         .penalty = node->input_count == 0,
                         .stride = node->result_stride,
                         .weight = node->weight,
                         .result = fv_node_result(node),
                         .numbers = node->numbers,
                         .sums = node->sums,
                         .hooks = metric && metric->add ? metric : NULL,
                         .self = node->self };
}

FvDevice *fv_plan_device(const FvPlan *plan)
{
    return plan->device;
}

gboolean fv_plan_read_value(FvPlan *plan, FvBuffer *buffer, FvShape shape, int samples, double *nchw, GError **error)
{
    int blocks = (samples + plan->lanes - 1) / plan->lanes;
    size_t bytes = (size_t) fv_shape_elements(shape) * (size_t) (blocks * plan->lanes) * plan->real_size;
    g_autofree void *raw = g_malloc(MAX(1, bytes));
    if (!fv_device_read(plan->device, buffer->memory, 0, bytes, raw, error))
        return FALSE;
    fv_layout_unpack(raw, samples, shape, plan->lanes, plan->real_size, nchw);
    return TRUE;
}

gboolean fv_plan_write_value(FvPlan *plan, FvBuffer *buffer, FvShape shape, int samples, const FvTensor *nchw,
                             GError **error)
{
    int blocks = (samples + plan->lanes - 1) / plan->lanes;
    gint64 count = fv_shape_elements(shape) * samples;
    size_t bytes = (size_t) fv_shape_elements(shape) * (size_t) (blocks * plan->lanes) * plan->real_size;
    if (fv_tensor_elements(nchw) < count) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the tensor has fewer than %d samples of %dx%dx%d", samples,
                    shape.c, shape.h, shape.w);
        return FALSE;
    }
    g_autofree double *values = g_new(double, MAX(1, count));
    for (gint64 i = 0; i < count; i++)
        values[i] = fv_tensor_get(nchw, i);
    g_autofree void *raw = g_malloc0(MAX(1, bytes));
    fv_layout_pack(values, NULL, samples, shape, plan->lanes, plan->real_size, raw);
    return fv_device_write(plan->device, buffer->memory, 0, bytes, raw, error);
}
