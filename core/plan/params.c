/* SPDX-License-Identifier: MIT
 * params.c: parameters of a loaded plan: how they begin, and their way to and from the host. */
#include "core/plan/private.h"

#include <math.h>
#include <string.h>

guint fv_plan_params(const FvPlan *plan)
{
    return plan->params->len;
}

gboolean fv_plan_has_idle_param(const FvPlan *plan, const char *name)
{
    for (guint i = 0; i < plan->idle->len; i++)
        if (g_str_equal(((const FvParam *) plan->idle->pdata[i])->name, name))
            return TRUE;
    return FALSE;
}

FvPlanParam fv_plan_param(const FvPlan *plan, guint i)
{
    const FvParam *param = plan->params->pdata[i];
    return (FvPlanParam){ .name = param->name, .spec = param->spec, .trained = param->spec.role != FV_STATISTIC };
}

gboolean fv_plan_keeps_samples(const FvPlan *plan)
{
    for (guint i = 0; i < plan->params->len; i++)
        if (((const FvParam *) plan->params->pdata[i])->spec.per_sample)
            return TRUE;
    return FALSE;
}

static void fill(const FvParam *param, FvRandom *random, FvTensor *tensor)
{
    const FvInit *init = &param->spec.init;
    double deviation = init->kind == FV_INIT_HE ? sqrt(2.0 / (double) MAX(1, param->spec.fan_in)) : (double) init->std;
    double bound = sqrt(6.0 / (double) MAX(1, param->spec.fan_in + param->spec.fan_out));
    for (gint64 i = 0; i < param->elements; i++) {
        double value = 0;
        switch (init->kind) {
        case FV_INIT_ZEROS:
            break;
        case FV_INIT_ONES:
            value = 1;
            break;
        case FV_INIT_CONSTANT:
            value = (double) init->std;
            break;
        case FV_INIT_XAVIER:
            value = fv_random_range(random, -bound, bound);
            break;
        case FV_INIT_GAUSSIAN:
        case FV_INIT_HE:
            value = deviation * fv_random_gaussian(random);
            break;
        }
        fv_tensor_set(tensor, i, value);
    }
}

static FvTensor *tensor_for(const FvPlan *plan, const FvParam *param, GError **error)
{
    gint64 dims[4];
    for (int d = 0; d < param->spec.rank; d++)
        dims[d] = param->spec.dims[d];
    return fv_tensor_new(plan->settings.doubles ? FV_F64 : FV_F32, param->spec.rank, dims, error);
}

static FvTensor *get(FvPlan *plan, guint i, cl_mem memory, GError **error)
{
    const FvParam *param = plan->params->pdata[i];
    g_autoptr(FvTensor) tensor = tensor_for(plan, param, error);
    if (!tensor || !fv_device_read(plan->device, memory, param->offset * plan->real_size,
                                   (size_t) param->elements * plan->real_size, tensor->data, error))
        return NULL;
    return g_steal_pointer(&tensor);
}

static gboolean set(FvPlan *plan, guint i, cl_mem memory, const FvTensor *from, GError **error)
{
    const FvParam *param = plan->params->pdata[i];
    gboolean same = from->rank == param->spec.rank;
    for (int d = 0; same && d < from->rank; d++)
        same = from->dims[d] == param->spec.dims[d];
    g_autoptr(FvTensor) tensor = tensor_for(plan, param, error);
    if (!tensor)
        return FALSE;
    if (!same) {
        g_autofree char *has = fv_tensor_dims_text(from);
        g_autofree char *wants = fv_tensor_dims_text(tensor);
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %s, the net's is %s", param->name, has, wants);
        return FALSE;
    }
    const void *data = from->data;
    if (from->dtype != tensor->dtype) {
        for (gint64 k = 0; k < param->elements; k++)
            fv_tensor_set(tensor, k, fv_tensor_get(from, k));
        data = tensor->data;
    }
    return fv_device_write(plan->device, memory, param->offset * plan->real_size,
                           (size_t) param->elements * plan->real_size, data, error);
}

gboolean fv_plan_initialise(FvPlan *plan, guint64 seed, GError **error)
{
    enum { STREAM = 0x1717 }; /* apart from the streams of samples */
    for (guint i = 0; i < plan->params->len; i++) {
        const FvParam *param = plan->params->pdata[i];
        FvRandom random = fv_random(seed, G_MAXUINT32, param->number, STREAM);
        g_autoptr(FvTensor) tensor = tensor_for(plan, param, error);
        if (!tensor)
            return FALSE;
        fill(param, &random, tensor);
        if (!fv_plan_set_param(plan, i, tensor, error))
            return FALSE;
    }
    FvUpdate *update = &plan->update;
    memset(update->numbers, 0, (size_t) update->number_count * sizeof *update->numbers);
    for (int s = 0; s < update->slot_count; s++) {
        const cl_uint zero = 0;
        cl_int code = clEnqueueFillBuffer(plan->device->queue, update->slots[s].memory, &zero, sizeof zero, 0,
                                          MAX(FV_ALIGN, plan->trained_reals * plan->real_size), 0, NULL, NULL);
        if (code != CL_SUCCESS)
            return fv_cl_fail(code, "clearing the optimizer's state", error);
    }
    return TRUE;
}

FvTensor *fv_plan_get_param(FvPlan *plan, guint i, GError **error)
{
    return get(plan, i, plan->param_memory, error);
}

FvTensor *fv_plan_get_gradient(FvPlan *plan, guint i, GError **error)
{
    return get(plan, i, plan->gradient_memory, error);
}

FvTensor *fv_plan_get_slot(FvPlan *plan, guint i, guint slot, GError **error)
{
    return get(plan, i, plan->update.slots[slot].memory, error);
}

gboolean fv_plan_set_param(FvPlan *plan, guint i, const FvTensor *tensor, GError **error)
{
    return set(plan, i, plan->param_memory, tensor, error);
}

gboolean fv_plan_set_slot(FvPlan *plan, guint i, guint slot, const FvTensor *tensor, GError **error)
{
    return set(plan, i, plan->update.slots[slot].memory, tensor, error);
}

static gboolean copy_params(const FvPlan *plan, cl_mem from, cl_mem to, GError **error)
{
    const size_t bytes = MAX(FV_ALIGN, plan->param_reals * plan->real_size);
    cl_int code = clEnqueueCopyBuffer(plan->device->queue, from, to, 0, 0, bytes, 0, NULL, NULL);
    return code == CL_SUCCESS || fv_cl_fail(code, "copying parameters", error);
}

cl_mem fv_plan_copy_params(FvPlan *plan, GError **error)
{
    const size_t bytes = MAX(FV_ALIGN, plan->param_reals * plan->real_size);
    cl_mem copy = fv_device_alloc(plan->device, bytes, error);
    if (!copy || copy_params(plan, plan->param_memory, copy, error))
        return copy;
    clReleaseMemObject(copy);
    return NULL;
}

gboolean fv_plan_put_params(FvPlan *plan, cl_mem copy, GError **error)
{
    return copy_params(plan, copy, plan->param_memory, error);
}

const char *const *fv_plan_slots(const FvPlan *plan)
{
    return (const char *const *) plan->update.slot_names;
}

gboolean fv_plan_averages(const FvPlan *plan)
{
    return plan->update.averages >= 0;
}

double fv_plan_rate(const FvPlan *plan)
{
    const FvUse *use = &plan->graph->optimizer;
    const FvOption *rate = use->plugin ? fv_option_find(use->plugin, "rate", NULL) : NULL;
    return rate ? (double) G_STRUCT_MEMBER(float, fv_state_self(use->state), rate->offset) : 0;
}
