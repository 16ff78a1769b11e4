/* SPDX-License-Identifier: MIT
 * files.c: what a sweep leaves in its folder: weights of the best trial alone, and the pipeline that it trained. */
#include "core/sink/atomic.h"
#include "core/sink/run.h"
#include "core/sweep/private.h"

#include <glib/gstdio.h>
#include <string.h>

static const char *const weights[] = { FV_RUN_BEST, FV_RUN_LAST };

char *fv_sweep_file(const FvSweepState *sweep, const char *name)
{
    return g_build_filename(sweep->folder, name, NULL);
}

char *fv_sweep_trial_folder(const FvSweepState *sweep, const FvTrial *trial)
{
    g_autofree char *name = g_strdup_printf("trial-%d", trial->number);
    return fv_sweep_file(sweep, name);
}

static char *file_of(const FvSweepState *sweep, const FvTrial *trial, const char *name)
{
    g_autofree char *folder = fv_sweep_trial_folder(sweep, trial);
    return g_build_filename(folder, name, NULL);
}

/* ----------------------------------------------------------------- weights */

static void remove_file(const FvSweepState *sweep, const FvTrial *trial, const char *name)
{
    g_autofree char *file = file_of(sweep, trial, name);
    g_unlink(file);
}

/* @best: has the best parameters so far, which stay. */
static void remove_weights(const FvSweepState *sweep, const FvTrial *trial, gboolean best)
{
    for (guint i = 0; i < G_N_ELEMENTS(weights); i++)
        if (!best || !g_str_equal(weights[i], FV_RUN_BEST))
            remove_file(sweep, trial, weights[i]);
}

static gboolean is_same(const FvTrial *a, const FvTrial *b)
{
    return a && b && a->number == b->number;
}

/* Numbers of the trials that may go on: those of the last round, in a search that lets them. */
static GHashTable *going_on(const FvSweepState *sweep)
{
    const GPtrArray *trials = sweep->trials;
    GHashTable *numbers = g_hash_table_new(NULL, NULL);
    const int last = trials->len ? ((FvTrial *) trials->pdata[trials->len - 1])->round : 0;
    for (guint i = 0; i < trials->len; i++) {
        const FvTrial *trial = trials->pdata[i];
        if (trial->state == FV_TRIAL_OPEN || (trial->round == last && fv_search_goes_on(&sweep->search)))
            g_hash_table_add(numbers, GINT_TO_POINTER(trial->number));
    }
    return numbers;
}

void fv_sweep_tidy(const FvSweepState *sweep, gboolean over)
{
    g_autoptr(GHashTable) needed = over ? g_hash_table_new(NULL, NULL) : going_on(sweep);
    const FvTrial *best = fv_search_best(&sweep->search, sweep->trials);
    for (guint i = 0; i < sweep->trials->len && !sweep->head.keep; i++) {
        const FvTrial *trial = sweep->trials->pdata[i];
        if (!g_hash_table_contains(needed, GINT_TO_POINTER(trial->number)))
            remove_weights(sweep, trial, is_same(trial, best));
    }
}

void fv_sweep_tidy_after(const FvSweepState *sweep, const FvTrial *ended, const FvTrial *before)
{
    if (sweep->head.keep || fv_search_goes_on(&sweep->search))
        return;
    const FvTrial *best = fv_search_best(&sweep->search, sweep->trials);
    remove_weights(sweep, ended, is_same(ended, best));
    if (before && !is_same(before, best))
        remove_weights(sweep, before, FALSE);
}

/* -------------------------------------------------------------------- best */

static gboolean write_text(const FvSweepState *sweep, const char *name, const char *text, GError **error)
{
    g_autofree char *file = fv_sweep_file(sweep, name);
    return fv_file_replace(file, text, strlen(text), error);
}

static gboolean write_pipeline(const FvSweepState *sweep, const FvTrial *best, GError **error)
{
    g_autofree char *pipeline = fv_sweep_pipeline_text(sweep, best, 0);
    g_autofree char *values = fv_trial_text(best, sweep->search.sweep);
    g_autofree char *text = g_strdup_printf(
        "# The best of a sweep: trial %d, %s.\n# Validation %s %.6g after %d epochs, seed %" G_GUINT64_FORMAT ".\n\n%s",
        best->number, values, fv_sweep_judge(sweep), sweep->search.by_loss ? best->loss : best->metric, best->epochs,
        sweep->head.seed, pipeline);
    return write_text(sweep, FV_SWEEP_BEST, text, error);
}

/* Where the sweep was killed right behind this, the trial has no weights any more. */
static gboolean copy_weights(const FvSweepState *sweep, const FvTrial *best, GError **error)
{
    g_autofree char *from = file_of(sweep, best, FV_RUN_BEST);
    g_autofree char *to = fv_sweep_file(sweep, FV_RUN_BEST);
    if (!g_file_test(from, G_FILE_TEST_EXISTS) && g_file_test(to, G_FILE_TEST_EXISTS))
        return TRUE;
    g_autoptr(GMappedFile) file = g_mapped_file_new(from, FALSE, error);
    if (!file || !fv_file_replace(to, g_mapped_file_get_contents(file), g_mapped_file_get_length(file), error))
        return FALSE;
    if (!sweep->head.keep)
        remove_file(sweep, best, FV_RUN_BEST);
    return TRUE;
}

gboolean fv_sweep_write(const FvSweepState *sweep, const FvTrial *best, GError **error)
{
    g_autofree char *plots = fv_sweep_plots(sweep);
    return write_text(sweep, FV_SWEEP_PLOTS, plots, error) &&
           (!best || (write_pipeline(sweep, best, error) && copy_weights(sweep, best, error)));
}
