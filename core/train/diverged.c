/* SPDX-License-Identifier: MIT
 * diverged.c: says where a training left the finite numbers. */
#include "core/train/trainer.h"

#include <math.h>

static gboolean value_finite(FvPlan *plan, guint layer, int samples, gboolean *finite, GError **error)
{
    const FvShape shape = fv_plan_layer(plan, layer).out;
    const gint64 count = fv_shape_elements(shape) * samples;
    g_autofree double *numbers = g_new(double, count);
    if (!fv_plan_read_value(plan, fv_plan_value(plan, layer), shape, samples, numbers, error))
        return FALSE;
    *finite = TRUE;
    for (gint64 i = 0; i < count && *finite; i++)
        *finite = isfinite(numbers[i]);
    return TRUE;
}

/* The path of the first layer with a value that is not finite; NULL where it is none, or cannot be told. */
static const char *first_layer(FvPlan *plan, int samples)
{
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        gboolean finite = TRUE;
        if (!layer.alive || layer.passes)
            continue;
        if (!value_finite(plan, i, samples, &finite, NULL))
            return NULL;
        if (!finite)
            return layer.path;
    }
    return "the loss";
}

/* The same steps give the same numbers: one of them is repeated with everything kept. */
static char *find_layer(const FvTrainer *trainer, gint64 step)
{
    FvSessionSettings settings = { .graph = trainer->graph,
                                   .device = trainer->settings->device,
                                   .seed = trainer->at.seed,
                                   .share = trainer->session,
                                   .keep = TRUE };
    g_autofree char *last = fv_run_file(trainer->run, FV_RUN_LAST);
    g_auto(FvPosition) at = { 0 };
    int samples = 0;
    fv_session_release_feeds(trainer->session); /* the second plan may need the memory */
    g_autoptr(FvTensors) checkpoint = fv_checkpoint_read(last, &at, NULL);
    g_autoptr(FvSession) session =
        checkpoint && at.step <= step ? fv_session_new(&settings, FV_FOR_TRAINING, NULL) : NULL;
    if (!session || !fv_checkpoint_set(fv_session_plan(session), checkpoint, last, NULL))
        return NULL;
    FvFeed *feed = fv_session_train_feed(session, NULL);
    const gint64 epoch = at.step / trainer->epoch_steps;
    if (!feed)
        return NULL;
    fv_feed_start_epoch(feed, (guint32) epoch, at.step - epoch * trainer->epoch_steps);
    for (gint64 i = at.step; i <= step; i++) {
        samples = fv_feed_next(feed, NULL);
        if (samples <= 0 || !fv_trainer_step(trainer, session, i < step, i, samples, 0, NULL))
            return NULL;
    }
    return g_strdup(first_layer(fv_session_plan(session), samples));
}

gboolean fv_trainer_diverged(const FvTrainer *trainer, gint64 step, GError **error)
{
    g_autofree char *layer = trainer->settings->trial ? NULL : find_layer(trainer, step);
    g_autofree char *first = layer ? g_strdup_printf("the first that is not is that of %s", layer)
                                   : g_strdup("which layer gave it first could not be told");
    g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                "the loss is not finite at step %" G_GINT64_FORMAT " (epoch %" G_GINT64_FORMAT
                ", learning rate %.6g): of the values before it, %s. A smaller learning rate may help; the last good "
                "checkpoint is %s/%s",
                step + 1, step / trainer->epoch_steps + 1, fv_trainer_rate(trainer, step), first,
                fv_run_folder(trainer->run), FV_RUN_LAST);
    return FALSE;
}
