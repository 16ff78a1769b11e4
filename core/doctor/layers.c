/* SPDX-License-Identifier: MIT
 * layers.c: what a net makes of images before it is trained: its input, units that never answer, numbers that
 * vanish or explode. */
#include "core/doctor/look.h"

#include <math.h>
#include <string.h>

/* The share of channels that give one number for all images. */
static double dead_of(const FvDoctorValue *value, FvShape shape)
{
    static const double same = 1e-6;
    int dead = 0;
    for (int c = 0; value->lows && c < shape.c; c++)
        dead += value->highs[c] - value->lows[c] <= same * fmax(fabs(value->highs[c]), fabs(value->lows[c]));
    return value->lows ? (double) dead / shape.c : (double) NAN;
}

static void tell_layers(FvDoctorLook *look)
{
    const FvPlan *plan = look->copy.plan;
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        const FvDoctorValue *value = &look->values[i];
        if (!fv_doctor_is_shown(&layer))
            continue;
        FvLayerHealth health = { .path = g_strdup(layer.path),
                                 .kind = g_intern_string(layer.kind),
                                 .mean = fv_doctor_mean(value),
                                 .deviation = fv_doctor_deviation(value),
                                 .least = value->least,
                                 .largest = value->largest,
                                 .dead = dead_of(value, layer.out),
                                 .gradient = fv_doctor_root_mean(value->gradient_squares, value->gradient_count),
                                 .weight = NAN,
                                 .weight_gradient = NAN };
        for (guint p = 0; p < fv_plan_params(plan); p++) {
            const FvPlanParam param = fv_plan_param(plan, p);
            const FvTensor *first = look->doctor->first->pdata[p];
            if (!fv_doctor_is_weight(&param) || !fv_doctor_is_of(param.name, layer.path))
                continue;
            health.weight = fv_doctor_root_mean(fv_doctor_squares(first), fv_tensor_elements(first));
            health.weight_gradient =
                fv_doctor_root_mean(look->params[p].gradient_squares, look->params[p].gradient_count);
        }
        g_array_append_val(look->doctor->checkup->layers, health);
    }
}

/* ---------------------------------------------------------------------- input */

/* What `prepare` leaves for the net, layers included that it was made into. */
static void judge_input(FvDoctorLook *look)
{
    static const double much = 10, little = 0.01, odd_mean = 1, odd_most = 3, odd_least = 0.2;
    const FvPlan *plan = look->copy.plan;
    guint last = 0;
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        const gboolean begins = layer.input_count == 0 || g_str_has_prefix(layer.path, "prepare.");
        last = begins && fv_doctor_is_shown(&layer) ? i : last;
    }
    const double mean = fv_doctor_mean(&look->values[last]), deviation = fv_doctor_deviation(&look->values[last]);
    FvVerdict verdict = FV_VERDICT_OK;
    if (!look->values[last].finite || fabs(mean) > much || deviation > much || deviation < little)
        verdict = FV_VERDICT_FAULT;
    else if (fabs(mean) > odd_mean || deviation > odd_most || deviation < odd_least)
        verdict = FV_VERDICT_WARNING;
    FvCheck *check = fv_doctor_add(look->doctor, "input", verdict,
                                   "numbers that the net sees have mean %.3g and deviation %.3g", mean, deviation);
    if (verdict != FV_VERDICT_OK)
        fv_check_advise(check,
                        "Initialisations and rates are made for mean 0 and deviation 1: put normalize into "
                        "prepare { }; without arguments it finds both.");
    fv_check_number(check, "mean", mean);
    fv_check_number(check, "deviation", deviation);
}

/* ---------------------------------------------------------------------- units */

static void judge_units(FvDoctorLook *look)
{
    static const double serious = 0.9, odd = 0.3;
    const FvPlan *plan = look->copy.plan;
    double worst = 0;
    int layers = 0;
    const char *path = NULL;
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        const double dead = dead_of(&look->values[i], layer.out);
        if (isnan(dead))
            continue;
        layers++;
        if (!path || dead > worst) {
            worst = dead;
            path = layer.path;
        }
    }
    if (layers == 0) {
        fv_doctor_add(look->doctor, "units", FV_VERDICT_NONE, "the net has no activations");
        return;
    }
    const FvVerdict verdict = worst > serious ? FV_VERDICT_FAULT : worst > odd ? FV_VERDICT_WARNING : FV_VERDICT_OK;
    const int images = look->copy.sample.each * (int) look->copy.sample.some;
    FvCheck *check = fv_doctor_add(look->doctor, "units", verdict,
                                   "%.0f%% of the units of %s are dead: they give one number for all of %d images%s",
                                   100 * worst, path, images, layers > 1 ? "; elsewhere fewer" : "");
    if (worst == 0) {
        g_free(check->finding);
        check->finding = g_strdup_printf("none is dead: all of %d activations answer to %d images", layers, images);
    }
    if (verdict != FV_VERDICT_OK)
        fv_check_advise(check,
                        "Nothing reaches what is before them any more. Biases that are far below 0, weights of a "
                        "training whose rate was too high, and inputs without mean 0 do that; leaky cannot die.");
    fv_check_number(check, "dead", worst);
}

/* ---------------------------------------------------------------- activations */

static void judge_activations(FvDoctorLook *look)
{
    static const double huge = 1e4, large = 1e2, small = 1e-4, tiny = 1e-7;
    const FvPlan *plan = look->copy.plan;
    double least = INFINITY, most = 0;
    const char *least_path = NULL, *most_path = NULL, *broken = NULL;
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        const double deviation = fv_doctor_deviation(&look->values[i]);
        if (!fv_doctor_is_shown(&layer))
            continue;
        if (!look->values[i].finite) {
            broken = broken ? broken : layer.path;
            continue;
        }
        if (deviation > most) {
            most = deviation;
            most_path = layer.path;
        }
        if (deviation > 0 && deviation < least) {
            least = deviation;
            least_path = layer.path;
        }
    }
    const gboolean explodes = broken || most > large, vanishes = least < small;
    const FvVerdict verdict = broken || most > huge || least < tiny ? FV_VERDICT_FAULT
                              : explodes || vanishes                ? FV_VERDICT_WARNING
                                                                    : FV_VERDICT_OK;
    FvCheck *check;
    if (broken)
        check = fv_doctor_add(look->doctor, "activations", verdict, "numbers of %s are not finite", broken);
    else
        check = fv_doctor_add(look->doctor, "activations", verdict,
                              "deviations of the layers' outputs are from %.2g (%s) to %.2g (%s)", least,
                              least_path ? least_path : "none", most, most_path ? most_path : "none");
    if (explodes)
        fv_check_advise(check, "They explode from layer to layer: smaller weights (init=he, xavier), or batchnorm.");
    else if (vanishes)
        fv_check_advise(check, "They vanish from layer to layer: larger weights (init=he, xavier), or batchnorm.");
    fv_check_number(check, "least", least);
    fv_check_number(check, "most", most);
}

/* ------------------------------------------------------------------------ all */

gboolean fv_doctor_look_at_layers(FvDoctor *doctor, GError **error)
{
    FvDoctorLook look;
    gboolean done = fv_doctor_look(doctor, &look, error);
    if (done) {
        tell_layers(&look);
        judge_input(&look);
        fv_doctor_judge_weights(&look);
        judge_units(&look);
        judge_activations(&look);
        done = fv_doctor_judge_gradients(&look, error);
    }
    fv_doctor_look_clear(&look);
    return done;
}
