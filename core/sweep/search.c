/* SPDX-License-Identifier: MIT
 * search.c: grid, random, coarse to fine (narrowed round the best, longer each round), successive halving (Jamieson
 * and Talwalkar, 2016). */
#include "core/sweep/search.h"

#include "core/sweep/space.h"

#include <math.h>

/* ----------------------------------------------------------------- ranking */

/* Larger is better. */
static double worth(const FvSearch *search, const FvTrial *trial)
{
    const double number = search->by_loss ? trial->loss : trial->metric;
    return isnan(number) ? -INFINITY : search->lower_is_better ? -number : number;
}

static int compare(const FvSearch *search, const FvTrial *a, const FvTrial *b)
{
    const gboolean a_done = a->state == FV_TRIAL_DONE, b_done = b->state == FV_TRIAL_DONE;
    if (a_done != b_done)
        return a_done ? -1 : 1;
    if (a->epochs != b->epochs)
        return a->epochs > b->epochs ? -1 : 1;
    const double worth_a = worth(search, a), worth_b = worth(search, b);
    if (a_done && worth_a != worth_b)
        return worth_a > worth_b ? -1 : 1;
    if (a_done && a->loss != b->loss && !isnan(a->loss) && !isnan(b->loss))
        return a->loss < b->loss ? -1 : 1;
    return a->number - b->number;
}

static gint compare_items(gconstpointer a, gconstpointer b, gpointer search)
{
    return compare(search, *(const FvTrial *const *) a, *(const FvTrial *const *) b);
}

/* Trials of a round that were done, best first; borrowed. */
static GPtrArray *ranked(const FvSearch *search, const GPtrArray *trials, int round)
{
    GPtrArray *of_round = g_ptr_array_new();
    for (guint i = 0; i < trials->len; i++) {
        FvTrial *trial = trials->pdata[i];
        if (trial->round == round && trial->state == FV_TRIAL_DONE)
            g_ptr_array_add(of_round, trial);
    }
    g_ptr_array_sort_with_data(of_round, compare_items, (gpointer) search);
    return of_round;
}

const FvTrial *fv_search_best(const FvSearch *search, const GPtrArray *trials)
{
    const FvTrial *best = NULL;
    for (guint i = 0; i < trials->len; i++) {
        const FvTrial *trial = trials->pdata[i];
        if (trial->state == FV_TRIAL_DONE && (!best || compare(search, trial, best) < 0))
            best = trial;
    }
    return best;
}

/* ------------------------------------------------------------------ rounds */

int fv_search_epochs(const FvSearch *search)
{
    const int own = search->sweep->options->epochs;
    return own > 0 ? own : search->epochs;
}

gboolean fv_search_goes_on(const FvSearch *search)
{
    return search->sweep->kind == FV_SEARCH_HALVING;
}

static void add(const FvSearch *search, GPtrArray *trials, int round, int epochs, const double *drawn)
{
    const int number = trials->len ? ((FvTrial *) trials->pdata[trials->len - 1])->number + 1 : 1;
    g_ptr_array_add(trials, fv_trial_new(number, round, epochs, drawn, search->sweep->parameters->len));
}

/* Draws trials until the round has so many. */
static void fill(const FvSearch *search, GPtrArray *trials, const FvSpace *space, int round, int epochs, guint until)
{
    while (trials->len < until) {
        g_autofree double *drawn = fv_space_draw(space, search->seed, (guint32) round, trials->len + 1);
        add(search, trials, round, epochs, drawn);
    }
}

static gboolean next_grid(const FvSearch *search, GPtrArray *trials, int round)
{
    g_autoptr(FvSpace) space = fv_space_new(search->sweep);
    if (round > 1)
        return FALSE;
    g_autoptr(GPtrArray) grid = fv_space_grid(space, search->sweep->options->points);
    for (guint i = 0; i < grid->len; i++)
        add(search, trials, round, fv_search_epochs(search), grid->pdata[i]);
    return TRUE;
}

static gboolean next_random(const FvSearch *search, GPtrArray *trials, int round)
{
    g_autoptr(FvSpace) space = fv_space_new(search->sweep);
    if (round > 1)
        return FALSE;
    fill(search, trials, space, round, fv_search_epochs(search), (guint) search->sweep->options->trials);
    return TRUE;
}

/* --------------------------------------------------------- coarse to fine */

/* A round's epochs: the last has all of them. */
static int epochs_of_round(const FvSearch *search, int round)
{
    const FvSearchOptions *options = search->sweep->options;
    const int epochs = fv_search_epochs(search);
    const double share = pow(options->longer, round - options->rounds);
    return MIN(epochs, MAX(1, (int) lround(epochs * share)));
}

/* Trials up to the end of a round; what does not divide goes to the first ones. */
static guint trials_until(const FvSearchOptions *options, int round)
{
    return (guint) (round * (options->trials / options->rounds) + MIN(round, options->trials % options->rounds));
}

