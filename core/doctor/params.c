/* SPDX-License-Identifier: MIT
 * params.c: parameters before training: weights that begin alike, gradients that vanish, explode or do not come,
 * numbers that do not move. */
#include "core/doctor/look.h"

#include <math.h>
#include <string.h>

/* "a", "a and 3 others" */
static char *some_of(const GPtrArray *names)
{
    const char *first = names->pdata[0];
    return names->len == 1   ? g_strdup(first)
           : names->len == 2 ? g_strdup_printf("%s and %s", first, (const char *) names->pdata[1])
                             : g_strdup_printf("%s and %u others", first, names->len - 1);
}

/* -------------------------------------------------------------------- weights */

void fv_doctor_judge_weights(FvDoctorLook *look)
{
    const FvPlan *plan = look->copy.plan;
    g_autoptr(GPtrArray) zero = g_ptr_array_new(), alike = g_ptr_array_new();
    int count = 0;
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        const FvTensor *first = look->doctor->first->pdata[i];
        if (!fv_doctor_is_weight(&param) || first->dims[0] < 2)
            continue;
        count++;
        /* What begins as zeros but gets different gradients parts at the first step: a last layer, a classifier. */
        if (look->params[i].apart || fv_doctor_rows_differ(first))
            continue;
        g_ptr_array_add(fv_doctor_squares(first) == 0 ? zero : alike, (gpointer) param.name);
    }
    FvCheck *check;
    if (zero->len > 0) {
        g_autofree char *names = some_of(zero);
        check = fv_doctor_add(look->doctor, "weights", FV_VERDICT_FAULT, "%s begin as zeros, and stay alike", names);
        fv_check_advise(check,
                        "All units of a layer then compute the same and get the same gradient, and nothing tells "
                        "them apart: init=he, or xavier.");
    } else if (alike->len > 0) {
        g_autofree char *names = some_of(alike);
        check = fv_doctor_add(look->doctor, "weights", FV_VERDICT_FAULT,
                              "%s: all units have the same weights, and get the same gradients", names);
        fv_check_advise(check, "They will never differ: let weights begin with random numbers (init=he, or xavier).");
    } else {
        check = fv_doctor_add(
            look->doctor, "weights", count ? FV_VERDICT_OK : FV_VERDICT_NONE,
            count ? "units of all %d layers with weights differ, or get different gradients" : "there are none", count);
    }
    fv_check_number(check, "zero", zero->len);
    fv_check_number(check, "alike", alike->len);
}

/* ------------------------------------------------------------------ gradients */

/* Weights that no gradient reaches. */
static GPtrArray *without_gradient(const FvDoctorLook *look)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < fv_plan_params(look->copy.plan); i++) {
        const FvPlanParam param = fv_plan_param(look->copy.plan, i);
        if (fv_doctor_is_weight(&param) && look->params[i].gradient_squares == 0)
            g_ptr_array_add(names, (gpointer) param.name);
    }
    return names;
}

/* What a layer that begins as zeros hides from those before it comes out after some steps. */
static gboolean look_again(FvDoctorLook *look, GError **error)
{
    enum { STEPS = 3 };
    static const double usual = 0.01;
    const double rate = fv_plan_rate(look->copy.plan);
    const guint batches = look->copy.sample.some;
    for (guint i = 0; i < STEPS; i++)
        if (!fv_doctor_look_run(look, i % batches, FV_LIST_TRAIN, rate > 0 ? rate : usual, error))
            return FALSE;
    for (guint b = 0; b < batches; b++)
        if (!fv_doctor_look_run(look, b, FV_LIST_GRADIENT, 0, error) || !fv_doctor_look_read_gradients(look, error))
            return FALSE;
    return fv_doctor_set_back(&look->copy, error);
}

