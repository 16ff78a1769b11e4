/* SPDX-License-Identifier: MIT
 * standing.c: tells the user where a training stands. */
#include "core/train/standing.h"

#include "core/train/early.h"

gboolean fv_standing_is_asked(const FvTrainer *trainer)
{
    return trainer->settings->save && *trainer->settings->save != trainer->asked;
}

void fv_standing_tell_saved(FvTrainer *trainer)
{
    if (!fv_standing_is_asked(trainer))
        return;
    trainer->asked = *trainer->settings->save;
    fv_progress_print(trainer->settings->progress, "checkpoint after step %" G_GINT64_FORMAT ": %s/" FV_RUN_LAST,
                      trainer->at.step, fv_run_folder(trainer->run));
}

void fv_standing_tell_resumed(const FvTrainer *trainer)
{
    const FvPosition *at = &trainer->at;
    const char *folder = fv_run_folder(trainer->run);
    if (trainer->epochs == 0)
        return;
    if (at->epochs >= trainer->epochs || fv_early_is_over(trainer))
        fv_progress_print(trainer->settings->progress, "%s: is done, after step %" G_GINT64_FORMAT, folder, at->step);
    else
        fv_progress_print(trainer->settings->progress,
                          "%s: goes on after step %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ", in epoch %d of %d",
                          folder, at->step, trainer->epochs * trainer->epoch_steps, at->epochs + 1, trainer->epochs);
}

static gboolean has(const FvTrainer *trainer, const char *name)
{
    g_autofree char *file = fv_run_file(trainer->run, name);
    return g_file_test(file, G_FILE_TEST_EXISTS);
}

gboolean fv_standing_is_unborn(const FvTrainer *trainer)
{
    g_autoptr(GArray) log = fv_run_read_log(fv_run_folder(trainer->run), NULL);
    return !has(trainer, FV_RUN_LAST) && !has(trainer, FV_RUN_BEST) && log && log->len == 0;
}
