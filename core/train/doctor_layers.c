/* SPDX-License-Identifier: MIT
 * doctor_layers.c: looks at every value, gradient and parameter of a net that is about to be trained: input, weights,
 * units that never answer, numbers and gradients that vanish or explode, parameters that do not move. */
#include "core/train/doctor_private.h"

#include <math.h>
#include <string.h>

/* A layer's output, over several batches. */
typedef struct {
    double sum, squares, least, largest;
    gint64 count;
    gboolean finite;
    double gradient_squares;
    gint64 gradient_count;
    double *lows, *highs; /* of each channel; NULL: it is not made of units */
} Value;

/* A parameter, over several batches. */
typedef struct {
    double gradient_squares;
    gint64 gradient_count;
    gboolean apart; /* its units got different gradients */
} Param;

typedef struct {
    FvDoctor *doctor;
    FvDoctor copy; /* a net that keeps everything */
    Value *values;
    Param *params;
} Look;

/* -------------------------------------------------------------------- reading */

static gboolean is_shown(const FvPlanLayer *layer)
{
    return layer->alive && !layer->passes;
}

/* Elementwise functions: what follows them sees nothing of a unit that always gives the same. */
static gboolean has_units(const Look *look, guint i)
{
    const FvGraphNode *node = look->copy.graph->nodes->pdata[i];
    return node->layer->forward_map != NULL;
}

static void add_value(Value *value, const double *numbers, FvShape shape, int samples)
{
    const gint64 area = (gint64) shape.h * shape.w;
    for (gint64 i = 0; i < fv_shape_elements(shape) * samples; i++) {
        const double x = numbers[i];
        const gint64 channel = i / area % shape.c;
        value->finite &= isfinite(x) != 0;
        value->sum += x;
        value->squares += x * x;
        value->least = fmin(value->least, x);
        value->largest = fmax(value->largest, x);
        if (!value->lows)
            continue;
        value->lows[channel] = fmin(value->lows[channel], x);
        value->highs[channel] = fmax(value->highs[channel], x);
    }
    value->count += fv_shape_elements(shape) * samples;
}

static gboolean read_layer(Look *look, guint i, GError **error)
{
    FvPlan *plan = look->copy.plan;
    const int samples = look->copy.sample.each;
    const FvShape shape = fv_plan_layer(plan, i).out;
    const gint64 count = fv_shape_elements(shape) * samples;
    FvBuffer *gradient = look->copy.trains ? fv_plan_value_gradient(plan, i) : NULL;
    Value *value = &look->values[i];
    g_autofree double *numbers = g_new(double, count);
    if (!fv_plan_read_value(plan, fv_plan_value(plan, i), shape, samples, numbers, error))
        return FALSE;
    add_value(value, numbers, shape, samples);
    if (!gradient)
        return TRUE;
    if (!fv_plan_read_value(plan, gradient, shape, samples, numbers, error))
        return FALSE;
    for (gint64 k = 0; k < count; k++)
        value->gradient_squares += numbers[k] * numbers[k];
    value->gradient_count += count;
    return TRUE;
}

/* Rows of a tensor: what belongs to one unit. Whether any is not like the first. */
static gboolean rows_differ(const FvTensor *tensor)
{
    const gint64 rows = tensor->dims[0], each = fv_tensor_elements(tensor) / MAX(1, rows);
    for (gint64 i = each; i < rows * each; i++)
        if (fv_tensor_get(tensor, i) != fv_tensor_get(tensor, i % each))
            return TRUE;
    return FALSE;
}

static double squares_of(const FvTensor *tensor)
{
    double sum = 0;
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        sum += fv_tensor_get(tensor, i) * fv_tensor_get(tensor, i);
    return sum;
}

