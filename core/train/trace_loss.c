/* SPDX-License-Identifier: MIT
 * trace_loss.c: makes kernels of losses' maps that write what the plan's kernels add up. */
#include "core/train/trace_loss.h"

#include "core/exec/exec.h"

struct FvTraceLoss {
    GPtrArray *sources; /* of char, NULL-ended */
};

/* A penalty has a map, too, but no elements to be shown beside a value. */
static gboolean is_sum(const FvTerm *term)
{
    const FvLoss *loss = (const FvLoss *) term->use.plugin;
    return loss->target == FV_TARGET_VALUE && loss->forward_map;
}

static char *source_of(const FvTerm *term)
{
    g_autoptr(GString) source = g_string_new(NULL);
    fv_state_defines(term->use.state, source);
    g_string_append_printf(source,
                           "kernel void FV_NAME(elements)(global const real *fv_x, global const real *fv_t, "
                           "global real *fv_l)\n{\n"
                           "    size_t fv_i = get_global_id(0);\n"
                           "    real x = fv_x[fv_i], t = fv_t[fv_i], l;\n"
                           "    {\n%s\n    }\n"
                           "    fv_l[fv_i] = l;\n}\n",
                           ((const FvLoss *) term->use.plugin)->forward_map);
    fv_state_undefines(term->use.state, source);
    return g_string_free(g_steal_pointer(&source), FALSE);
}

FvTraceLoss *fv_trace_loss_new(const FvGraph *graph)
{
    FvTraceLoss *loss = g_new0(FvTraceLoss, 1);
    loss->sources = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < graph->losses->len; i++)
        if (is_sum(graph->losses->pdata[i]))
            g_ptr_array_add(loss->sources, source_of(graph->losses->pdata[i]));
    g_ptr_array_add(loss->sources, NULL);
    return loss;
}

void fv_trace_loss_free(FvTraceLoss *loss)
{
    g_ptr_array_unref(loss->sources);
    g_free(loss);
}

const char *const *fv_trace_loss_sources(const FvTraceLoss *loss)
{
    return (const char *const *) loss->sources->pdata;
}

static gboolean read_elements(FvTrace *trace, const FvTerm *term, guint which, double **elements, GError **error)
{
    FvPlan *plan = trace->plan;
    FvDevice *device = fv_plan_device(plan);
    const FvShape shape = fv_plan_layer(plan, (guint) term->value).out;
    FvBuffer *x = fv_plan_value(plan, (guint) term->value);
    FvBuffer *target = fv_plan_target(plan, term->target, NULL, NULL);
    FvBuffer out = { .memory = fv_device_alloc(device, (size_t) x->bytes, error), .bytes = x->bytes };
    const int lanes = fv_plan_lanes(plan), blocks = (trace->samples + lanes - 1) / lanes;
    g_autoptr(FvList) list = fv_list_new(trace->samples, lanes, fv_plan_real_size(plan), FALSE);
    g_autofree double *numbers = g_new(double, fv_shape_elements(shape) * trace->samples);
    if (!out.memory)
        return FALSE;
    list->layer = term->use.plugin->name;
    fv_launch(list, fv_plan_extra_kernel(plan, which, "elements"),
              FV_GRID((size_t) (fv_shape_elements(shape) * lanes * blocks)), fv_buffer(x), fv_buffer(target),
              fv_buffer(&out));
    const gboolean done = (!list->failed || (g_propagate_error(error, g_steal_pointer(&list->failed)), FALSE)) &&
                          fv_exec_enqueue(device, list, &(FvStep){ 0 }, error) &&
                          fv_plan_read_value(plan, &out, shape, trace->samples, numbers, error);
    clReleaseMemObject(out.memory);
    *elements = done ? g_steal_pointer(&numbers) : NULL;
    return done;
}

gboolean fv_trace_loss_read(const FvGraph *graph, FvTrace *trace, GError **error)
{
    guint which = 0;
    for (guint i = 0; i < graph->losses->len; i++) {
        const FvTerm *term = graph->losses->pdata[i];
        if (is_sum(term) && !read_elements(trace, term, which++, &trace->terms[i].elements, error))
            return FALSE;
    }
    return TRUE;
}
