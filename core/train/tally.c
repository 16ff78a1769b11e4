/* SPDX-License-Identifier: MIT
 * tally.c: adds up losses and metrics on the host, in double, in the order of samples. */
#include "core/train/tally.h"

#include <math.h>

struct FvTally {
    FvPlan *plan;
    int slots, waiting; /* steps on the device */
    int *samples;       /* of each waiting step */
    FvSums sums;
    gint64 bad_step;
    int metric;      /* term number, or -1 */
    gboolean has_loss;
    double **values; /* of each term: what was read */
};

FvTally *fv_tally_new(FvPlan *plan)
{
    FvTally *tally = g_new0(FvTally, 1);
    tally->plan = plan;
    tally->slots = fv_plan_slots_of_results(plan);
    tally->samples = g_new0(int, tally->slots);
    tally->metric = -1;
    tally->values = g_new0(double *, fv_plan_terms(plan) + 1);
    for (guint i = 0; i < fv_plan_terms(plan); i++) {
        FvPlanTerm term = fv_plan_term(plan, i);
        tally->values[i] = g_new(double, (gsize) term.stride *(gsize) tally->slots);
        if (term.metric && tally->metric < 0)
            tally->metric = (int) i;
        tally->has_loss |= !term.metric;
    }
    fv_tally_reset(tally);
    return tally;
}

void fv_tally_free(FvTally *tally)
{
    if (!tally)
        return;
    for (guint i = 0; i < fv_plan_terms(tally->plan); i++)
        g_free(tally->values[i]);
    g_free(tally->values);
    g_free(tally->samples);
    g_free(tally);
}

void fv_tally_reset(FvTally *tally)
{
    fv_tally_restore(tally, &(FvSums){ 0 });
}

void fv_tally_restore(FvTally *tally, const FvSums *sums)
{
    tally->waiting = 0;
    tally->sums = *sums;
    tally->bad_step = -1;
}

FvSums fv_tally_sums(const FvTally *tally)
{
    return tally->sums;
}

gboolean fv_tally_full(const FvTally *tally)
{
    return tally->waiting == tally->slots;
}

int fv_tally_step(FvTally *tally, int samples)
{
    g_assert(!fv_tally_full(tally));
    tally->samples[tally->waiting] = samples;
    return tally->waiting++;
}

/* Reads the numbers of all waiting steps of a term. */
static gboolean read_term(FvTally *tally, guint i, GError **error)
{
    FvPlanTerm term = fv_plan_term(tally->plan, i);
    size_t count = (size_t) tally->waiting * (size_t) term.stride, size = fv_plan_real_size(tally->plan);
    g_autofree void *raw = g_malloc(count * size);
    if (!fv_device_read(fv_plan_device(tally->plan), term.result->memory, 0, count * size, raw, error))
        return FALSE;
    for (size_t k = 0; k < count; k++)
        tally->values[i][k] = size == sizeof(double) ? ((double *) raw)[k] : (double) ((float *) raw)[k];
    return TRUE;
}

static double sum_of_step(const FvTally *tally, guint i, int step)
{
    FvPlanTerm term = fv_plan_term(tally->plan, i);
    int count = term.penalty ? term.stride : tally->samples[step];
    double sum = 0;
    for (int k = 0; k < count; k++)
        sum += tally->values[i][step * term.stride + k];
    return sum;
}

/* Step by step, so that the sums do not depend on how many steps were read together. */
static void add_step(FvTally *tally, int step)
{
    for (guint i = 0; i < fv_plan_terms(tally->plan); i++) {
        FvPlanTerm term = fv_plan_term(tally->plan, i);
        double sum = sum_of_step(tally, i, step);
        if (term.metric) {
            tally->sums.metrics += (int) i == tally->metric ? sum : 0;
            continue;
        }
        if (!isfinite(sum) && tally->bad_step < 0)
            tally->bad_step = tally->sums.steps;
        *(term.penalty ? &tally->sums.penalties : &tally->sums.losses) += sum;
    }
    tally->sums.seen += tally->samples[step];
    tally->sums.steps++;
}

gboolean fv_tally_flush(FvTally *tally, GError **error)
{
    if (tally->waiting == 0)
        return TRUE;
    for (guint i = 0; i < fv_plan_terms(tally->plan); i++)
        if (!read_term(tally, i, error))
            return FALSE;
    for (int step = 0; step < tally->waiting; step++)
        add_step(tally, step);
    tally->waiting = 0;
    return TRUE;
}

FvTotals fv_tally_totals_since(const FvTally *tally, const FvSums *before)
{
    const FvSums *now = &tally->sums;
    double samples = (double) MAX(1, now->seen - before->seen), steps = (double) MAX(1, now->steps - before->steps);
    return (FvTotals){
        .samples = now->seen - before->seen,
        .steps = now->steps - before->steps,
        .has_loss = tally->has_loss,
        .loss = tally->has_loss ? (now->losses - before->losses) / samples + (now->penalties - before->penalties) / steps
                                : NAN,
        .metric = tally->metric < 0 ? NAN : (now->metrics - before->metrics) / samples,
        .bad_step = tally->bad_step,
    };
}

FvTotals fv_tally_totals(const FvTally *tally)
{
    return fv_tally_totals_since(tally, &(FvSums){ 0 });
}

const char *fv_tally_metric(const FvTally *tally)
{
    return tally->metric < 0 ? NULL : fv_plan_term(tally->plan, (guint) tally->metric).kind;
}