static gboolean read_gradient(Look *look, guint i, GError **error)
{
    Param *param = &look->params[i];
    if (!look->copy.trains || !fv_plan_param(look->copy.plan, i).trained)
        return TRUE;
    g_autoptr(FvTensor) gradient = fv_plan_get_gradient(look->copy.plan, i, error);
    if (!gradient)
        return FALSE;
    param->gradient_squares += squares_of(gradient);
    param->gradient_count += fv_tensor_elements(gradient);
    param->apart |= rows_differ(gradient);
    return TRUE;
}

static gboolean read_gradients(Look *look, GError **error)
{
    for (guint i = 0; i < fv_plan_params(look->copy.plan); i++)
        if (!read_gradient(look, i, error))
            return FALSE;
    return TRUE;
}

/* One batch forward, and back where the net is trained. */
static gboolean run(Look *look, guint batch, FvListKind kind, double rate, GError **error)
{
    FvDoctor *copy = &look->copy;
    if (!copy->trains) {
        const FvList *pack = fv_plan_list(copy->plan, FV_LIST_PACK, 1, error);
        const FvList *list = pack ? fv_plan_list(copy->plan, FV_LIST_EVALUATE, copy->sample.each, error) : NULL;
        return list && fv_doctor_write_batch(copy, batch, error) &&
               fv_exec_enqueue(fv_plan_device(copy->plan), pack, &(FvStep){ 0 }, error) &&
               fv_exec_enqueue(fv_plan_device(copy->plan), list, &(FvStep){ 0 }, error);
    }
    return fv_doctor_write_batch(copy, batch, error) && fv_doctor_step(copy, kind, rate, error);
}

static gboolean read_all(Look *look, GError **error)
{
    FvPlan *plan = look->copy.plan;
    for (guint b = 0; b < look->copy.sample.some; b++) {
        if (fv_session_stopped(look->copy.session) || !run(look, b, FV_LIST_GRADIENT, 0, error))
            return FALSE;
        for (guint i = 0; i < fv_plan_layers(plan); i++) {
            const FvPlanLayer layer = fv_plan_layer(plan, i);
            if (is_shown(&layer) && !read_layer(look, i, error))
                return FALSE;
        }
        if (!read_gradients(look, error))
            return FALSE;
    }
    return TRUE;
}

/* -------------------------------------------------------------------- results */

static double root_mean(double squares, gint64 count)
{
    return count > 0 ? sqrt(squares / (double) count) : (double) NAN;
}

static double mean_of(const Value *value)
{
    return value->sum / (double) MAX(1, value->count);
}

static double deviation_of(const Value *value)
{
    const double mean = mean_of(value);
    return sqrt(MAX(0, value->squares / (double) MAX(1, value->count) - mean * mean));
}

/* The share of channels that give one number for all images. */
static double dead_of(const Value *value, FvShape shape)
{
    static const double same = 1e-6;
    int dead = 0;
    for (int c = 0; value->lows && c < shape.c; c++)
        dead += value->highs[c] - value->lows[c] <= same * fmax(fabs(value->highs[c]), fabs(value->lows[c]));
    return value->lows ? (double) dead / shape.c : (double) NAN;
}

/* The layer that a parameter is of. */
static gboolean is_of(const char *param, const char *path)
{
    const gsize length = strlen(path);
    return g_str_has_prefix(param, path) && param[length] == '.' && !strchr(param + length + 1, '.');
}

/* Weights of units: a number for each input of each. */
static gboolean is_weight(const FvPlanParam *param)
{
    return param->trained && param->spec.role == FV_WEIGHT && param->spec.rank >= 2;
}

static double rate_of(const Look *look, const char *param)
{
    const FvPlan *plan = look->copy.plan;
    for (guint i = 0; i < fv_plan_layers(plan); i++)
        if (is_of(param, fv_plan_layer(plan, i).path))
            return ((const FvGraphNode *) look->copy.graph->nodes->pdata[i])->rate;
    return 1;
}

