/* SPDX-License-Identifier: MIT
 * trainer.c: what a step of a training is: which update it belongs to, its share in that, and its rate. */
#include "core/train/trainer.h"

#include "core/train/rate.h"
#include "core/train/step.h"

/* Several batches may make one update; those of an epoch's end may be fewer. */
typedef struct {
    gint64 number;    /* of the update, from 0 */
    gint64 per_epoch; /* updates */
    gboolean last;    /* the step is its last batch */
    gint64 samples;   /* of all its batches */
} Update;

static Update update_of(const FvTrainer *trainer, gint64 step)
{
    const gint64 each = trainer->graph->accumulate, batch = trainer->graph->batch;
    const gint64 per_epoch = (trainer->epoch_steps + each - 1) / each;
    const gint64 epoch = step / trainer->epoch_steps, in_epoch = step % trainer->epoch_steps;
    const gint64 first = in_epoch / each * each, end = MIN(first + each, trainer->epoch_steps);
    return (Update){ .number = epoch * per_epoch + in_epoch / each,
                     .per_epoch = per_epoch,
                     .last = in_epoch + 1 == end,
                     .samples = MIN(end * batch, trainer->epoch_samples) - first * batch };
}

gboolean fv_trainer_lower_is_better(const FvGraph *graph)
{
    const FvTerm *first = graph->metrics->len ? graph->metrics->pdata[0] : NULL;
    return !first || ((const FvMetric *) first->use.plugin)->lower_is_better;
}

static FvProgress progress_of(const FvTrainer *trainer, gint64 step)
{
    const Update update = update_of(trainer, step);
    const GArray *epochs = trainer->at.history;
    const gint64 over = epochs ? MIN((gint64) epochs->len, step / trainer->epoch_steps) : 0;
    return (FvProgress){ .step = update.number,
                         .steps = update.per_epoch * trainer->epochs,
                         .epoch_steps = update.per_epoch,
                         .epochs = over ? (const FvEpoch *) (const void *) epochs->data : NULL,
                         .epoch_count = (int) over,
                         .lower_is_better = fv_trainer_lower_is_better(trainer->graph) };
}

int fv_trainer_cycle(const FvTrainer *trainer, gint64 step)
{
    const FvProgress progress = progress_of(trainer, step);
    return fv_rate_cycle(&trainer->graph->schedule, &progress);
}

double fv_trainer_rate(const FvTrainer *trainer, gint64 step)
{
    const FvProgress progress = progress_of(trainer, step);
    return fv_plan_rate(trainer->plan) * fv_rate_factor(&trainer->graph->schedule, &progress);
}

gboolean fv_trainer_step(const FvTrainer *trainer, FvSession *session, gboolean updates, gint64 step, int samples,
                         int slot, GError **error)
{
    const Update update = update_of(trainer, step);
    const FvStep now = { .step = (guint32) step,
                         .slot = slot,
                         .rate = fv_trainer_rate(trainer, step),
                         .seed = trainer->at.seed,
                         .update = (guint32) update.number,
                         .share = (double) samples / (double) update.samples };
    const FvListKind kind = !updates ? FV_LIST_GRADIENT : update.last ? FV_LIST_TRAIN : FV_LIST_GATHER;
    return fv_step_take(fv_session_plan(session), trainer->graph, kind, &now, samples, error);
}
