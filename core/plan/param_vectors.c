/* SPDX-License-Identifier: MIT
 * param_vectors.c: records what optimizers that step by themselves do with all parameters at once. */
#include "core/plan/private.h"

#include "param_vectors.cl.h"

#include <math.h>

void fv_vectors_build(FvPlan *plan)
{
    FvUpdate *update = &plan->update;
    update->combine = fv_maps_add_kernel(plan, param_vectors_cl, "combine", NULL);
    update->dot = fv_maps_add_kernel(plan, param_vectors_cl, "dot", NULL);
    update->absolute = fv_maps_add_kernel(plan, param_vectors_cl, "absolute", NULL);
}

double *fv_plan_numbers(FvPlan *plan, int *count)
{
    *count = plan->update.number_count;
    return plan->update.numbers;
}

int fv_plan_spare_slot(const FvPlan *plan)
{
    return plan->settings.slots;
}

static FvArg vector(FvPlan *plan, int number)
{
    g_assert(number >= FV_GRADIENT && number < plan->update.plugin_slots);
    return fv_buffer(number == FV_PARAMETERS ? &plan->all_value
                     : number == FV_GRADIENT ? &plan->all_gradient
                                             : &plan->update.slots[number]);
}

/* The runs that move; parameters that stay are in no vector. */
static const FvRun *moving_run(const FvPlan *plan, guint *at)
{
    const GArray *runs = plan->update.runs;
    while (*at < runs->len && g_array_index(runs, FvRun, *at).rate == 0)
        ++*at;
    return *at < runs->len ? &g_array_index(runs, FvRun, (*at)++) : NULL;
}

static FvList *new_list(FvPlan *plan)
{
    FvList *list = fv_list_new(1, plan->lanes, plan->real_size, TRUE);
    list->layer = plan->graph->optimizer.plugin->name;
    return list;
}

static FvList *finished(FvList *list, GError **error)
{
    if (!list->failed)
        return list;
    g_propagate_error(error, g_steal_pointer(&list->failed));
    fv_list_free(list);
    return NULL;
}

FvList *fv_plan_list_combine(FvPlan *plan, int to, double alpha, int a, double beta, int b, GError **error)
{
    FvList *list = new_list(plan);
    const FvRun *run;
    for (guint at = 0; (run = moving_run(plan, &at));)
        fv_launch(list, plan->update.combine, fv_maps_chunks(plan, run->reals), vector(plan, to), fv_real(alpha),
                  vector(plan, a), fv_real(beta), vector(plan, b), fv_int((int) run->first),
                  fv_int((int) (run->first + run->reals)));
    return finished(list, error);
}

static int part_of(const FvRun *run)
{
    return (int) ((run->reals + FV_PARTIALS - 1) / FV_PARTIALS);
}

FvList *fv_plan_list_dot(FvPlan *plan, int a, int b, GError **error)
{
    FvList *list = new_list(plan);
    const FvRun *run;
    int place = 0;
    for (guint at = 0; (run = moving_run(plan, &at)); place += 2 * FV_PARTIALS)
        fv_launch(list, plan->update.dot, fv_maps_groups(plan, FV_PARTIALS), vector(plan, a), vector(plan, b),
                  fv_buffer(&plan->update.partials->buffer), fv_int((int) run->first),
                  fv_int((int) (run->first + run->reals)), fv_int(part_of(run)), fv_int(place));
    return finished(list, error);
}

FvList *fv_plan_list_absolute(FvPlan *plan, int a, GError **error)
{
    FvList *list = new_list(plan);
    const FvRun *run;
    int place = 0;
    for (guint at = 0; (run = moving_run(plan, &at)); place += 2 * FV_PARTIALS)
        fv_launch(list, plan->update.absolute, fv_maps_groups(plan, FV_PARTIALS), vector(plan, a),
                  fv_buffer(&plan->update.partials->buffer), fv_int((int) run->first),
                  fv_int((int) (run->first + run->reals)), fv_int(part_of(run)), fv_int(place));
    return finished(list, error);
}

gboolean fv_plan_read_sum(FvPlan *plan, double *sum, double *largest, GError **error)
{
    const size_t count = (size_t) 2 * FV_PARTIALS * plan->update.runs->len, size = plan->real_size;
    g_autofree void *raw = g_malloc(MAX(1, count * size));
    double most = 0;
    int place = 0;
    *sum = 0;
    if (!fv_device_read(plan->device, plan->update.partials->buffer.memory, 0, count * size, raw, error))
        return FALSE;
    for (guint at = 0; moving_run(plan, &at); place += 2 * FV_PARTIALS)
        for (int i = 0; i < 2 * FV_PARTIALS; i++) {
            const double number =
                size == sizeof(double) ? ((double *) raw)[place + i] : (double) ((float *) raw)[place + i];
            if (i < FV_PARTIALS)
                *sum += number;
            else
                most = fmax(most, number);
        }
    if (largest)
        *largest = most;
    return TRUE;
}
