/* SPDX-License-Identifier: MIT
 * update.c: what an optimizer does with the parameters: its slots, the update as one kernel made of the plugin's
 * statements, and what the pipeline's settings add to it: gradients of several batches, limits, noise, averages. */
#include "core/plan/private.h"

#include "update.cl.h"

#include <float.h>

/* Slots of the settings; a plugin's are words of OpenCL C, which have no blank. */
static const char gathered_name[] = "gathered gradient", averages_name[] = "averaged parameter";

static const FvOptim *optim_of(const FvPlan *plan)
{
    const gboolean training = plan->settings.purpose == FV_FOR_TRAINING;
    return training ? (const FvOptim *) plan->graph->optimizer.plugin : NULL;
}

static const FvOptimCommon *common_of(const FvPlan *plan)
{
    return fv_state_self(plan->graph->optimizer.common);
}

gboolean fv_update_steps(const FvPlan *plan)
{
    return optim_of(plan) && optim_of(plan)->step;
}

/* -------------------------------------------------------------------- layout */

static int compare_offsets(const void *a, const void *b)
{
    const FvParam *const *x = a, *const *y = b;
    return (*x)->offset < (*y)->offset ? -1 : (*x)->offset > (*y)->offset;
}

/* What lies between two parameters is 0 everywhere, and belongs to the run of the first. */
static void find_runs(FvPlan *plan)
{
    GArray *runs = plan->update.runs;
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    g_array_set_size(runs, 0);
    for (guint i = 0; i < plan->params->len; i++) {
        FvParam *param = plan->params->pdata[i];
        if (fv_param_trained(param))
            g_ptr_array_add(sorted, param);
    }
    g_ptr_array_sort(sorted, compare_offsets);
    for (guint i = 0; i < sorted->len; i++) {
        const FvParam *param = sorted->pdata[i];
        const guint64 end = i + 1 < sorted->len ? ((FvParam *) sorted->pdata[i + 1])->offset : plan->trained_reals;
        FvRun *last = runs->len ? &g_array_index(runs, FvRun, runs->len - 1) : NULL;
        if (last && last->rate == param->node->rate) {
            last->reals = end - last->first;
        } else {
            const FvRun run = { param->offset, end - param->offset, param->node->rate };
            g_array_append_val(runs, run);
        }
    }
}

static void name_slots(FvPlan *plan)
{
    FvUpdate *update = &plan->update;
    const FvOptim *optim = optim_of(plan);
    const void *self = optim ? fv_state_self(plan->graph->optimizer.state) : NULL;
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    update->plugin_slots = 0;
    update->gathered = update->averages = -1;
    if (optim && optim->step) {
        update->plugin_slots = MAX(0, optim->vectors(self));
        update->number_count = MAX(0, optim->numbers(self));
    }
    for (int i = 0; optim && optim->step && i < update->plugin_slots; i++) {
        g_autofree char *name = g_strdup_printf("vector%d", i);
        g_strv_builder_add(names, name);
    }
    for (int i = 0; optim && !optim->step && optim->slots[i]; i++, update->plugin_slots++)
        g_strv_builder_add(names, optim->slots[i]);
    update->slot_count = update->plugin_slots;
    if (optim && plan->graph->accumulate > 1) {
        g_strv_builder_add(names, gathered_name);
        update->gathered = update->slot_count++;
    }
    if (optim && plan->graph->ema > 0) {
        g_strv_builder_add(names, averages_name);
        update->averages = update->slot_count++;
    }
    update->slot_names = g_strv_builder_end(names);
    update->slots = g_new0(FvBuffer, update->slot_count + 1);
    update->numbers = g_new0(double, update->number_count + 1);
}

void fv_update_lay_out(FvPlan *plan, guint64 align)
{
    FvUpdate *update = &plan->update;
    if (!update->runs) {
        update->runs = g_array_new(FALSE, FALSE, sizeof(FvRun));
        name_slots(plan);
    }
    find_runs(plan);
    update->partials = NULL;
    /* Two numbers for each part of a run, and the factor that comes of them. */
    if (optim_of(plan) && (optim_of(plan)->step || common_of(plan)->clip_norm > 0))
        update->partials = fv_plan_add_area(plan, 2 * FV_PARTIALS * (guint64) update->runs->len + 1, plan->real_size,
                                            -1, FV_ALWAYS, align);
}

void fv_update_clear(FvUpdate *update)
{
    g_clear_pointer(&update->runs, g_array_unref);
    g_clear_pointer(&update->slot_names, g_strfreev);
    g_clear_pointer(&update->slots, g_free);
    g_clear_pointer(&update->numbers, g_free);
}

/* ------------------------------------------------------------------- kernels */

