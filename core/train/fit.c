/* SPDX-License-Identifier: MIT
 * fit.c: brings the training split to layers that are fitted, before a training begins. */
#include "core/train/fit.h"

#include "core/plan/fit.h"
#include "core/train/weights.h"

#include <math.h>

typedef struct {
    FvSession *session;
    FvPlan *plan;
    FvFeed *feed;
    guint layer;
    FvFit *fit;
} Fitting;

static gboolean enqueue(const Fitting *fitting, const FvList *list, GError **error)
{
    const FvStep step = { 0 };
    return list && fv_exec_enqueue(fv_plan_device(fitting->plan), list, &step, error);
}

static gboolean take_batch(const Fitting *fitting, int samples, int *labels, GError **error)
{
    fv_feed_labels(fitting->feed, samples, labels);
    return enqueue(fitting, fv_plan_list_before(fitting->plan, fitting->layer, samples, error), error) &&
           fv_fit_take(fitting->fit, samples, labels, error);
}

static gboolean run_pass(const Fitting *fitting, gint64 *done, GError **error)
{
    g_autofree int *labels = g_new(int, fv_plan_batch(fitting->plan));
    int samples;
    fv_feed_start_epoch(fitting->feed, 0, 0);
    while ((samples = fv_feed_next(fitting->feed, error)) > 0) {
        if (fv_session_stopped(fitting->session) || !take_batch(fitting, samples, labels, error))
            return FALSE;
        *done += samples;
        if (fv_session_progress(fitting->session))
            fv_progress_update(fv_session_progress(fitting->session), *done, NAN, NULL, NAN);
    }
    return samples == 0 && fv_fit_end_pass(fitting->fit, error);
}

static gboolean run_passes(const Fitting *fitting, GError **error)
{
    const int passes = fv_fit_passes(fitting->fit);
    const gint64 samples = fv_feed_samples(fitting->feed);
    const char *path = fv_plan_layer(fitting->plan, fitting->layer).path;
    FvProgressBar *progress = fv_session_progress(fitting->session);
    gint64 done = 0;
    gboolean whole = TRUE;
    if (progress)
        fv_progress_start(progress, path, 0, samples * passes, 0);
    for (int pass = 0; pass < passes && whole; pass++)
        whole = run_pass(fitting, &done, error);
    if (progress) {
        fv_progress_finish(progress);
        if (whole)
            fv_progress_print(progress, "%s: fitted to %" G_GINT64_FORMAT " images", path, samples);
    }
    return whole;
}

static gboolean fit_layer(Fitting *fitting, GError **error)
{
    /* Layers before this one may have been fitted since their parameters were packed. */
    if (!enqueue(fitting, fv_plan_list(fitting->plan, FV_LIST_PACK, 1, error), error))
        return FALSE;
    g_autoptr(FvFit) fit = fv_fit_new(fitting->plan, fitting->layer, fv_feed_samples(fitting->feed),
                                      fv_session_source(fitting->session)->classes);
    fitting->fit = fit;
    return run_passes(fitting, error);
}

gboolean fv_session_fit(FvSession *session, const FvTensors *weights, GError **error)
{
    Fitting fitting = { .session = session, .plan = fv_session_plan(session) };
    gboolean done = TRUE;
    for (guint i = 0; i < fv_plan_layers(fitting.plan) && done; i++) {
        const FvPlanLayer layer = fv_plan_layer(fitting.plan, i);
        if (!layer.fitted || (weights && fv_weights_give(fitting.plan, weights, layer.path)))
            continue;
        fitting.layer = i;
        fitting.feed = fv_session_plain_feed(session, FV_TRAIN, error);
        done = fitting.feed && fit_layer(&fitting, error);
    }
    if (fitting.feed)
        fv_session_release_feeds(session);
    return done;
}
