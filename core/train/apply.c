/* SPDX-License-Identifier: MIT
 * apply.c: runs a net on tensors. */
#include "core/train/apply_private.h"

#include "core/exec/exec.h"
#include "core/train/pipeline.h"
#include "core/train/tally.h"

#include <string.h>

/* ------------------------------------------------------------------ loading */

/* @weights: read from settings->begin.file, or NULL. */
FvPlan *fv_apply_plan(const FvApplySettings *settings, FvPurpose purpose, int batch, const FvTensors *weights,
                      GError **error)
{
    FvPlanSettings wanted = { .purpose = purpose, .batch = batch };
    FvPlan *plan = fv_pipeline_plan(settings->graph, settings->device, &wanted, error);
    if (!plan || !weights || !fv_plan_keeps_samples(plan))
        return plan;
    wanted.fit_samples = fv_weights_kept_samples(plan, weights);
    fv_plan_free(plan);
    return fv_pipeline_plan(settings->graph, settings->device, &wanted, error);
}

static gboolean load(const FvApplySettings *settings, FvPlan *plan, const FvTensors *weights, GError **error)
{
    if (!fv_plan_load(plan, settings->device, NULL, error))
        return FALSE;
    return fv_weights_begin(plan, &settings->begin, weights, error);
}

gboolean fv_apply_enqueue(FvPlan *plan, FvListKind kind, int samples, guint64 seed, GError **error)
{
    const FvList *list = fv_plan_list(plan, kind, samples, error);
    const FvStep step = { .seed = seed };
    return list && fv_exec_enqueue(fv_plan_device(plan), list, &step, error);
}

/* ------------------------------------------------------------------ tensors */

gboolean fv_apply_check_shape(const FvTensor *tensor, const char *name, FvShape shape, int *samples, GError **error)
{
    const gint64 dims[] = { shape.c, shape.h, shape.w };
    gboolean fits = tensor->rank >= 1 && tensor->rank <= 4 && tensor->dims[0] >= 1 && tensor->dims[0] <= G_MAXINT;
    for (int i = 0; i < 3 && fits; i++)
        fits = dims[i] == (i + 1 < tensor->rank ? tensor->dims[i + 1] : 1);
    if (fits) {
        *samples = (int) tensor->dims[0];
        return TRUE;
    }
    g_autofree char *has = fv_tensor_dims_text(tensor);
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: is %s, expected Nx%dx%dx%d", name, has, shape.c, shape.h, shape.w);
    return FALSE;
}

/* Samples begin .. begin + n - 1 as a tensor of their own. */
static FvTensor *slice(const FvTensor *tensor, int begin, int n, GError **error)
{
    gint64 dims[FV_MAX_RANK];
    memcpy(dims, tensor->dims, sizeof dims);
    dims[0] = n;
    FvTensor *part = fv_tensor_new(tensor->dtype, tensor->rank, dims, error);
    if (!part)
        return NULL;
    const size_t each = (size_t) (fv_tensor_elements(part) / n) * fv_dtype_size(tensor->dtype);
    memcpy(part->data, (const char *) tensor->data + (size_t) begin * each, (size_t) n * each);
    return part;
}

static gboolean forward_batch(FvPlan *plan, const FvTensor *in, int begin, int n, FvTensor *out, guint64 seed,
                              GError **error)
{
    const FvShape shape = fv_plan_output_shape(plan);
    const gint64 each = fv_shape_elements(shape);
    g_autoptr(FvTensor) part = slice(in, begin, n, error);
    g_autofree double *numbers = g_new(double, each *n);
    if (!part || !fv_plan_write_value(plan, fv_plan_input(plan), fv_plan_input_shape(plan), n, part, error) ||
        !fv_apply_enqueue(plan, FV_LIST_PREDICT, n, seed, error) ||
        !fv_plan_read_value(plan, fv_plan_output(plan), shape, n, numbers, error))
        return FALSE;
    for (gint64 i = 0; i < each * n; i++)
        fv_tensor_set(out, begin * each + i, numbers[i]);
    return TRUE;
}

FvTensor *fv_apply_forward(const FvApplySettings *settings, const FvTensor *in, const char *name, GError **error)
{
    const gint64 given = in->rank >= 1 ? CLAMP(in->dims[0], 1, settings->graph->batch) : 1;
    g_autoptr(FvTensors) weights = NULL;
    if (!fv_beginning_read(&settings->begin, &weights, error))
        return NULL;
    g_autoptr(FvPlan) plan = fv_apply_plan(settings, FV_FOR_PREDICTION, (int) given, weights, error);
    int samples;
    if (!plan || !fv_apply_check_shape(in, name, fv_plan_input_shape(plan), &samples, error) ||
        !load(settings, plan, weights, error) || !fv_apply_enqueue(plan, FV_LIST_PACK, 1, settings->begin.seed, error))
        return NULL;
    const FvShape shape = fv_plan_output_shape(plan);
    g_autoptr(FvTensor) out = fv_tensor_new(FV_F32, 4, (const gint64[]){ samples, shape.c, shape.h, shape.w }, error);
    if (!out)
        return NULL;
    const int batch = fv_plan_batch(plan);
    for (int begin = 0; begin < samples; begin += batch)
        if (!forward_batch(plan, in, begin, MIN(batch, samples - begin), out, settings->begin.seed, error))
            return NULL;
    return g_steal_pointer(&out);
}

/* ---------------------------------------------------------------- gradients */