/* One kernel over all parameters: what the plugin says, on limited gradients where settings ask for that. */
static FvKernel *build_map(FvPlan *plan)
{
    const FvOptim *optim = optim_of(plan);
    const gboolean value = common_of(plan)->clip_value > 0, norm = common_of(plan)->clip_norm > 0;
    g_autoptr(GString) source = g_string_new(
        "FV_KERNEL FV_NAME(update)(global real *restrict fv_w, "
        "global const real *restrict fv_g, real fv_rate, uint fv_update, "
        "int first, int last");
    g_string_append(source, value ? ", real fv_limit" : "");
    g_string_append(source, norm ? ", global const real *restrict fv_scale, int fv_scale_at" : "");
    for (int i = 0; optim->slots[i]; i++)
        g_string_append_printf(source, ", global real *restrict fv_%s", optim->slots[i]);
    fv_maps_append_params(plan->graph->optimizer.state, source);
    g_string_append(source,
                    ")\n{\n"
                    "    size_t fv_begin = first + (size_t)get_group_id(0) * FV_CHUNK;\n"
                    "    size_t fv_end = min(fv_begin + FV_CHUNK, (size_t)last);\n"
                    "    int t = (int)fv_update + 1;\n");
    g_string_append(source, norm ? "    real fv_factor = fv_scale[fv_scale_at];\n" : "");
    g_string_append(source,
                    "    for (size_t fv_i = fv_begin + FV_ME; fv_i < fv_end; fv_i += FV_WORKERS) {\n"
                    "        real w = fv_w[fv_i], g = fv_g[fv_i];\n");
    g_string_append(source, value ? "        g = clamp(g, -fv_limit, fv_limit);\n" : "");
    g_string_append(source, norm ? "        g *= fv_factor;\n" : "");
    for (int i = 0; optim->slots[i]; i++)
        g_string_append_printf(source, "        real %s = fv_%s[fv_i];\n", optim->slots[i], optim->slots[i]);
    /* The schedule's rate of this step takes the place of the option. */
    g_string_append_printf(source,
                           "        real rate = fv_rate;\n        {\n%s\n        }\n"
                           "        fv_w[fv_i] = w;\n",
                           optim->update_map);
    for (int i = 0; optim->slots[i]; i++)
        g_string_append_printf(source, "        fv_%s[fv_i] = %s;\n", optim->slots[i], optim->slots[i]);
    g_string_append(source, "    }\n}\n");
    return fv_maps_add_open_kernel(plan, source->str, "update", plan->graph->optimizer.state);
}

void fv_update_build(FvPlan *plan)
{
    FvUpdate *update = &plan->update;
    const FvOptimCommon *common = common_of(plan);
    const gboolean steps = fv_update_steps(plan), limits = common->clip_value > 0 || common->clip_norm > 0;
    const struct {
        FvKernel **kernel;
        const char *name;
        gboolean wanted;
    } kernels[] = {
        { &update->gather, "gather", update->gathered >= 0 },
        { &update->complete, "complete", update->gathered >= 0 },
        { &update->squares, "squares", common->clip_norm > 0 },
        { &update->scale, "scale", common->clip_norm > 0 },
        { &update->clip, "clip", steps && limits },
        { &update->noise, "noise", common->noise > 0 },
        { &update->average, "average", update->averages >= 0 },
        { &update->swap, "swap", update->averages >= 0 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(kernels); i++)
        if (kernels[i].wanted)
            *kernels[i].kernel = fv_maps_add_kernel(plan, update_cl, kernels[i].name, NULL);
    if (steps)
        fv_vectors_build(plan);
    else
        update->update = build_map(plan);
}

/* ------------------------------------------------------------------ launches */

static const FvArg update_number = { .type = FV_ARG_UPDATE }, share = { .type = FV_ARG_SHARE };

static double limit_of(const FvPlan *plan)
{
    const double limit = (double) common_of(plan)->clip_value;
    return limit > 0 ? limit : (double) FLT_MAX;
}

/* The factor of the norm lies behind the partial sums of all runs. */
static int scale_place(const FvPlan *plan)
{
    return (int) plan->update.runs->len * FV_PARTIALS;
}

static void measure(FvPlan *plan, FvList *list)
{
    const FvUpdate *update = &plan->update;
    int at = 0;
    for (guint i = 0; i < update->runs->len; i++) {
        const FvRun *run = &g_array_index(update->runs, FvRun, i);
        const int first = (int) run->first, last = (int) (run->first + run->reals);
        fv_launch(list, update->squares, fv_maps_groups(plan, FV_PARTIALS), fv_buffer(&plan->all_gradient),
                  fv_buffer(&update->partials->buffer), fv_int(first), fv_int(last),
                  fv_int((last - first + FV_PARTIALS - 1) / FV_PARTIALS), fv_int(at), fv_real(limit_of(plan)));
        at += FV_PARTIALS;
    }
    fv_launch(list, update->scale, fv_maps_groups(plan, 1), fv_buffer(&update->partials->buffer), fv_int(at),
              fv_real((double) common_of(plan)->clip_norm));
}

static void launch_map(FvPlan *plan, const FvRun *run, FvList *list)
{
    const FvUpdate *update = &plan->update;
    const FvOptimCommon *common = common_of(plan);
    const FvArg first[] = { fv_buffer(&plan->all_value),
                            fv_buffer(&plan->all_gradient),
                            { .type = FV_ARG_RATE, .number = run->rate },
                            update_number,
                            fv_int((int) run->first),
                            fv_int((int) (run->first + run->reals)) };
    const FvArg limit = fv_real((double) common->clip_value);
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(FvArg));
    g_array_append_vals(args, first, G_N_ELEMENTS(first));
    if (common->clip_value > 0)
        g_array_append_val(args, limit);
    if (common->clip_norm > 0) {
        const FvArg scale[] = { fv_buffer(&update->partials->buffer), fv_int(scale_place(plan)) };
        g_array_append_vals(args, scale, G_N_ELEMENTS(scale));
    }
    for (int i = 0; i < update->plugin_slots; i++) {
        const FvArg slot = fv_buffer(&update->slots[i]);
        g_array_append_val(args, slot);
    }
    fv_maps_append_args(plan->graph->optimizer.state, args);
    fv_list_launch(list, update->update, fv_maps_chunks(plan, run->reals), (const FvArg *) (gpointer) args->data,
                   (int) args->len);
}

