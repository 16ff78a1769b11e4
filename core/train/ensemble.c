/* SPDX-License-Identifier: MIT
 * ensemble.c: brings each image, and its copies, to each net, part by part.
 *
 * Batches are the outer loop and nets the inner one: an image is read and prepared once for all of them, and changing
 * nets is a copy on the device. Copies of images are passes over a part, since each comes from its own drawing. */
#include "core/train/ensemble.h"

#include "core/augment/chain.h"
#include "core/exec/exec.h"
#include "core/train/pipeline.h"

enum { PART_BYTES = 64 << 20 }; /* of sums on the host */

gboolean fv_ensemble_check(const FvGraph *graph, GError **error)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    const FvLoc top = { g_intern_string(graph->file), 1, 1 };
    if (graph->augment->len == 0)
        fv_diag_error(diag, top, NULL,
                      "there is nothing to vary images by: copies of them (--tta) are made by augment { }, which is "
                      "missing");
    else if (fv_augment_uses_parts(graph->augment) > 1)
        fv_diag_error(diag, ((const FvUse *) graph->augment->pdata[0])->loc, NULL,
                      "augment: mixes images with others: what a net says of such copies (--tta) it says of no image");
    return fv_diag_check(diag, error);
}

static gboolean enqueue(const FvEnsemble *ensemble, int samples, GError **error)
{
    const FvList *list = fv_plan_list(ensemble->plan, ensemble->kind, samples, error);
    const FvStep step = { .seed = ensemble->seed };
    return list && fv_exec_enqueue(fv_plan_device(ensemble->plan), list, &step, error);
}

/* The batch that is on the device, by all members. */
static gboolean run_batch(const FvEnsemble *ensemble, int copy, gint64 at, int samples, const FvEnsembleHooks *hooks,
                          gpointer data, GError **error)
{
    for (int i = 0; i < fv_members_count(ensemble->members); i++)
        if (!fv_members_use(ensemble->members, i, error) || !enqueue(ensemble, samples, error) ||
            (copy == 0 && hooks->member && !hooks->member(i, at, samples, data, error)) ||
            !fv_average_add(ensemble->average, at, samples, error))
            return FALSE;
    return !hooks->step || hooks->step(samples, data, error);
}

static gboolean run_copy(const FvEnsemble *ensemble, int copy, gint64 batch, gint64 batches,
                         const FvEnsembleHooks *hooks, gpointer data, GError **error)
{
    FvFeed *feed = copy == 0 ? ensemble->plain : ensemble->varied;
    gint64 at = 0;
    int samples;
    fv_feed_start_part(feed, (guint32) copy, batch, batches);
    while ((samples = fv_feed_next(feed, error)) > 0) {
        if (!run_batch(ensemble, copy, at, samples, hooks, data, error))
            return FALSE;
        at += samples;
    }
    return samples == 0;
}

gboolean fv_ensemble_run(const FvEnsemble *ensemble, const FvEnsembleHooks *hooks, gpointer data, GError **error)
{
    const gint64 samples = fv_feed_samples(ensemble->plain), all = fv_feed_batches(ensemble->plain);
    const gint64 batch = MIN(fv_plan_batch(ensemble->plan), samples);
    const gint64 most = MAX(1, PART_BYTES / (gint64) MAX(1, fv_average_bytes(ensemble->average)) / batch);
    for (gint64 first = 0; first < all; first += most) {
        const FvEnsemblePart part = { .first = first * batch,
                                      .count = MIN(most * batch, samples - first * batch),
                                      .times = ensemble->copies * fv_members_count(ensemble->members) };
        fv_average_begin(ensemble->average, part.count);
        for (int copy = 0; copy < ensemble->copies; copy++)
            if (!run_copy(ensemble, copy, first, most, hooks, data, error))
                return FALSE;
        if (!hooks->part(&part, data, error))
            return FALSE;
    }
    return TRUE;
}