/* Classes of samples, N, or of their pixels, N,H,W. */
static gboolean check_classes(const FvTensor *target, const char *name, int samples, FvShape shape, GError **error)
{
    const gboolean whole = target->dtype == FV_I64 || target->dtype == FV_I32 || target->dtype == FV_U8;
    const gboolean pixels = shape.h * shape.w > 1;
    if (whole && target->rank == (pixels ? 3 : 1) && target->dims[0] == samples &&
        (!pixels || (target->dims[1] == shape.h && target->dims[2] == shape.w)))
        return TRUE;
    g_autofree char *dims = fv_tensor_dims_text(target);
    g_autofree char *each = pixels ? g_strdup_printf("x%dx%d", shape.h, shape.w) : g_strdup("");
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: expected classes, int64 of shape %d%s; it is %s %s", name, samples,
                each, whole ? "of shape" : "no whole numbers, of shape", dims);
    return FALSE;
}

/* @count: classes that there are; 0: any number. */
static gboolean set_classes(FvPlan *plan, FvBuffer *buffer, const FvTensor *target, const char *name, int samples,
                            FvShape shape, int count, GError **error)
{
    const int lanes = fv_plan_lanes(plan), blocks = (samples + lanes - 1) / lanes;
    const gint64 pixels = fv_shape_elements(shape), elements = pixels * lanes * blocks;
    if (!check_classes(target, name, samples, shape, error))
        return FALSE;
    g_autofree gint32 *classes = g_new0(gint32, elements);
    for (gint64 i = 0; i < fv_tensor_elements(target); i++) {
        const gint64 sample = i / pixels, pixel = i % pixels;
        const double class = fv_tensor_get(target, i);
        if (class < 0 || class > (double) G_MAXINT32 || (count > 0 && class >= (double) count)) {
            g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                        "%s: element %" G_GINT64_FORMAT " is %.0f, where classes are 0 to %d", name, i, class,
                        count > 0 ? count - 1 : G_MAXINT32);
            return FALSE;
        }
        classes[(sample / lanes * pixels + pixel) * lanes + sample % lanes] = (gint32) class;
    }
    return fv_device_write(fv_plan_device(plan), buffer->memory, 0, (size_t) elements * sizeof *classes, classes,
                           error);
}

gboolean fv_apply_set_targets(FvPlan *plan, const FvGraph *graph, const FvTensor *target, const char *name, int samples,
                              GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < graph->losses->len; i++) {
        const FvTerm *term = graph->losses->pdata[i];
        FvTarget kind;
        FvShape shape;
        FvBuffer *buffer = term->target ? fv_plan_target(plan, term->target, &kind, &shape) : NULL;
        int count;
        if (!buffer || !g_hash_table_add(seen, term->target))
            continue;
        if (kind == FV_TARGET_CLASS) {
            if (!set_classes(plan, buffer, target, name, samples, shape,
                             fv_term_classes(term, fv_plan_layer(plan, (guint) term->value).out), error))
                return FALSE;
            continue;
        }
        if (!fv_apply_check_shape(target, name, shape, &count, error))
            return FALSE;
        if (count != samples) {
            g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: holds %d samples, the input %d", name, count, samples);
            return FALSE;
        }
        if (!fv_plan_write_value(plan, buffer, shape, samples, target, error))
            return FALSE;
    }
    return TRUE;
}

static FvTensors *read_gradients(FvPlan *plan, GError **error)
{
    g_autoptr(FvTensors) grads = fv_tensors_new();
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        if (!param.trained)
            continue;
        FvTensor *tensor = fv_plan_get_gradient(plan, i, error);
        if (!tensor || !fv_tensors_add(grads, param.name, tensor, error))
            return NULL;
    }
    return g_steal_pointer(&grads);
}

static gboolean read_loss(FvPlan *plan, int samples, double *loss, GError **error)
{
    FvTally *tally = fv_tally_new(plan);
    fv_tally_step(tally, samples);
    gboolean done = fv_tally_flush(tally, error);
    *loss = fv_tally_totals(tally).loss;
    fv_tally_free(tally);
    return done;
}

static gboolean has_target(const FvGraph *graph, GError **error)
{
    for (guint i = 0; i < graph->losses->len; i++)
        if (((const FvTerm *) graph->losses->pdata[i])->target)
            return TRUE;
    g_autoptr(FvDiag) diag = fv_diag_new();
    const FvLoc top = { g_intern_string(graph->file), 1, 1 };
    fv_diag_error(diag, top, NULL, "there is no loss with a target");
    return fv_diag_check(diag, error);
}

gboolean fv_apply_gradients(const FvApplySettings *settings, const FvTensor *in, const char *in_name,
                            const FvTensor *target, const char *target_name, double *loss, FvTensors **grads,
                            GError **error)
{
    const int batch = in->rank >= 1 && in->dims[0] >= 1 && in->dims[0] <= G_MAXINT16 ? (int) in->dims[0] : 1;
    int samples;
    g_autoptr(FvTensors) weights = NULL;
    if (!has_target(settings->graph, error) || !fv_beginning_read(&settings->begin, &weights, error))
        return FALSE;
    g_autoptr(FvPlan) plan = fv_apply_plan(settings, FV_FOR_TRAINING, batch, weights, error);
    if (!plan || !fv_apply_check_shape(in, in_name, fv_plan_input_shape(plan), &samples, error))
        return FALSE;
    if (samples > batch) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: more than %d samples", in_name, G_MAXINT16);
        return FALSE;
    }
    if (!load(settings, plan, weights, error) ||
        !fv_plan_write_value(plan, fv_plan_input(plan), fv_plan_input_shape(plan), samples, in, error) ||
        !fv_apply_set_targets(plan, settings->graph, target, target_name, samples, error) ||
        !fv_apply_enqueue(plan, FV_LIST_GRADIENT, samples, settings->begin.seed, error) ||
        !read_loss(plan, samples, loss, error))
        return FALSE;
    *grads = read_gradients(plan, error);
    return *grads != NULL;
}
