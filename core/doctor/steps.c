/* SPDX-License-Identifier: MIT
 * steps.c: steps of a net over the sample, and the way back to where training begins. */
#include "core/doctor/private.h"

#include "core/train/step.h"

#include <math.h>

/* Where samples are mixed of several images, all of each is its own here. */
static gboolean write_shares(FvPlan *plan, int samples, GError **error)
{
    const FvBuffer *shares = fv_plan_shares(plan);
    if (!shares)
        return TRUE;
    const gsize count = (gsize) shares->bytes / sizeof(float);
    g_autofree float *numbers = g_new0(float, count);
    for (gsize i = 0; i < MIN(count, (gsize) samples); i++)
        numbers[i] = 1;
    return fv_device_write(fv_plan_device(plan), shares->memory, 0, count * sizeof(float), numbers, error);
}

gboolean fv_doctor_write_batch(const FvDoctor *doctor, guint batch, GError **error)
{
    FvPlan *plan = doctor->plan;
    const FvDoctorSample *sample = &doctor->sample;
    const FvBuffer *label = fv_plan_target(plan, "label", NULL, NULL);
    const gint32 *labels = &g_array_index(sample->labels, gint32, batch * (guint) sample->each);
    return fv_plan_write_value(plan, fv_plan_input(plan), fv_plan_input_shape(plan), sample->each,
                               sample->batches->pdata[batch], error) &&
           (!label || fv_device_write(fv_plan_device(plan), label->memory, 0, (gsize) sample->each * sizeof(gint32),
                                      labels, error)) &&
           write_shares(plan, sample->each, error);
}

gboolean fv_doctor_set_back(FvDoctor *doctor, GError **error)
{
    FvPlan *plan = doctor->plan;
    doctor->step = 0;
    if (!fv_plan_initialise(plan, doctor->settings->begin.seed, error))
        return FALSE;
    for (guint i = 0; i < doctor->first->len; i++)
        if (!fv_plan_set_param(plan, i, doctor->first->pdata[i], error))
            return FALSE;
    return TRUE;
}

gboolean fv_doctor_copy(const FvDoctor *doctor, const FvGraph *graph, gboolean keep, FvDoctor *copy, GError **error)
{
    const FvSessionSettings settings = { .graph = graph,
                                         .device = doctor->settings->device,
                                         .seed = doctor->settings->begin.seed,
                                         .weights = doctor->weights,
                                         .share = doctor->session,
                                         .keep = keep,
                                         .stop = doctor->settings->stop };
    *copy = *doctor;
    copy->graph = graph;
    copy->tally = NULL;
    copy->session = fv_session_new(&settings, copy->purpose, error);
    if (!copy->session)
        return FALSE;
    copy->plan = fv_session_plan(copy->session);
    copy->tally = fv_tally_new(copy->plan);
    return fv_doctor_set_back(copy, error);
}

void fv_doctor_copy_clear(FvDoctor *copy)
{
    fv_tally_free(copy->tally);
    fv_session_free(copy->session);
}

static FvDoctorLoss losses_since(const FvTally *tally, const FvSums *before)
{
    const FvSums *now = fv_tally_sums(tally);
    return (FvDoctorLoss){ .data = (now->losses - before->losses) / (double) MAX(1, now->seen - before->seen),
                           .penalties =
                               (now->penalties - before->penalties) / (double) MAX(1, now->steps - before->steps) };
}

static gboolean take(FvDoctor *doctor, FvListKind kind, double rate, GError **error)
{
    const guint32 step = (guint32) doctor->step++;
    const FvStep now = { .step = step,
                         .slot = fv_tally_step(doctor->tally, doctor->sample.each),
                         .rate = rate,
                         .seed = doctor->settings->begin.seed,
                         .update = step,
                         .share = 1 };
    return fv_step_take(doctor->plan, doctor->graph, kind, &now, doctor->sample.each, error);
}

gboolean fv_doctor_step(FvDoctor *doctor, FvListKind kind, double rate, GError **error)
{
    fv_tally_reset(doctor->tally);
    return take(doctor, kind, rate, error) && fv_tally_flush(doctor->tally, error);
}

gboolean fv_doctor_run(FvDoctor *doctor, FvListKind kind, guint batches, int steps, int last, double rate,
                       FvDoctorLoss *loss, GError **error)
{
    FvTally *tally = doctor->tally;
    FvSums before = { 0 }; /* without what it points to */
    fv_tally_reset(tally);
    for (int i = 0; i < steps; i++) {
        if (fv_session_stopped(doctor->session))
            return FALSE;
        if (i == steps - last && i > 0) {
            if (!fv_tally_flush(tally, error))
                return FALSE;
            before = *fv_tally_sums(tally);
        }
        if (((batches > 1 || i == 0) && !fv_doctor_write_batch(doctor, (guint) i % batches, error)) ||
            !take(doctor, kind, rate, error) || (fv_tally_full(tally) && !fv_tally_flush(tally, error)))
            return FALSE;
    }
    if (!fv_tally_flush(tally, error))
        return FALSE;
    *loss = losses_since(tally, &before);
    if (fv_tally_totals(tally).bad_step >= 0)
        loss->data = NAN;
    return TRUE;
}

gboolean fv_doctor_evaluate(FvDoctor *doctor, guint batches, FvDoctorLoss *loss, GError **error)
{
    FvPlan *plan = doctor->plan;
    FvDevice *device = fv_plan_device(plan);
    const int each = doctor->sample.each;
    const FvList *pack = fv_plan_list(plan, FV_LIST_PACK, 1, error);
    const FvList *list = pack ? fv_plan_list(plan, FV_LIST_EVALUATE, each, error) : NULL;
    if (!list || !fv_exec_enqueue(device, pack, &(FvStep){ 0 }, error))
        return FALSE;
    fv_tally_reset(doctor->tally);
    for (guint i = 0; i < batches; i++) {
        const FvStep now = { .slot = fv_tally_step(doctor->tally, each), .seed = doctor->settings->begin.seed };
        if (!fv_doctor_write_batch(doctor, i, error) || !fv_exec_enqueue(device, list, &now, error) ||
            (fv_tally_full(doctor->tally) && !fv_tally_flush(doctor->tally, error)))
            return FALSE;
    }
    if (!fv_tally_flush(doctor->tally, error))
        return FALSE;
    *loss = losses_since(doctor->tally, &(FvSums){ 0 });
    return TRUE;
}
