/* SPDX-License-Identifier: MIT
 * look.c: runs a net that keeps everything, and reads it. */
#include "core/doctor/look.h"

#include <math.h>
#include <string.h>

/* -------------------------------------------------------------------- numbers */

double fv_doctor_root_mean(double squares, gint64 count)
{
    return count > 0 ? sqrt(squares / (double) count) : (double) NAN;
}

double fv_doctor_mean(const FvDoctorValue *value)
{
    return value->sum / (double) MAX(1, value->count);
}

double fv_doctor_deviation(const FvDoctorValue *value)
{
    const double mean = fv_doctor_mean(value);
    return sqrt(MAX(0, value->squares / (double) MAX(1, value->count) - mean * mean));
}

/* The layer that a parameter is of. */
gboolean fv_doctor_is_of(const char *param, const char *path)
{
    const gsize length = strlen(path);
    return g_str_has_prefix(param, path) && param[length] == '.' && !strchr(param + length + 1, '.');
}

gboolean fv_doctor_is_weight(const FvPlanParam *param)
{
    return param->trained && param->spec.role == FV_WEIGHT && param->spec.rank >= 2;
}

/* -------------------------------------------------------------------- reading */

gboolean fv_doctor_is_shown(const FvPlanLayer *layer)
{
    return layer->alive && !layer->passes;
}

/* Elementwise functions: what follows them sees nothing of a unit that always gives the same. */
static gboolean has_units(const FvDoctorLook *look, guint i)
{
    const FvGraphNode *node = look->copy.graph->nodes->pdata[i];
    return node->layer->forward_map != NULL;
}

static void add_value(FvDoctorValue *value, const double *numbers, FvShape shape, int samples)
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

static gboolean read_layer(FvDoctorLook *look, guint i, GError **error)
{
    FvPlan *plan = look->copy.plan;
    const int samples = look->copy.sample.each;
    const FvShape shape = fv_plan_layer(plan, i).out;
    const gint64 count = fv_shape_elements(shape) * samples;
    FvBuffer *gradient = look->copy.trains ? fv_plan_value_gradient(plan, i) : NULL;
    FvDoctorValue *value = &look->values[i];
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
gboolean fv_doctor_rows_differ(const FvTensor *tensor)
{
    const gint64 rows = tensor->dims[0], each = fv_tensor_elements(tensor) / MAX(1, rows);
    for (gint64 i = each; i < rows * each; i++)
        if (fv_tensor_get(tensor, i) != fv_tensor_get(tensor, i % each))
            return TRUE;
    return FALSE;
}

double fv_doctor_squares(const FvTensor *tensor)
{
    double sum = 0;
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        sum += fv_tensor_get(tensor, i) * fv_tensor_get(tensor, i);
    return sum;
}

static gboolean read_gradient(FvDoctorLook *look, guint i, GError **error)
{
    FvDoctorParam *param = &look->params[i];
    if (!look->copy.trains || !fv_plan_param(look->copy.plan, i).trained)
        return TRUE;
    g_autoptr(FvTensor) gradient = fv_plan_get_gradient(look->copy.plan, i, error);
    if (!gradient)
        return FALSE;
    param->gradient_squares += fv_doctor_squares(gradient);
    param->gradient_count += fv_tensor_elements(gradient);
    param->apart |= fv_doctor_rows_differ(gradient);
    return TRUE;
}

gboolean fv_doctor_look_read_gradients(FvDoctorLook *look, GError **error)
{
    for (guint i = 0; i < fv_plan_params(look->copy.plan); i++)
        if (!read_gradient(look, i, error))
            return FALSE;
    return TRUE;
}

/* One batch forward, and back where the net is trained. */
gboolean fv_doctor_look_run(FvDoctorLook *look, guint batch, FvListKind kind, double rate, GError **error)
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

static gboolean read_all(FvDoctorLook *look, GError **error)
{
    FvPlan *plan = look->copy.plan;
    for (guint b = 0; b < look->copy.sample.some; b++) {
        if (fv_session_stopped(look->copy.session) || !fv_doctor_look_run(look, b, FV_LIST_GRADIENT, 0, error))
            return FALSE;
        for (guint i = 0; i < fv_plan_layers(plan); i++) {
            const FvPlanLayer layer = fv_plan_layer(plan, i);
            if (fv_doctor_is_shown(&layer) && !read_layer(look, i, error))
                return FALSE;
        }
        if (!fv_doctor_look_read_gradients(look, error))
            return FALSE;
    }
    return TRUE;
}

/* ------------------------------------------------------------------------ all */

static void begin(FvDoctorLook *look)
{
    const FvPlan *plan = look->copy.plan;
    look->values = g_new0(FvDoctorValue, fv_plan_layers(plan) + 1);
    look->params = g_new0(FvDoctorParam, fv_plan_params(plan) + 1);
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        FvDoctorValue *value = &look->values[i];
        value->finite = TRUE;
        value->least = INFINITY;
        value->largest = -INFINITY;
        if (!fv_doctor_is_shown(&layer) || !has_units(look, i))
            continue;
        value->lows = g_new(double, layer.out.c);
        value->highs = g_new(double, layer.out.c);
        for (int c = 0; c < layer.out.c; c++) {
            value->lows[c] = INFINITY;
            value->highs[c] = -INFINITY;
        }
    }
}

gboolean fv_doctor_look(FvDoctor *doctor, FvDoctorLook *look, GError **error)
{
    *look = (FvDoctorLook){ .doctor = doctor, .small = *doctor->graph };
    /* Everything is kept: no more images at once than a batch of the sample has. */
    look->small.batch = doctor->sample.each;
    if (!fv_doctor_copy(doctor, &look->small, TRUE, &look->copy, error))
        return FALSE;
    begin(look);
    return read_all(look, error);
}

void fv_doctor_look_clear(FvDoctorLook *look)
{
    for (guint i = 0; look->values && i < fv_plan_layers(look->copy.plan); i++) {
        g_free(look->values[i].lows);
        g_free(look->values[i].highs);
    }
    g_free(look->values);
    g_free(look->params);
    fv_doctor_copy_clear(&look->copy);
}
