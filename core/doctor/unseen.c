/* SPDX-License-Identifier: MIT
 * unseen.c: a short training, and what it is worth on images that it has not seen. */
#include "core/doctor/private.h"

#include "core/train/step.h"

#include <math.h>

enum { JUDGED = 1000 }; /* images */

/* @steps: over the training split, which may be gone through several times. */
static gboolean train(FvDoctor *doctor, int steps, GError **error)
{
    g_autoptr(FvFeed) feed = fv_session_sample_feed(doctor->session, FV_TRAIN, error);
    if (!feed)
        return FALSE;
    fv_feed_start_epoch(feed, 0, 0);
    for (int i = 0; i < steps; i++) {
        int samples = fv_feed_next(feed, error);
        if (samples == 0) {
            fv_feed_start_epoch(feed, (guint32) i, 0);
            samples = fv_feed_next(feed, error);
        }
        const FvStep now = { .step = (guint32) i,
                             .rate = fv_plan_rate(doctor->plan),
                             .seed = doctor->settings->begin.seed,
                             .update = (guint32) i,
                             .share = 1 };
        if (samples <= 0 || fv_session_stopped(doctor->session) ||
            !fv_step_take(doctor->plan, doctor->graph, FV_LIST_TRAIN, &now, samples, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean enqueue(FvDoctor *doctor, FvListKind kind, int samples, int slot, GError **error)
{
    const FvList *list = fv_plan_list(doctor->plan, kind, samples, error);
    const FvStep now = { .slot = slot, .seed = doctor->settings->begin.seed };
    return list && fv_exec_enqueue(doctor->settings->device, list, &now, error);
}

/* Some of the split's images, drawn from all of it. */
static gboolean judge(FvDoctor *doctor, FvSplit split, FvTotals *totals, GError **error)
{
    g_autoptr(FvFeed) feed = fv_session_sample_feed(doctor->session, split, error);
    int samples = 0, done = 0;
    if (!feed || !enqueue(doctor, FV_LIST_PACK, 1, 0, error))
        return FALSE;
    fv_tally_reset(doctor->tally);
    fv_feed_start_epoch(feed, 0, 0);
    while (done < JUDGED && (samples = fv_feed_next(feed, error)) > 0) {
        if (!enqueue(doctor, FV_LIST_EVALUATE, samples, fv_tally_step(doctor->tally, samples), error) ||
            (fv_tally_full(doctor->tally) && !fv_tally_flush(doctor->tally, error)))
            return FALSE;
        done += samples;
    }
    if (samples < 0 || !fv_tally_flush(doctor->tally, error))
        return FALSE;
    *totals = fv_tally_totals(doctor->tally);
    return TRUE;
}

gboolean fv_doctor_learns(FvDoctor *doctor, FvSplit split, gboolean *learns, GError **error)
{
    static const double budget = 1e12; /* FLOPs */
    static const double better = 0.97; /* of the loss that chance gives */
    FvTotals totals;
    *learns = FALSE;
    if (!doctor->trains || !fv_session_has(doctor->session, split) || !isfinite(doctor->chance))
        return TRUE;
    if (!train(doctor, fv_doctor_steps(doctor, fv_plan_batch(doctor->plan), budget, 20, 300), error) ||
        !judge(doctor, split, &totals, error))
        return FALSE;
    *learns = totals.has_loss && totals.loss < better * doctor->chance;
    return fv_doctor_set_back(doctor, error);
}
