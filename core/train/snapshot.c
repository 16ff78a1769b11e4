/* SPDX-License-Identifier: MIT
 * snapshot.c: keeps the parameters at the end of each cycle of the schedule. */
#include "core/train/snapshot.h"

#include "core/train/step.h"

gboolean fv_snapshot_is_due(const FvTrainer *trainer)
{
    const gint64 step = trainer->at.step;
    if (!trainer->graph->snapshots)
        return FALSE;
    return step == trainer->epochs * trainer->epoch_steps ||
           fv_trainer_cycle(trainer, step) != fv_trainer_cycle(trainer, step - 1);
}

gboolean fv_snapshot_keep(const FvTrainer *trainer, GError **error)
{
    const int number = fv_trainer_cycle(trainer, trainer->at.step - 1) + 1;
    g_autofree char *name = g_strdup_printf(FV_RUN_SNAPSHOT, number);
    g_autofree char *file = fv_run_file(trainer->run, name);
    if (!fv_step_swap_averages(trainer->plan, error))
        return FALSE;
    const gboolean kept = fv_weights_save(trainer->plan, &trainer->notes, file, error);
    if (!fv_step_swap_averages(trainer->plan, kept ? error : NULL) || !kept)
        return FALSE;
    fv_progress_print(trainer->settings->progress, "%s: after step %" G_GINT64_FORMAT ", the end of cycle %d", name,
                      trainer->at.step, number);
    return TRUE;
}