static void tell_layers(Look *look)
{
    const FvPlan *plan = look->copy.plan;
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        const Value *value = &look->values[i];
        if (!is_shown(&layer))
            continue;
        FvLayerHealth health = { .path = g_strdup(layer.path),
                                 .kind = g_intern_string(layer.kind),
                                 .mean = mean_of(value),
                                 .deviation = deviation_of(value),
                                 .least = value->least,
                                 .largest = value->largest,
                                 .dead = dead_of(value, layer.out),
                                 .gradient = root_mean(value->gradient_squares, value->gradient_count),
                                 .weight = NAN,
                                 .weight_gradient = NAN };
        for (guint p = 0; p < fv_plan_params(plan); p++) {
            const FvPlanParam param = fv_plan_param(plan, p);
            const FvTensor *first = look->doctor->first->pdata[p];
            if (!is_weight(&param) || !is_of(param.name, layer.path))
                continue;
            health.weight = root_mean(squares_of(first), fv_tensor_elements(first));
            health.weight_gradient = root_mean(look->params[p].gradient_squares, look->params[p].gradient_count);
        }
        g_array_append_val(look->doctor->checkup->layers, health);
    }
}

/* "a", "a and 3 others" */
static char *some_of(const GPtrArray *names)
{
    const char *first = names->pdata[0];
    return names->len == 1   ? g_strdup(first)
           : names->len == 2 ? g_strdup_printf("%s and %s", first, (const char *) names->pdata[1])
                             : g_strdup_printf("%s and %u others", first, names->len - 1);
}

/* ---------------------------------------------------------------------- input */

/* What `prepare` leaves for the net, layers included that it was made into. */
static void judge_input(Look *look)
{
    static const double much = 10, little = 0.01, odd_mean = 1, odd_most = 3, odd_least = 0.2;
    const FvPlan *plan = look->copy.plan;
    guint last = 0;
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        const gboolean begins = layer.input_count == 0 || g_str_has_prefix(layer.path, "prepare.");
        last = begins && is_shown(&layer) ? i : last;
    }
    const double mean = mean_of(&look->values[last]), deviation = deviation_of(&look->values[last]);
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

/* -------------------------------------------------------------------- weights */

static void judge_weights(Look *look)
{
    const FvPlan *plan = look->copy.plan;
    g_autoptr(GPtrArray) zero = g_ptr_array_new(), alike = g_ptr_array_new();
    int count = 0;
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        const FvTensor *first = look->doctor->first->pdata[i];
        if (!is_weight(&param) || first->dims[0] < 2)
            continue;
        count++;
        /* What begins as zeros but gets different gradients parts at the first step: a last layer, a classifier. */
        if (look->params[i].apart || rows_differ(first))
            continue;
        g_ptr_array_add(squares_of(first) == 0 ? zero : alike, (gpointer) param.name);
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

/* ---------------------------------------------------------------------- units */

static void judge_units(Look *look)
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

static void judge_activations(Look *look)
{
    static const double huge = 1e6, large = 1e3, small = 1e-4, tiny = 1e-7;
    const FvPlan *plan = look->copy.plan;
    double least = INFINITY, most = 0;
    const char *least_path = NULL, *most_path = NULL, *broken = NULL;
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        const double deviation = deviation_of(&look->values[i]);
        if (!is_shown(&layer))
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

/* ------------------------------------------------------------------ gradients */

/* Weights that no gradient reaches. */
static GPtrArray *without_gradient(const Look *look)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < fv_plan_params(look->copy.plan); i++) {
        const FvPlanParam param = fv_plan_param(look->copy.plan, i);
        if (is_weight(&param) && look->params[i].gradient_squares == 0 && rate_of(look, param.name) != 0)
            g_ptr_array_add(names, (gpointer) param.name);
    }
    return names;
}

/* What a layer that begins as zeros hides from those before it comes out after some steps. */
static gboolean look_again(Look *look, GError **error)
{
    enum { STEPS = 3 };
    static const double usual = 0.01;
    const double rate = fv_plan_rate(look->copy.plan);
    const guint batches = look->copy.sample.some;
    for (guint i = 0; i < STEPS; i++)
        if (!run(look, i % batches, FV_LIST_TRAIN, rate > 0 ? rate : usual, error))
            return FALSE;
    for (guint b = 0; b < batches; b++)
        if (!run(look, b, FV_LIST_GRADIENT, 0, error) || !read_gradients(look, error))
            return FALSE;
    return fv_doctor_set_back(&look->copy, error);
}

