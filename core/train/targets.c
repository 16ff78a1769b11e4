/* SPDX-License-Identifier: MIT
 * targets.c: random inputs and targets. */
#include "core/train/targets.h"

enum { STREAM_INPUT = 0x6701, STREAM_TARGET };

/* In [0, 1), as probabilities are. */
static void fill_uniform(FvTensor *tensor, FvRandom random)
{
    for (gint64 i = 0; i < fv_tensor_elements(tensor); i++)
        fv_tensor_set(tensor, i, fv_random_uniform(&random));
}

static FvTensor *normal(int samples, FvShape shape, FvRandom random, GError **error)
{
    FvTensor *tensor = fv_tensor_new(FV_F64, 4, (const gint64[]){ samples, shape.c, shape.h, shape.w }, error);
    for (gint64 i = 0; tensor && i < fv_tensor_elements(tensor); i++)
        fv_tensor_set(tensor, i, fv_random_gaussian(&random));
    return tensor;
}

FvTensor *fv_random_input(FvPlan *plan, int samples, guint64 seed, GError **error)
{
    return normal(samples, fv_plan_input_shape(plan), fv_random(seed, 0, 0, STREAM_INPUT), error);
}

static gboolean set_target(FvPlan *plan, const FvTerm *term, int samples, guint64 seed, GError **error)
{
    FvRandom random = fv_random(seed, 0, 0, STREAM_TARGET);
    FvTarget kind;
    FvShape shape;
    FvBuffer *buffer = fv_plan_target(plan, term->target, &kind, &shape);
    if (kind == FV_TARGET_VALUE) {
        g_autoptr(FvTensor) target = normal(samples, shape, random, error);
        if (target && fv_term_link(term) != FV_LINK_NONE)
            fill_uniform(target, random);
        return target && fv_plan_write_value(plan, buffer, shape, samples, target, error);
    }
    /* Embeddings are compared: of two classes every batch has several samples. */
    const int known = fv_term_classes(term, fv_plan_layer(plan, (guint) term->value).out), count = known ? known : 2;
    const int lanes = fv_plan_lanes(plan), blocks = (samples + lanes - 1) / lanes;
    const gint64 elements = fv_shape_elements(shape) * lanes * blocks;
    g_autofree gint32 *classes = g_new(gint32, elements);
    for (gint64 i = 0; i < elements; i++)
        classes[i] = (gint32) fv_random_below(&random, (guint32) count);
    return fv_device_write(fv_plan_device(plan), buffer->memory, 0, (size_t) elements * sizeof *classes, classes,
                           error);
}

gboolean fv_random_targets(FvPlan *plan, const FvGraph *graph, int samples, guint64 seed, GError **error)
{
    for (guint i = 0; i < graph->losses->len; i++) {
        const FvTerm *term = graph->losses->pdata[i];
        if (term->target && !set_target(plan, term, samples, seed, error))
            return FALSE;
    }
    return TRUE;
}