static void judge_gradients(FvDoctorLook *look, const GPtrArray *none)
{
    static const double huge = 1e6, large = 1e3, tiny = 1e-6, small = 1e-5;
    double least = INFINITY, most = 0;
    const char *least_name = "", *most_name = "";
    gboolean finite = TRUE;
    for (guint i = 0; i < fv_plan_params(look->copy.plan); i++) {
        const FvPlanParam param = fv_plan_param(look->copy.plan, i);
        const double size = fv_doctor_root_mean(look->params[i].gradient_squares, look->params[i].gradient_count);
        if (!fv_doctor_is_weight(&param) || size == 0)
            continue;
        finite &= isfinite(size) != 0;
        if (size < least) {
            least = size;
            least_name = param.name;
        }
        if (size > most) {
            most = size;
            most_name = param.name;
        }
    }
    const double ratio = most > 0 ? least / most : 1;
    const FvVerdict verdict = !finite || none->len > 0 || most > huge || ratio < tiny ? FV_VERDICT_FAULT
                              : most > large || ratio < small                         ? FV_VERDICT_WARNING
                                                                                      : FV_VERDICT_OK;
    FvCheck *check;
    if (!finite) {
        check = fv_doctor_add(look->doctor, "gradients", verdict, "they are not finite");
        fv_check_advise(check, "They explode: smaller weights, an input with deviation 1, batchnorm, or clip_norm.");
    } else if (none->len > 0) {
        g_autofree char *names = some_of(none);
        check = fv_doctor_add(look->doctor, "gradients", verdict, "no gradient reaches %s", names);
        fv_check_advise(check, "These weights will stay as they are: see what is between them and the loss.");
    } else {
        check = fv_doctor_add(look->doctor, "gradients", verdict,
                              "those of weights are from %.2g (%s) to %.2g (%s) in size", least, least_name, most,
                              most_name);
        if (verdict != FV_VERDICT_OK)
            fv_check_advise(check, ratio < small ? "They vanish on the way back: relu for sigmoid or tanh, init=he, "
                                                   "batchnorm, or residual blocks."
                                                 : "They explode: smaller weights, an input with deviation 1, "
                                                   "batchnorm, or clip_norm.");
    }
    fv_check_number(check, "least", least);
    fv_check_number(check, "most", most);
    fv_check_number(check, "none", none->len);
}

/* -------------------------------------------------------------------- movement */

/* A parameter moves where a step over all batches has changed any of its numbers. */
static gboolean count_moving(FvDoctorLook *look, int *moving, int *frozen, int *all, GError **error)
{
    FvPlan *plan = look->copy.plan;
    const double rate = fv_plan_rate(plan);
    for (guint b = 0; look->copy.trains && b < look->copy.sample.some; b++)
        if (!fv_doctor_look_run(look, b, FV_LIST_TRAIN, rate, error))
            return FALSE;
    *moving = *frozen = *all = 0;
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        const FvTensor *before = look->doctor->first->pdata[i];
        if (param.spec.role == FV_STATISTIC)
            continue;
        g_autoptr(FvTensor) after = fv_plan_get_param(plan, i, error);
        if (!after)
            return FALSE;
        *all += 1;
        *frozen += !param.trained;
        *moving +=
            memcmp(before->data, after->data, (gsize) fv_tensor_elements(after) * fv_dtype_size(after->dtype)) != 0;
    }
    return TRUE;
}

static gboolean judge_movement(FvDoctorLook *look, GError **error)
{
    int moving, frozen, all;
    if (!count_moving(look, &moving, &frozen, &all, error))
        return FALSE;
    FvCheck *check;
    if (all == 0) {
        check = fv_doctor_add(look->doctor, "frozen", FV_VERDICT_NONE, "the net has no parameters to train");
    } else if (moving == 0) {
        const double rate = fv_plan_rate(look->copy.plan);
        check = fv_doctor_add(look->doctor, "frozen", FV_VERDICT_FAULT,
                              "none of %d parameters moves in a step at the pipeline's rate, %.4g", all, rate);
        fv_check_advise(check, frozen == all ? "All are frozen: leave out freeze, or rate=0, where something is to be "
                                               "learnt, the last layer at least."
                               : rate == 0   ? "The optimizer's rate is 0."
                                           : "No gradient reaches them, or the rate is too small to change a number.");
    } else {
        check = fv_doctor_add(look->doctor, "frozen", FV_VERDICT_OK, "%d of %d move in a step", moving, all);
        if (frozen > 0) {
            g_free(check->finding);
            check->finding =
                g_strdup_printf("%d of %d move in a step; %d are frozen by the pipeline", moving, all, frozen);
        }
    }
    fv_check_number(check, "moving", moving);
    fv_check_number(check, "frozen", frozen);
    fv_check_number(check, "all", all);
    return TRUE;
}

/* ------------------------------------------------------------------------ all */

gboolean fv_doctor_judge_gradients(FvDoctorLook *look, GError **error)
{
    g_autoptr(GPtrArray) none = without_gradient(look);
    if (!look->copy.trains) {
        fv_doctor_add(look->doctor, "gradients", FV_VERDICT_NONE, "nothing is trained");
        return judge_movement(look, error);
    }
    if (none->len > 0) {
        if (!look_again(look, error))
            return FALSE;
        g_ptr_array_unref(none);
        none = without_gradient(look);
    }
    judge_gradients(look, none);
    return judge_movement(look, error);
}