static void judge_gradients(Look *look, const GPtrArray *none)
{
    static const double huge = 1e6, large = 1e3, tiny = 1e-7, small = 1e-5;
    double least = INFINITY, most = 0;
    const char *least_name = "", *most_name = "";
    gboolean finite = TRUE;
    for (guint i = 0; i < fv_plan_params(look->copy.plan); i++) {
        const FvPlanParam param = fv_plan_param(look->copy.plan, i);
        const double size = root_mean(look->params[i].gradient_squares, look->params[i].gradient_count);
        if (!is_weight(&param) || size == 0)
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
static gboolean count_moving(Look *look, int *moving, int *frozen, int *all, GError **error)
{
    FvPlan *plan = look->copy.plan;
    const double rate = fv_plan_rate(plan);
    for (guint b = 0; look->copy.trains && b < look->copy.sample.some; b++)
        if (!run(look, b, FV_LIST_TRAIN, rate, error))
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
        *frozen += rate_of(look, param.name) == 0;
        *moving +=
            memcmp(before->data, after->data, (gsize) fv_tensor_elements(after) * fv_dtype_size(after->dtype)) != 0;
    }
    return TRUE;
}

static gboolean judge_movement(Look *look, GError **error)
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
        fv_check_advise(check, frozen == all ? "All are frozen: leave out rate=0 where something is to be learnt, the "
                                               "last layer at least."
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

/* -------------------------------------------------------------------------- all */

static void begin(Look *look)
{
    const FvPlan *plan = look->copy.plan;
    look->values = g_new0(Value, fv_plan_layers(plan) + 1);
    look->params = g_new0(Param, fv_plan_params(plan) + 1);
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        Value *value = &look->values[i];
        value->finite = TRUE;
        value->least = INFINITY;
        value->largest = -INFINITY;
        if (!is_shown(&layer) || !has_units(look, i))
            continue;
        value->lows = g_new(double, layer.out.c);
        value->highs = g_new(double, layer.out.c);
        for (int c = 0; c < layer.out.c; c++) {
            value->lows[c] = INFINITY;
            value->highs[c] = -INFINITY;
        }
    }
}

static void end(Look *look)
{
    for (guint i = 0; look->values && i < fv_plan_layers(look->copy.plan); i++) {
        g_free(look->values[i].lows);
        g_free(look->values[i].highs);
    }
    g_free(look->values);
    g_free(look->params);
}

static gboolean judge(Look *look, GError **error)
{
    tell_layers(look);
    judge_input(look);
    judge_weights(look);
    judge_units(look);
    judge_activations(look);
    g_autoptr(GPtrArray) none = without_gradient(look);
    if (none->len > 0 && look->copy.trains) {
        if (!look_again(look, error))
            return FALSE;
        g_ptr_array_unref(none);
        none = without_gradient(look);
    }
    if (look->copy.trains)
        judge_gradients(look, none);
    else
        fv_doctor_add(look->doctor, "gradients", FV_VERDICT_NONE, "nothing is trained");
    return judge_movement(look, error);
}

gboolean fv_doctor_look_at_layers(FvDoctor *doctor, GError **error)
{
    /* Everything is kept: no more images at once than a batch of the sample has. */
    FvGraph small = *doctor->graph;
    small.batch = doctor->sample.each;
    Look look = { .doctor = doctor };
    gboolean done = fv_doctor_copy(doctor, &small, TRUE, &look.copy, error);
    if (done) {
        begin(&look);
        done = read_all(&look, error) && judge(&look, error);
        end(&look);
    }
    fv_doctor_copy_clear(&look.copy);
    return done;
}
