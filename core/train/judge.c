/* SPDX-License-Identifier: MIT
 * judge.c: gives averages of predictions to losses and metrics. */
#include "core/train/judge.h"

#include "core/train/ensemble.h"

#include <math.h>

typedef struct {
    FvSession *session;
    FvPlan *plan;
    FvAverage *average;
    FvFeed *plain;
    FvTally *tally;     /* of the averages */
    GPtrArray *members; /* of FvTally */
    GArray *labels;     /* of int: of the part under way */
    gint64 done;
} Judging;

void fv_judged_clear(FvJudged *judged)
{
    g_clear_pointer(&judged->scores, g_array_unref);
    g_clear_pointer(&judged->tables, g_free);
    g_clear_pointer(&judged->members, g_array_unref);
}

/* Results of the step are read at once: the next member's go to the same slot. */
static gboolean on_member(int member, gint64 at, int samples, gpointer data, GError **error)
{
    Judging *judging = data;
    FvTally *tally = judging->members->pdata[member];
    g_array_set_size(judging->labels, (guint) (at + samples));
    fv_feed_labels(judging->plain, samples, &g_array_index(judging->labels, int, at));
    fv_tally_step(tally, samples);
    return fv_tally_flush(tally, error);
}

static gboolean on_step(int samples, gpointer data, GError **error)
{
    Judging *judging = data;
    FvProgressBar *progress = fv_session_progress(judging->session);
    judging->done += samples;
    if (progress)
        fv_progress_update(progress, judging->done, NAN, NULL, NAN);
    return !fv_session_stopped(judging->session);
}

static gboolean put_labels(const Judging *judging, gint64 at, int count, GError **error)
{
    const FvBuffer *label = fv_plan_target(judging->plan, "label", NULL, NULL);
    return !label || fv_device_write(fv_plan_device(judging->plan), label->memory, 0, (size_t) count * sizeof(gint32),
                                     &g_array_index(judging->labels, int, at), error);
}

static gboolean judge(const Judging *judging, gint64 at, int count, int times, GError **error)
{
    if (!fv_average_put(judging->average, at, count, times, error) || !put_labels(judging, at, count, error))
        return FALSE;
    const FvStep step = { .slot = fv_tally_step(judging->tally, count) };
    const FvList *list = fv_plan_list(judging->plan, FV_LIST_JUDGE, count, error);
    return list && fv_exec_enqueue(fv_plan_device(judging->plan), list, &step, error) &&
           (!fv_tally_full(judging->tally) || fv_tally_flush(judging->tally, error));
}

static gboolean on_part(const FvEnsemblePart *part, gpointer data, GError **error)
{
    const Judging *judging = data;
    const int batch = fv_plan_batch(judging->plan);
    for (gint64 at = 0; at < part->count; at += batch)
        if (!judge(judging, at, (int) MIN(batch, part->count - at), part->times, error))
            return FALSE;
    return fv_tally_flush(judging->tally, error);
}

/* Penalties are of parameters, which the last member's were as averages were judged. */
static void set_penalties(const Judging *judging)
{
    double sum = 0;
    FvSums sums = { 0 };
    for (guint i = 0; i < judging->members->len; i++) {
        const FvSums *own = fv_tally_sums(judging->members->pdata[i]);
        sum += own->penalties / (double) MAX(1, own->steps);
    }
    fv_sums_copy(&sums, fv_tally_sums(judging->tally));
    sums.penalties = sum / MAX(1, judging->members->len) * (double) sums.steps;
    fv_tally_restore(judging->tally, &sums);
    fv_sums_clear(&sums);
}

static void report(const Judging *judging, FvJudged *judged)
{
    set_penalties(judging);
    judged->totals = fv_tally_totals(judging->tally);
    judged->scores = fv_tally_scores_since(judging->tally, NULL);
    judged->tables = fv_tally_tables(judging->tally, fv_session_source(judging->session)->class_names);
    for (guint i = 0; i < judging->members->len; i++) {
        const FvTotals totals = fv_tally_totals(judging->members->pdata[i]);
        g_array_append_val(judged->members, totals);
    }
}

static gboolean run(Judging *judging, FvMembers *members, FvFeed *varied, int copies, GError **error)
{
    const FvEnsembleHooks hooks = { .member = on_member, .step = on_step, .part = on_part };
    const FvEnsemble ensemble = { .plan = judging->plan,
                                  .members = members,
                                  .average = judging->average,
                                  .plain = judging->plain,
                                  .varied = varied,
                                  .copies = copies,
                                  .kind = FV_LIST_EVALUATE };
    FvProgressBar *progress = fv_session_progress(judging->session);
    if (progress)
        fv_progress_start(progress, "averaging", 0, fv_feed_samples(judging->plain) * copies, 0);
    const gboolean done = fv_ensemble_run(&ensemble, &hooks, judging, error);
    if (progress)
        fv_progress_finish(progress);
    return done;
}

gboolean fv_session_judge(FvSession *session, const FvBeginning *begin, const FvTensors *first, FvSplit split,
                          int copies, FvJudged *judged, GError **error)
{
    FvPlan *plan = fv_session_plan(session);
    *judged = (FvJudged){ .members = g_array_new(FALSE, FALSE, sizeof(FvTotals)) };
    g_autoptr(FvMembers) members = fv_members_new(plan, begin, first, error);
    FvFeed *plain = members ? fv_session_feed(session, split, error) : NULL;
    g_autoptr(FvFeed) varied = plain && copies > 1 ? fv_session_varied_feed(session, split, copies - 1, error) : NULL;
    if (!plain || (copies > 1 && !varied))
        return FALSE;
    g_autoptr(FvAverage) average = fv_average_of_terms(plan, fv_session_graph(session));
    g_autoptr(FvTally) tally = fv_tally_new(plan);
    g_autoptr(GPtrArray) tallies = g_ptr_array_new_with_free_func((GDestroyNotify) fv_tally_free);
    g_autoptr(GArray) labels = g_array_new(FALSE, FALSE, sizeof(int));
    Judging judging = { session, plan, average, plain, tally, tallies, labels, 0 };
    for (int i = 0; i < fv_members_count(members); i++)
        g_ptr_array_add(tallies, fv_tally_new(plan));
    if (!run(&judging, members, varied, copies, error))
        return FALSE;
    report(&judging, judged);
    return TRUE;
}
