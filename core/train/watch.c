/* SPDX-License-Identifier: MIT
 * watch.c: what is told of a training while it runs. */
#include "core/train/watch.h"

#include "core/device/resident.h"
#include "core/sink/events.h"

#include <math.h>

struct FvWatch {
    FvRun *run;
    FvSession *session;
    FvEvents *events;  /* or NULL */
    double before;     /* seconds that the run took before this process */
    gint64 begun;      /* monotonic time */
    gboolean measured; /* a gradient was, and has not been read */
};

static gboolean read_time(FvWatch *watch, GError **error)
{
    g_autoptr(GArray) log = fv_run_read_log(fv_run_folder(watch->run), error);
    for (guint i = 0; log && i < log->len; i++) {
        const double seconds = g_array_index(log, FvRecord, i).seconds;
        if (isfinite(seconds))
            watch->before = MAX(watch->before, seconds);
    }
    return log != NULL;
}

FvWatch *fv_watch_new(FvRun *run, FvSession *session, const char *events, gint64 first, GError **error)
{
    g_autoptr(FvWatch) watch = g_new0(FvWatch, 1);
    *watch = (FvWatch){ .run = run, .session = session, .begun = g_get_monotonic_time() };
    if (!read_time(watch, error))
        return NULL;
    if (events) {
        watch->events = fv_events_new(*events ? events : fv_run_folder(run), first, error);
        if (!watch->events)
            return NULL;
    }
    return g_steal_pointer(&watch);
}

void fv_watch_free(FvWatch *watch)
{
    if (!watch)
        return;
    fv_events_free(watch->events);
    g_free(watch);
}

gboolean fv_watch_gradient(FvWatch *watch, GError **error)
{
    FvPlan *plan = fv_session_plan(watch->session);
    const FvList *list = fv_plan_list(plan, FV_LIST_NORMS, 1, error);
    watch->measured = list && fv_exec_enqueue(fv_plan_device(plan), list, &(FvStep){ 0 }, error);
    return watch->measured;
}

guint64 fv_watch_memory(const FvWatch *watch)
{
    const FvDevice *device = fv_plan_device(fv_session_plan(watch->session));
    return device->host_memory ? fv_resident_peak() : fv_session_memory(watch->session);
}

/* The same two fields. */
static GArray *scores_of(const GArray *norms)
{
    GArray *scores = g_array_new(FALSE, FALSE, sizeof(FvScore));
    for (guint i = 0; i < norms->len; i++) {
        const FvPlanNorm *norm = &g_array_index(norms, FvPlanNorm, i);
        const FvScore score = { g_intern_string(norm->path), norm->norm };
        g_array_append_val(scores, score);
    }
    return scores;
}

gboolean fv_watch_log(FvWatch *watch, FvRecord *record, gboolean layers, GError **error)
{
    g_autoptr(GArray) norms = g_array_new(FALSE, FALSE, sizeof(FvPlanNorm));
    const guint64 memory = fv_watch_memory(watch);
    if (watch->measured && record->split == FV_TRAIN &&
        !fv_plan_read_norms(fv_session_plan(watch->session), &record->gradient_norm, layers ? norms : NULL, error))
        return FALSE;
    if (record->split == FV_TRAIN)
        watch->measured = FALSE;
    g_autoptr(GArray) scores = scores_of(norms);
    record->layers = scores;
    record->memory = memory > 0 ? (double) memory : (double) NAN;
    record->seconds = watch->before + (double) (g_get_monotonic_time() - watch->begun) / G_USEC_PER_SEC;
    const gboolean done =
        fv_run_log(watch->run, record, error) && (!watch->events || fv_events_write(watch->events, record, error));
    record->layers = NULL;
    return done;
}
