/* SPDX-License-Identifier: MIT
 * step.c: takes a training step; what optimizers that step by themselves may do meanwhile. */
#include "core/train/step.h"

#include "core/train/tally.h"

struct FvOptimStep {
    FvPlan *plan;
    FvStep now;
    int samples;
    gboolean evaluated; /* the loss that the training reports is there */
};

static gboolean enqueue(FvPlan *plan, FvListKind kind, const FvStep *now, int samples, GError **error)
{
    const FvList *list = fv_plan_list(plan, kind, samples, error);
    return list && fv_exec_enqueue(fv_plan_device(plan), list, now, error);
}

/* --------------------------------------------- for optimizers that step by themselves */

gboolean fv_optim_evaluate(FvOptimStep *step, double *loss, GError **error)
{
    FvStep now = step->now;
    if (step->evaluated)
        now.slot = fv_plan_spare_slot(step->plan);
    step->evaluated = TRUE;
    return enqueue(step->plan, FV_LIST_TRAIN, &now, step->samples, error) &&
           fv_tally_read_loss(step->plan, now.slot, step->samples, loss, error);
}

double fv_optim_rate(const FvOptimStep *step)
{
    return step->now.rate;
}

double *fv_optim_numbers(FvOptimStep *step)
{
    int count;
    return fv_plan_numbers(step->plan, &count);
}

static gboolean run(FvOptimStep *step, FvList *list, GError **error)
{
    if (!list)
        return FALSE;
    const gboolean done = fv_exec_enqueue(fv_plan_device(step->plan), list, &step->now, error);
    fv_list_free(list);
    return done;
}

gboolean fv_optim_combine(FvOptimStep *step, int to, double alpha, int a, double beta, int b, GError **error)
{
    return run(step, fv_plan_list_combine(step->plan, to, alpha, a, beta, b, error), error);
}

gboolean fv_optim_dot(FvOptimStep *step, int a, int b, double *sum, GError **error)
{
    return run(step, fv_plan_list_dot(step->plan, a, b, error), error) &&
           fv_plan_read_sum(step->plan, sum, NULL, error);
}

gboolean fv_optim_absolute(FvOptimStep *step, int a, double *sum, double *largest, GError **error)
{
    double unused;
    return run(step, fv_plan_list_absolute(step->plan, a, error), error) &&
           fv_plan_read_sum(step->plan, sum ? sum : &unused, largest, error);
}

/* -------------------------------------------------------------------------- steps */

gboolean fv_step_take(FvPlan *plan, const FvGraph *graph, FvListKind kind, const FvStep *now, int samples,
                      GError **error)
{
    const FvOptim *optim = (const FvOptim *) graph->optimizer.plugin;
    FvOptimStep step = { .plan = plan, .now = *now, .samples = samples };
    if (kind != FV_LIST_TRAIN || !optim->step)
        return enqueue(plan, kind, now, samples, error);
    if (optim->step(fv_state_self(graph->optimizer.state), &step, error))
        return enqueue(plan, FV_LIST_FINISH, now, samples, error);
    g_prefix_error(error, "%s: ", optim->base.name);
    return FALSE;
}

gboolean fv_step_swap_averages(FvPlan *plan, GError **error)
{
    return !fv_plan_averages(plan) || enqueue(plan, FV_LIST_SWAP, &(FvStep){ 0 }, 1, error);
}
