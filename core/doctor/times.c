/* SPDX-License-Identifier: MIT
 * times.c: how fast images come, and how fast the net takes them. */
#include "core/doctor/private.h"

#include <math.h>

enum { LONG = G_USEC_PER_SEC / 3, WARM = 2 };

/* Images that come in a third of a second, from the files to the net's input, as training has them in its first epoch;
 * a net that is not trained has them without augmentation. */
static gboolean feed(FvDoctor *doctor, double *rate, GError **error)
{
    FvFeed *images = doctor->trains ? fv_session_train_feed(doctor->session, error)
                                    : fv_session_plain_feed(doctor->session, FV_TRAIN, error);
    gint64 begun = g_get_monotonic_time(), done = 0, took = 0;
    int samples = 1;
    if (!images)
        return FALSE;
    fv_feed_start_epoch(images, 0, 0);
    for (int i = 0; took < LONG && samples > 0; i++) {
        if ((samples = fv_feed_next(images, error)) < 0)
            return FALSE;
        if (i < WARM) { /* threads begin, a source may still be reading */
            if (!fv_device_finish(doctor->settings->device, error))
                return FALSE;
            begun = g_get_monotonic_time();
            continue;
        }
        done += samples;
        took = g_get_monotonic_time() - begun;
    }
    if (!fv_device_finish(doctor->settings->device, error))
        return FALSE;
    took = g_get_monotonic_time() - begun;
    *rate = done > 0 ? (double) done * G_USEC_PER_SEC / (double) MAX(1, took) : (double) NAN;
    fv_session_release_feeds(doctor->session);
    return TRUE;
}

/* Steps on a batch that is there already. */
static gboolean compute(FvDoctor *doctor, double *rate, GError **error)
{
    const gboolean trains = doctor->trains;
    const int samples = fv_plan_batch(doctor->plan);
    const FvList *list = fv_plan_list(doctor->plan, trains ? FV_LIST_GRADIENT : FV_LIST_EVALUATE, samples, error);
    const FvStep now = { .seed = doctor->settings->begin.seed };
    gint64 begun = 0, done = 0, took = 0;
    if (!list)
        return FALSE;
    for (int i = 0; took < LONG; i++) {
        if (!fv_exec_enqueue(doctor->settings->device, list, &now, error) ||
            !fv_device_finish(doctor->settings->device, error))
            return FALSE;
        if (i + 1 == WARM)
            begun = g_get_monotonic_time();
        if (i + 1 <= WARM)
            continue;
        done += samples;
        took = g_get_monotonic_time() - begun;
    }
    *rate = (double) done * G_USEC_PER_SEC / (double) MAX(1, took);
    return TRUE;
}

/* Three digits: there are no more to be had of a time. */
static double rounded(double number)
{
    const double unit = pow(10, floor(log10(MAX(number, 1))) - 2);
    return unit > 1 ? round(number / unit) * unit : number;
}

gboolean fv_doctor_take_times(FvDoctor *doctor, GError **error)
{
    static const double patience = 10; /* seconds of an epoch in which a device waits */
    const FvLoaderConfig config = fv_session_loader_config(doctor->session, FV_TRAIN);
    const double images = (double) fv_loader_config_count(&config, NULL);
    double fed, computed;
    if (!fv_doctor_set_back(doctor, error) || !feed(doctor, &fed, error) || !compute(doctor, &computed, error))
        return FALSE;
    if (!isfinite(fed)) {
        fv_doctor_add(doctor, "feeding", FV_VERDICT_NONE, "there are too few images to take the time of");
        return TRUE;
    }
    const double waits = images / fed - images / computed;
    FvCheck *check =
        fv_doctor_add(doctor, "feeding", waits > patience ? FV_VERDICT_WARNING : FV_VERDICT_OK,
                      "%.0f images/s come in, the net takes %.0f: %.*f and %.*f s an epoch", rounded(fed),
                      rounded(computed), images / fed < 10, images / fed, images / computed < 10, images / computed);
    if (waits > patience)
        fv_check_advise(check,
                        "The device waits for images: store them smaller (fovea augment), on a faster disk, or "
                        "augment less.");
    fv_check_number(check, "fed", fed);
    fv_check_number(check, "computed", computed);
    return TRUE;
}
