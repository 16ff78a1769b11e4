/* SPDX-License-Identifier: MIT
 * tally.c: adds up losses and metrics on the host, in double, in the order of samples. */
#include "core/train/tally.h"

#include "core/sink/run.h"

#include <math.h>
#include <string.h>

struct FvTally {
    FvPlan *plan;
    int slots, waiting; /* steps on the device */
    int *samples;       /* of each waiting step */
    FvSums sums;
    gint64 bad_step;
    GArray *metrics; /* of Metric */
    gboolean has_loss;
    double **values; /* of each term: what was read */
};

/* Where a metric's numbers are. */
typedef struct {
    guint term;
    const char *name; /* interned */
    guint first;      /* of its sums, among those of all metrics */
} Metric;

/* ----------------------------------------------------------------------- sums */

void fv_sums_clear(FvSums *sums)
{
    g_clear_pointer(&sums->metrics, g_array_unref);
}

void fv_sums_copy(FvSums *to, const FvSums *from)
{
    GArray *metrics = from->metrics ? g_array_copy(from->metrics) : NULL;
    fv_sums_clear(to);
    *to = *from;
    to->metrics = metrics;
}

/* ---------------------------------------------------------------------- tally */

/* "accuracy", "accuracy_2" ... */
static const char *name_of(const FvTally *tally, const char *kind)
{
    int same = 1;
    for (guint i = 0; i < tally->metrics->len; i++)
        same += fv_plan_term(tally->plan, g_array_index(tally->metrics, Metric, i).term).kind == kind;
    g_autofree char *numbered = same > 1 ? g_strdup_printf("%s_%d", kind, same) : NULL;
    return g_intern_string(numbered ? numbered : kind);
}

static void add_metric(FvTally *tally, guint i, const FvPlanTerm *term)
{
    const Metric metric = { .term = i, .name = name_of(tally, term->kind), .first = tally->sums.metrics->len };
    g_array_set_size(tally->sums.metrics, metric.first + (guint) term->sums);
    g_array_append_val(tally->metrics, metric);
}

