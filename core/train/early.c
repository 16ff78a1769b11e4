/* SPDX-License-Identifier: MIT
 * early.c: counts epochs that were not better than the best before them. */
#include "core/train/early.h"

#include <math.h>

gboolean fv_early_check(const FvTrainer *trainer, GError **error)
{
    const FvGraph *graph = trainer->graph;
    g_autoptr(FvDiag) diag = fv_diag_new();
    if (graph->patience > 0 && !fv_session_has(trainer->session, FV_VALIDATE))
        fv_diag_error(diag, graph->patience_loc, NULL,
                      "train: patience: there is no validation split to watch; data { validate = 0.1 } keeps a share "
                      "of the training split for one");
    return fv_diag_check(diag, error);
}

/* What is not finite is never better. */
void fv_early_take(FvTrainer *trainer, double worth)
{
    FvPosition *at = &trainer->at;
    if (trainer->graph->patience == 0)
        return;
    if (isfinite(worth) && worth > at->early_best + trainer->graph->min_delta) {
        at->early_best = worth;
        at->waited = 0;
    } else {
        at->waited++;
    }
}

gboolean fv_early_is_over(const FvTrainer *trainer)
{
    return trainer->graph->patience > 0 && trainer->at.waited >= trainer->graph->patience;
}

/* Since when: nothing was better, or nothing was a number. */
static char *best_text(const FvTrainer *trainer, int epochs)
{
    const FvPosition *at = &trainer->at;
    const double best = fv_trainer_lower_is_better(trainer->graph) ? -at->early_best : at->early_best;
    const double least = trainer->graph->min_delta;
    g_autofree char *more = least > 0 ? g_strdup_printf(" by more than %g", least) : g_strdup("");
    return isfinite(best) ? g_strdup_printf("better%s than %.4f, that of epoch %d", more, best, epochs - at->waited)
                          : g_strdup("a number");
}

char *fv_early_text(const FvTrainer *trainer, int epochs)
{
    const char *metric = fv_tally_metric(trainer->tally);
    if (!fv_early_is_over(trainer) || epochs >= trainer->epochs)
        return NULL;
    g_autofree char *best = best_text(trainer, epochs);
    return g_strdup_printf("epoch %d of %d: for %d epoch%s validation %s has not been %s", epochs, trainer->epochs,
                           trainer->at.waited, trainer->at.waited == 1 ? "" : "s", metric ? metric : "loss", best);
}
