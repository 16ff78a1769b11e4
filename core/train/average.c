/* SPDX-License-Identifier: MIT
 * average.c: adds up values of a net, in double, and gives their means back to it. */
#include "core/train/average.h"

#include "core/train/link.h"

#include <string.h>

typedef struct {
    FvBuffer *buffer;
    FvShape shape;
    FvLink link;
    double *sums; /* of each sample C,H,W */
    double *rest; /* what goes with probabilities: fv_link_rest() of each sample */
} Value;

struct FvAverage {
    FvPlan *plan;
    GArray *values; /* of Value */
};

static Value *value_at(const FvAverage *average, guint i)
{
    return &g_array_index(average->values, Value, i);
}

/* Values that pass their input on are one piece of memory with it. */
static void add_value(FvAverage *average, FvBuffer *buffer, FvShape shape, FvLink link)
{
    for (guint i = 0; i < average->values->len; i++) {
        Value *known = value_at(average, i);
        if (known->buffer != buffer)
            continue;
        known->link = known->link == FV_LINK_NONE ? link : known->link;
        return;
    }
    const Value value = { .buffer = buffer, .shape = shape, .link = link };
    g_array_append_val(average->values, value);
}

static FvAverage *average_new(FvPlan *plan)
{
    FvAverage *average = g_new0(FvAverage, 1);
    average->plan = plan;
    average->values = g_array_new(FALSE, FALSE, sizeof(Value));
    return average;
}

FvAverage *fv_average_of_output(FvPlan *plan, FvLink link)
{
    FvAverage *average = average_new(plan);
    add_value(average, fv_plan_output(plan), fv_plan_output_shape(plan), link);
    return average;
}

FvAverage *fv_average_of_terms(FvPlan *plan, const FvGraph *graph)
{
    FvAverage *average = average_new(plan);
    const GPtrArray *const terms[] = { graph->losses, graph->metrics };
    for (guint k = 0; k < G_N_ELEMENTS(terms); k++)
        for (guint i = 0; i < terms[k]->len; i++) {
            const FvTerm *term = terms[k]->pdata[i];
            if (term->value >= 0)
                add_value(average, fv_plan_value(plan, (guint) term->value),
                          fv_plan_layer(plan, (guint) term->value).out, fv_term_link(term));
        }
    return average;
}

static void clear(FvAverage *average)
{
    for (guint i = 0; i < average->values->len; i++) {
        Value *value = value_at(average, i);
        g_clear_pointer(&value->sums, g_free);
        g_clear_pointer(&value->rest, g_free);
    }
}

void fv_average_free(FvAverage *average)
{
    if (!average)
        return;
    clear(average);
    g_array_unref(average->values);
    g_free(average);
}

gsize fv_average_bytes(const FvAverage *average)
{
    gsize bytes = 0;
    for (guint i = 0; i < average->values->len; i++) {
        const Value *value = value_at(average, i);
        bytes +=
            (gsize) (fv_shape_elements(value->shape) + fv_link_rest_count(value->link, value->shape)) * sizeof(double);
    }
    return bytes;
}

void fv_average_begin(FvAverage *average, gint64 samples)
{
    clear(average);
    for (guint i = 0; i < average->values->len; i++) {
        Value *value = value_at(average, i);
        const gsize count = (gsize) (fv_shape_elements(value->shape) * samples);
        value->sums = g_new0(double, count);
        value->rest = g_new0(double, fv_link_rest_count(value->link, value->shape) * samples);
    }
}

static void add_up(double *sums, const double *numbers, gint64 count)
{
    for (gint64 i = 0; i < count; i++)
        sums[i] += numbers[i];
}

static void add_sample(const Value *value, gint64 sample, double *numbers)
{
    const gint64 each = fv_shape_elements(value->shape), more = fv_link_rest_count(value->link, value->shape);
    g_autofree double *rest = g_new(double, more);
    fv_link_rest(value->link, numbers, value->shape, rest);
    fv_link_apply(value->link, numbers, value->shape);
    add_up(value->rest + sample * more, rest, more);
    add_up(value->sums + sample * each, numbers, each);
}

gboolean fv_average_add(FvAverage *average, gint64 first, int count, GError **error)
{
    for (guint i = 0; i < average->values->len; i++) {
        const Value *value = value_at(average, i);
        const gint64 each = fv_shape_elements(value->shape);
        g_autofree double *numbers = g_new(double, each *count);
        if (!fv_plan_read_value(average->plan, value->buffer, value->shape, count, numbers, error))
            return FALSE;
        for (int s = 0; s < count; s++)
            add_sample(value, first + s, numbers + s * each);
    }
    return TRUE;
}

static void mean(const double *sums, gint64 count, int times, double *means)
{
    for (gint64 i = 0; i < count; i++)
        means[i] = sums[i] / times;
}

/* A sample as the losses want it. */
static void invert_sample(const Value *value, gint64 sample, int times, double *numbers)
{
    const gint64 each = fv_shape_elements(value->shape), more = fv_link_rest_count(value->link, value->shape);
    g_autofree double *rest = g_new(double, more);
    mean(value->rest + sample * more, more, times, rest);
    mean(value->sums + sample * each, each, times, numbers);
    fv_link_invert(value->link, numbers, rest, value->shape);
}

gboolean fv_average_put(const FvAverage *average, gint64 first, int count, int times, GError **error)
{
    for (guint i = 0; i < average->values->len; i++) {
        const Value *value = value_at(average, i);
        const FvShape shape = value->shape;
        g_autoptr(FvTensor) tensor =
            fv_tensor_new(FV_F64, 4, (const gint64[]){ count, shape.c, shape.h, shape.w }, error);
        if (!tensor)
            return FALSE;
        for (int s = 0; s < count; s++)
            invert_sample(value, first + s, times, (double *) tensor->data + s * fv_shape_elements(shape));
        if (!fv_plan_write_value(average->plan, value->buffer, shape, count, tensor, error))
            return FALSE;
    }
    return TRUE;
}

void fv_average_get(const FvAverage *average, gint64 sample, int times, double *numbers)
{
    const Value *value = value_at(average, 0);
    const gint64 each = fv_shape_elements(value->shape);
    mean(value->sums + sample * each, each, times, numbers);
}