FvTally *fv_tally_new(FvPlan *plan)
{
    FvTally *tally = g_new0(FvTally, 1);
    tally->plan = plan;
    tally->slots = fv_plan_slots_of_results(plan);
    tally->samples = g_new0(int, tally->slots);
    tally->metrics = g_array_new(FALSE, FALSE, sizeof(Metric));
    tally->sums.metrics = g_array_new(FALSE, TRUE, sizeof(double));
    tally->values = g_new0(double *, fv_plan_terms(plan) + 1);
    for (guint i = 0; i < fv_plan_terms(plan); i++) {
        FvPlanTerm term = fv_plan_term(plan, i);
        tally->values[i] = g_new(double, (gsize) term.stride *(gsize) tally->slots);
        if (term.metric)
            add_metric(tally, i, &term);
        else
            tally->has_loss = TRUE;
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
    g_array_unref(tally->metrics);
    fv_sums_clear(&tally->sums);
    g_free(tally->samples);
    g_free(tally);
}

void fv_tally_reset(FvTally *tally)
{
    fv_tally_restore(tally, &(FvSums){ 0 });
}

void fv_tally_restore(FvTally *tally, const FvSums *sums)
{
    GArray *metrics = tally->sums.metrics;
    const guint given = sums->metrics ? MIN(sums->metrics->len, metrics->len) : 0;
    tally->waiting = 0;
    tally->sums = *sums;
    tally->sums.metrics = metrics;
    tally->bad_step = -1;
    memset(metrics->data, 0, metrics->len * sizeof(double));
    if (given > 0)
        memcpy(metrics->data, sums->metrics->data, given * sizeof(double));
}

const FvSums *fv_tally_sums(const FvTally *tally)
{
    return &tally->sums;
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

/* Reads the numbers of a term's steps, from one on. */
static gboolean read_steps(FvPlan *plan, const FvPlanTerm *term, int first, int steps, double *values, GError **error)
{
    const size_t count = (size_t) steps * (size_t) term->stride, size = fv_plan_real_size(plan);
    g_autofree void *raw = g_malloc(count * size);
    if (!fv_device_read(fv_plan_device(plan), term->result->memory, (size_t) first * (size_t) term->stride * size,
                        count * size, raw, error))
        return FALSE;
    for (size_t k = 0; k < count; k++)
        values[k] = size == sizeof(double) ? ((double *) raw)[k] : (double) ((float *) raw)[k];
    return TRUE;
}

gboolean fv_tally_read_loss(FvPlan *plan, int slot, int samples, double *loss, GError **error)
{
    *loss = 0;
    for (guint i = 0; i < fv_plan_terms(plan); i++) {
        const FvPlanTerm term = fv_plan_term(plan, i);
        g_autofree double *values = g_new(double, term.stride);
        double sum = 0;
        if (term.metric)
            continue;
        if (!read_steps(plan, &term, slot, 1, values, error))
            return FALSE;
        for (int k = 0; k < (term.penalty ? term.stride : samples); k++)
            sum += values[k];
        *loss += term.penalty ? sum : sum / samples;
    }
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

static void add_metric_step(FvTally *tally, const Metric *metric, int step)
{
    const FvPlanTerm term = fv_plan_term(tally->plan, metric->term);
    const double *numbers = tally->values[metric->term] + (size_t) step * (size_t) term.stride;
    double *sums = &g_array_index(tally->sums.metrics, double, metric->first);
    if (!term.hooks)
        *sums += sum_of_step(tally, metric->term, step);
    for (int k = 0; k < tally->samples[step] && term.hooks; k++)
        term.hooks->add(term.self, numbers + (size_t) k * (size_t) term.numbers, sums);
}

/* Step by step, so that the sums do not depend on how many steps were read together. */
static void add_step(FvTally *tally, int step)
{
    for (guint i = 0; i < fv_plan_terms(tally->plan); i++) {
        FvPlanTerm term = fv_plan_term(tally->plan, i);
        if (term.metric)
            continue;
        double sum = sum_of_step(tally, i, step);
        if (!isfinite(sum) && tally->bad_step < 0)
            tally->bad_step = tally->sums.steps;
        *(term.penalty ? &tally->sums.penalties : &tally->sums.losses) += sum;
    }
    for (guint i = 0; i < tally->metrics->len; i++)
        add_metric_step(tally, &g_array_index(tally->metrics, Metric, i), step);
    tally->sums.seen += tally->samples[step];
    tally->sums.steps++;
}

gboolean fv_tally_flush(FvTally *tally, GError **error)
{
    if (tally->waiting == 0)
        return TRUE;
    for (guint i = 0; i < fv_plan_terms(tally->plan); i++) {
        const FvPlanTerm term = fv_plan_term(tally->plan, i);
        if (!read_steps(tally->plan, &term, 0, tally->waiting, tally->values[i], error))
            return FALSE;
    }
    for (int step = 0; step < tally->waiting; step++)
        add_step(tally, step);
    tally->waiting = 0;
    return TRUE;
}

/* --------------------------------------------------------------------- results */

static double sum_since(const FvTally *tally, const FvSums *before, guint i)
{
    const double then =
        before && before->metrics && i < before->metrics->len ? g_array_index(before->metrics, double, i) : 0;
    return g_array_index(tally->sums.metrics, double, i) - then;
}

static double score_since(const FvTally *tally, const FvSums *before, const Metric *metric)
{
    const FvPlanTerm term = fv_plan_term(tally->plan, metric->term);
    const gint64 samples = tally->sums.seen - (before ? before->seen : 0);
    if (!term.hooks)
        return sum_since(tally, before, metric->first) / (double) MAX(1, samples);
    if (!before)
        return term.hooks->finish(term.self, &g_array_index(tally->sums.metrics, double, metric->first));
    g_autofree double *sums = g_new(double, term.sums);
    for (int i = 0; i < term.sums; i++)
        sums[i] = sum_since(tally, before, metric->first + (guint) i);
    return term.hooks->finish(term.self, sums);
}

FvTotals fv_tally_totals_since(const FvTally *tally, const FvSums *before)
{
    static const FvSums nothing = { 0 };
    const FvSums *now = &tally->sums, *then = before ? before : &nothing;
    double samples = (double) MAX(1, now->seen - then->seen), steps = (double) MAX(1, now->steps - then->steps);
    return (FvTotals){
        .samples = now->seen - then->seen,
        .steps = now->steps - then->steps,
        .has_loss = tally->has_loss,
        .loss = tally->has_loss ? (now->losses - then->losses) / samples + (now->penalties - then->penalties) / steps
                                : (double) NAN,
        .metric =
            tally->metrics->len ? score_since(tally, before, &g_array_index(tally->metrics, Metric, 0)) : (double) NAN,
        .bad_step = tally->bad_step,
    };
}

FvTotals fv_tally_totals(const FvTally *tally)
{
    return fv_tally_totals_since(tally, NULL);
}

GArray *fv_tally_scores_since(const FvTally *tally, const FvSums *before)
{
    GArray *scores = g_array_new(FALSE, FALSE, sizeof(FvScore));
    for (guint i = 0; i < tally->metrics->len; i++) {
        const Metric *metric = &g_array_index(tally->metrics, Metric, i);
        const FvScore score = { metric->name, score_since(tally, before, metric) };
        g_array_append_val(scores, score);
    }
    return scores;
}

char *fv_tally_tables(const FvTally *tally, const char *const *class_names)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < tally->metrics->len; i++) {
        const Metric *metric = &g_array_index(tally->metrics, Metric, i);
        const FvPlanTerm term = fv_plan_term(tally->plan, metric->term);
        if (!term.hooks || !term.hooks->table)
            continue;
        g_autofree char *table =
            term.hooks->table(term.self, &g_array_index(tally->sums.metrics, double, metric->first), class_names);
        g_string_append(text, table);
    }
    return g_string_free(text, FALSE);
}

const char *fv_tally_metric(const FvTally *tally)
{
    return tally->metrics->len ? g_array_index(tally->metrics, Metric, 0).name : NULL;
}