/* What a round draws from. Of a list, what the best third of the trials before chose stays. */
static FvSpace *narrowed(const FvSearch *search, const GPtrArray *trials, int round)
{
    FvSpace *space = fv_space_new(search->sweep);
    for (int before = 1; before < round; before++) {
        g_autoptr(GPtrArray) best = ranked(search, trials, before);
        if (best->len == 0) /* all of them diverged: there is nothing to go by */
            continue;
        const guint third = (best->len + 2) / 3;
        g_autofree const double **kept = g_new(const double *, third);
        for (guint i = 0; i < third; i++)
            kept[i] = ((FvTrial *) best->pdata[i])->drawn;
        fv_space_narrow(space, kept[0], search->sweep->options->narrow);
        fv_space_keep_choices(space, kept, third);
    }
    return space;
}

/* A round begins with the best of the one before, which is given the longer time, too: so nothing is lost where the
 * others are worse. */
static gboolean next_finer(const FvSearch *search, GPtrArray *trials, int round)
{
    const FvSearchOptions *options = search->sweep->options;
    if (round > options->rounds)
        return FALSE;
    const int epochs = epochs_of_round(search, round);
    g_autoptr(FvSpace) space = narrowed(search, trials, round);
    g_autoptr(GPtrArray) before = ranked(search, trials, round - 1);
    if (before->len > 0)
        add(search, trials, round, epochs, ((FvTrial *) before->pdata[0])->drawn);
    fill(search, trials, space, round, epochs, trials_until(options, round));
    return TRUE;
}

/* ----------------------------------------------------- successive halving */

/* Epochs that trials have done at the end of each round: of int. The last is the whole, each before it `keep` of what
 * follows, as long as that is an epoch and less. */
static GArray *halving_epochs(const FvSearch *search)
{
    GArray *epochs = g_array_new(FALSE, FALSE, sizeof(int));
    const double share = search->sweep->options->keep;
    double exact = fv_search_epochs(search);
    int last = (int) exact;
    g_array_append_val(epochs, last);
    while (lround(exact *= share) >= 1) {
        const int next = (int) lround(exact);
        if (next < last)
            g_array_prepend_val(epochs, next);
        last = MIN(last, next);
    }
    return epochs;
}

static guint kept_of(const FvSearch *search, guint count)
{
    const double nearly = 1e-6; /* a third, as a float, may be more than one */
    return (guint) MAX(1, ceil(count * search->sweep->options->keep - nearly));
}

static gboolean next_halving(const FvSearch *search, GPtrArray *trials, int round)
{
    g_autoptr(GArray) epochs = halving_epochs(search);
    const guint parameters = search->sweep->parameters->len;
    if (round > (int) epochs->len)
        return FALSE;
    const int until = g_array_index(epochs, int, round - 1);
    if (round == 1) {
        g_autoptr(FvSpace) space = fv_space_new(search->sweep);
        fill(search, trials, space, round, until, (guint) search->sweep->options->trials);
        return TRUE;
    }
    guint before = 0;
    for (guint i = 0; i < trials->len; i++)
        before += ((FvTrial *) trials->pdata[i])->round == round - 1;
    g_autoptr(GPtrArray) best = ranked(search, trials, round - 1);
    const guint kept = MIN(kept_of(search, before), best->len);
    for (guint i = 0; i < kept; i++) {
        const FvTrial *trial = best->pdata[i];
        g_ptr_array_add(trials, fv_trial_new(trial->number, round, until, trial->drawn, parameters));
    }
    return kept > 0;
}

/* ------------------------------------------------------------------- search */

gboolean fv_search_next(const FvSearch *search, GPtrArray *trials)
{
    static gboolean (*const next[])(const FvSearch *search, GPtrArray *trials, int round) = {
        [FV_SEARCH_GRID] = next_grid,
        [FV_SEARCH_RANDOM] = next_random,
        [FV_SEARCH_COARSE_TO_FINE] = next_finer,
        [FV_SEARCH_HALVING] = next_halving,
    };
    const int last = trials->len ? ((FvTrial *) trials->pdata[trials->len - 1])->round : 0;
    return next[search->sweep->kind](search, trials, last + 1);
}

int fv_search_total(const FvSearch *search)
{
    if (search->sweep->kind == FV_SEARCH_GRID) {
        g_autoptr(FvSpace) space = fv_space_new(search->sweep);
        g_autoptr(GPtrArray) grid = fv_space_grid(space, search->sweep->options->points);
        return (int) grid->len;
    }
    if (search->sweep->kind != FV_SEARCH_HALVING)
        return search->sweep->options->trials;
    g_autoptr(GArray) epochs = halving_epochs(search);
    guint count = (guint) search->sweep->options->trials, total = count;
    for (guint i = 1; i < epochs->len; i++)
        total += count = kept_of(search, count);
    return (int) total;
}
