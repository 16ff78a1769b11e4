/* SPDX-License-Identifier: MIT
 * plots.c: sweep.svg: what trials came to over each parameter. */
#include "core/sink/scatter.h"
#include "core/sweep/private.h"

#include <math.h>

/* Texts of the points, and the names of rounds, which the plot borrows. */
typedef struct {
    const FvSweepState *sweep;
    const FvTrial *best;
    GPtrArray *texts; /* one for each of the sweep's trials */
} Plots;

static double judged(const FvSweepState *sweep, const FvTrial *trial)
{
    return trial->state != FV_TRIAL_DONE ? NAN : sweep->search.by_loss ? trial->loss : trial->metric;
}

static GArray *points_of(const Plots *plots, guint parameter)
{
    const FvSweepState *sweep = plots->sweep;
    GArray *points = g_array_new(FALSE, FALSE, sizeof(FvScatterPoint));
    for (guint i = 0; i < sweep->trials->len; i++) {
        const FvTrial *trial = sweep->trials->pdata[i];
        const FvScatterPoint point = { .x = trial->drawn[parameter],
                                       .y = judged(sweep, trial),
                                       .group = trial->round - 1,
                                       .marked = trial == plots->best,
                                       .text = plots->texts->pdata[i] };
        if (trial->state != FV_TRIAL_OPEN)
            g_array_append_val(points, point);
    }
    return points;
}

static FvScatterPanel panel_of(const Plots *plots, guint i)
{
    const FvSweepParameter *parameter = plots->sweep->search.sweep->parameters->pdata[i];
    return (FvScatterPanel){ .name = parameter->name,
                             .lo = parameter->lo,
                             .hi = parameter->hi,
                             .logarithmic = parameter->values == FV_SWEEP_LOG,
                             .words = (const char *const *) parameter->choices,
                             .points = points_of(plots, i) };
}

static GPtrArray *texts_of(const FvSweepState *sweep)
{
    GPtrArray *texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < sweep->trials->len; i++) {
        const FvTrial *trial = sweep->trials->pdata[i];
        g_autofree char *values = fv_trial_text(trial, sweep->search.sweep);
        g_ptr_array_add(texts, trial->state == FV_TRIAL_DONE
                                   ? g_strdup_printf("trial %d, %d epochs, %s: %s %.4f", trial->number, trial->epochs,
                                                     values, fv_sweep_judge(sweep), judged(sweep, trial))
                                   : g_strdup_printf("trial %d, %s: diverged", trial->number, values));
    }
    return texts;
}

/* "round 2 (5 epochs)"; NULL where there is one only. */
static char **names_of_rounds(const FvSweepState *sweep)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    int last = 0;
    for (guint i = 0; i < sweep->trials->len; i++) {
        const FvTrial *trial = sweep->trials->pdata[i];
        if (trial->round == last)
            continue;
        g_autofree char *name =
            g_strdup_printf("round %d (%d epoch%s)", trial->round, trial->epochs, trial->epochs == 1 ? "" : "s");
        g_strv_builder_add(names, name);
        last = trial->round;
    }
    return last > 1 ? g_strv_builder_end(names) : NULL;
}

static char *subtitle_of(const Plots *plots)
{
    guint best;
    if (!g_ptr_array_find(plots->sweep->trials, plots->best, &best))
        return g_strdup("no trial came to an end");
    return g_strconcat("best: ", plots->texts->pdata[best], NULL);
}

char *fv_sweep_plots(const FvSweepState *sweep)
{
    const guint count = sweep->search.sweep->parameters->len;
    const Plots plots = { sweep, fv_search_best(&sweep->search, sweep->trials), texts_of(sweep) };
    g_autoptr(GArray) panels = g_array_new(FALSE, FALSE, sizeof(FvScatterPanel));
    g_autofree char *title = g_strdup_printf("Sweep of %s", sweep->head.name);
    g_autofree char *subtitle = subtitle_of(&plots);
    g_autofree char *y_name = g_strdup_printf("validation %s", fv_sweep_judge(sweep));
    g_auto(GStrv) rounds = names_of_rounds(sweep);
    for (guint i = 0; i < count; i++) {
        const FvScatterPanel panel = panel_of(&plots, i);
        g_array_append_val(panels, panel);
    }
    const FvScatterHead head = { .title = title,
                                 .subtitle = subtitle,
                                 .y_name = y_name,
                                 .groups = (const char *const *) rounds,
                                 .marked = "the best",
                                 .crossed = "diverged" };
    char *svg = fv_scatter_svg(&head, (const FvScatterPanel *) (gpointer) panels->data, panels->len);
    for (guint i = 0; i < panels->len; i++)
        g_array_unref(g_array_index(panels, FvScatterPanel, i).points);
    g_ptr_array_unref(plots.texts);
    return svg;
}