static void clip_in_place(FvPlan *plan, FvList *list)
{
    const FvUpdate *update = &plan->update;
    const gboolean norm = common_of(plan)->clip_norm > 0;
    if (!update->clip)
        return;
    fv_launch(list, update->clip, fv_maps_chunks(plan, plan->trained_reals), fv_buffer(&plan->all_gradient),
              fv_buffer(&update->partials->buffer), fv_int(norm ? scale_place(plan) : -1),
              fv_int((int) plan->trained_reals), fv_real(limit_of(plan)));
}

static void add_batch(FvPlan *plan, FvKernel *kernel, FvList *list)
{
    fv_launch(list, kernel, fv_maps_chunks(plan, plan->trained_reals),
              fv_buffer(&plan->update.slots[plan->update.gathered]), fv_buffer(&plan->all_gradient),
              fv_int((int) plan->trained_reals), share);
}

void fv_update_gather(FvPlan *plan, FvList *list)
{
    if (plan->trained_reals > 0)
        add_batch(plan, plan->update.gather, list);
}

void fv_update_apply(FvPlan *plan, FvList *list)
{
    const FvUpdate *update = &plan->update;
    if (plan->trained_reals == 0)
        return;
    if (update->gathered >= 0)
        add_batch(plan, update->complete, list);
    if (common_of(plan)->clip_norm > 0)
        measure(plan, list);
    if (fv_update_steps(plan)) {
        clip_in_place(plan, list);
        return;
    }
    for (guint i = 0; i < update->runs->len; i++)
        launch_map(plan, &g_array_index(update->runs, FvRun, i), list);
    fv_update_finish(plan, list);
}

static void add_noise(FvPlan *plan, FvList *list)
{
    const double deviation = (double) common_of(plan)->noise;
    for (guint i = 0; i < plan->params->len; i++) {
        FvParam *param = plan->params->pdata[i];
        if (!fv_param_trained(param))
            continue;
        fv_launch(list, plan->update.noise, fv_maps_chunks(plan, (guint64) param->elements), fv_buffer(&param->value),
                  fv_int((int) param->elements), fv_real(deviation), fv_int((int) i), update_number, fv_seed());
    }
}

void fv_update_finish(FvPlan *plan, FvList *list)
{
    const FvUpdate *update = &plan->update;
    if (update->noise)
        add_noise(plan, list);
    if (update->average && plan->trained_reals > 0)
        fv_launch(list, update->average, fv_maps_chunks(plan, plan->trained_reals),
                  fv_buffer(&update->slots[update->averages]), fv_buffer(&plan->all_value),
                  fv_int((int) plan->trained_reals), fv_real(plan->graph->ema), update_number);
}

void fv_update_swap(FvPlan *plan, FvList *list)
{
    if (plan->trained_reals > 0)
        fv_launch(list, plan->update.swap, fv_maps_chunks(plan, plan->trained_reals), fv_buffer(&plan->all_value),
                  fv_buffer(&plan->update.slots[plan->update.averages]), fv_int((int) plan->trained_reals));
}
