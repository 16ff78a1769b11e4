/* SPDX-License-Identifier: MIT
 * test_sweep.c: what a sweep draws, and which trials a search asks for. */
#include "core/sweep/search.h"
#include "core/sweep/space.h"
#include "core/train/pipeline.h"

#include <math.h>

static FvPipeline *open_sweep(const char *lines)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_strconcat(
        "let rate = 0.1\nlet size = 8\nlet share = 0.5\nlet act = he\n"
        "net { input(1, 4, 4) -> dense(2) }\nsweep {\n",
        lines, "\n}\n", NULL);
    FvPipeline *pipeline = fv_pipeline_from_text("sweep.fv", text, &error);
    g_assert_no_error(error);
    return pipeline;
}

static FvSearch search_of(const FvPipeline *pipeline, int epochs)
{
    return (FvSearch){ .sweep = pipeline->graph->sweep, .epochs = epochs, .seed = 5 };
}

static GPtrArray *no_trials(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify) fv_trial_free);
}

static FvTrial *trial_at(const GPtrArray *trials, guint i)
{
    return trials->pdata[i];
}

/* Ends every open trial: it is the better, the nearer its first parameter is to @aim. */
static void end_trials(GPtrArray *trials, double aim)
{
    for (guint i = 0; i < trials->len; i++) {
        FvTrial *trial = trial_at(trials, i);
        if (trial->state != FV_TRIAL_OPEN)
            continue;
        trial->state = FV_TRIAL_DONE;
        trial->loss = trial->metric = 1 - fabs(log(trial->drawn[0] / aim));
    }
}

/* ------------------------------------------------------------------- space */

static void test_draws(void)
{
    enum { DRAWS = 2000 };
    g_autoptr(FvPipeline) pipeline =
        open_sweep("rate = log 1e-4..1  size = 3..6  share = -1..1  act = [he, xavier, gaussian(0.5)]");
    g_autoptr(FvSpace) space = fv_space_new(pipeline->graph->sweep);
    int below[2] = { 0 }, sizes[7] = { 0 }, words[3] = { 0 };
    for (guint32 i = 0; i < DRAWS; i++) {
        g_autofree double *drawn = fv_space_draw(space, 7, 1, i);
        g_autofree double *again = fv_space_draw(space, 7, 1, i);
        g_assert_cmpmem(drawn, 4 * sizeof *drawn, again, 4 * sizeof *again);
        g_assert_true(drawn[0] >= 1e-4 && drawn[0] <= 1);
        g_assert_true(drawn[1] >= 3 && drawn[1] <= 6 && drawn[1] == floor(drawn[1]));
        g_assert_true(drawn[2] >= -1 && drawn[2] <= 1);
        below[0] += drawn[0] < 1e-2;
        below[1] += drawn[2] < 0;
        sizes[(int) drawn[1]]++;
        words[(int) drawn[3]]++;
    }
    for (int i = 0; i < 2; i++) /* half of them; five deviations */
        g_assert_cmpint(abs(below[i] - DRAWS / 2), <, 112);
    for (int i = 3; i <= 6; i++)
        g_assert_cmpint(abs(sizes[i] - DRAWS / 4), <, 97);
    for (int i = 0; i < 3; i++)
        g_assert_cmpint(abs(words[i] - DRAWS / 3), <, 106);
}

/* Other seeds, rounds and trials draw other numbers; the table and the pipeline have them as they are used. */
static void test_streams(void)
{
    g_autoptr(FvPipeline) pipeline = open_sweep("rate = log 1e-4..1  share = 0..1");
    const FvSweep *sweep = pipeline->graph->sweep;
    g_autoptr(FvSpace) space = fv_space_new(sweep);
    const guint32 keys[][3] = { { 1, 1, 1 }, { 2, 1, 1 }, { 1, 2, 1 }, { 1, 1, 2 } };
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree double *drawn = fv_space_draw(space, keys[i][0], keys[i][1], keys[i][2]);
        FvTrial *trial = fv_trial_new(1, 1, 1, drawn, 2);
        for (guint k = 0; k < 2; k++) {
            g_autofree char *value = fv_trial_value(trial, sweep, k);
            g_assert_cmpfloat(g_ascii_strtod(value, NULL), ==, drawn[k]);
        }
        g_assert_true(g_hash_table_add(seen, fv_trial_text(trial, sweep)));
        fv_trial_free(trial);
    }
}

static void test_narrow(void)
{
    g_autoptr(FvPipeline) pipeline = open_sweep("rate = log 1e-4..1  share = 0..1  act = [he, xavier, zeros]");
    g_autoptr(FvSpace) space = fv_space_new(pipeline->graph->sweep);
    const double centre[] = { 0.01, 0.95, 1 };
    const double *const kept[] = { centre };
    fv_space_narrow(space, centre, 0.5);
    fv_space_keep_choices(space, kept, 1);
    double least = 1, most = 0;
    for (guint32 i = 0; i < 500; i++) {
        g_autofree double *drawn = fv_space_draw(space, 3, 2, i);
        g_assert_true(drawn[0] >= 0.000999 && drawn[0] <= 0.1001); /* two decades round 0.01 */
        g_assert_true(drawn[1] >= 0.5 && drawn[1] <= 1);           /* moved away from the end */
        g_assert_cmpfloat(drawn[2], ==, 1);
        least = MIN(least, drawn[0]);
        most = MAX(most, drawn[0]);
    }
    g_assert_true(least < 0.0011 && most > 0.09);
}

/* ---------------------------------------------------------------- searches */

static void test_grid(void)
{
    g_autoptr(FvPipeline) pipeline =
        open_sweep("rate = log 1e-3..1e-1  size = 7..8  act = [he, xavier]  search = grid(points=3)");
    const FvSearch search = search_of(pipeline, 4);
    g_autoptr(GPtrArray) trials = no_trials();
    g_assert_cmpint(fv_search_total(&search), ==, 12);
    g_assert_true(fv_search_next(&search, trials));
    g_assert_cmpuint(trials->len, ==, 12);
    const double rates[] = { 1e-3, 1e-2, 1e-1 };
    for (guint i = 0; i < 12; i++) {
        const FvTrial *trial = trial_at(trials, i);
        g_assert_cmpint(trial->number, ==, (int) i + 1);
        g_assert_cmpint(trial->epochs, ==, 4);
        g_assert_cmpfloat(trial->drawn[0], ==, rates[i / 4]);
        g_assert_cmpfloat(trial->drawn[1], ==, 7 + i / 2 % 2);
        g_assert_cmpfloat(trial->drawn[2], ==, i % 2);
    }
    end_trials(trials, 0.01);
    g_assert_cmpint(fv_search_best(&search, trials)->number, ==, 5); /* the first of those with 0.01 */
    g_assert_false(fv_search_next(&search, trials));
}

static void test_random(void)
{
    g_autoptr(FvPipeline) pipeline = open_sweep("rate = log 1e-3..1e-1  search = random(trials=5, epochs=2)");
    const FvSearch search = search_of(pipeline, 4);
    g_autoptr(GPtrArray) trials = no_trials();
    g_assert_true(fv_search_next(&search, trials));
    g_assert_cmpuint(trials->len, ==, 5);
    g_assert_cmpint(trial_at(trials, 4)->epochs, ==, 2);
    g_assert_null(fv_search_best(&search, trials));
    end_trials(trials, 0.01);
    trial_at(trials, 0)->metric = 5;
    g_assert_true(fv_search_best(&search, trials) == trials->pdata[0]);
    trial_at(trials, 0)->state = FV_TRIAL_DIVERGED;
    g_assert_true(fv_search_best(&search, trials) != trials->pdata[0]);
    g_assert_false(fv_search_next(&search, trials));
}

static void test_coarse_to_fine(void)
{
    static const int epochs[] = { 3, 5, 10 }, ends[] = { 4, 7, 10 };
    g_autoptr(FvPipeline) pipeline =
        open_sweep("rate = log 1e-4..1  search = coarse_to_fine(trials=10, rounds=3, narrow=0.25)");
    const FvSearch search = search_of(pipeline, 10);
    g_autoptr(GPtrArray) trials = no_trials();
    guint begun = 0;
    double before = 0;
    for (int round = 0; round < 3; round++) {
        g_assert_true(fv_search_next(&search, trials));
        g_assert_cmpuint(trials->len, ==, ends[round]);
        for (guint i = begun; i < trials->len; i++) {
            const FvTrial *trial = trial_at(trials, i);
            g_assert_cmpint(trial->round, ==, round + 1);
            g_assert_cmpint(trial->number, ==, (int) i + 1);
            g_assert_cmpint(trial->epochs, ==, epochs[round]);
            if (round > 0) /* a quarter of four decades, and a quarter of that, with half of it on one side at most */
                g_assert_cmpfloat(fabs(log10(trial->drawn[0] / before)), <, round == 1 ? 1.0 : 0.25);
        }
        if (round > 0)
            g_assert_cmpfloat(trial_at(trials, begun)->drawn[0], ==, before); /* the best begins again */
        end_trials(trials, 3e-3);
        before = fv_search_best(&search, trials)->drawn[0];
        g_assert_cmpint(fv_search_best(&search, trials)->round, ==, round + 1);
        begun = trials->len;
    }
    g_assert_false(fv_search_next(&search, trials));
}

/* Where all trials of a round diverged, the next one draws from the same ranges. */
static void test_all_diverged(void)
{
    g_autoptr(FvPipeline) pipeline = open_sweep("rate = log 1e-4..1  search = coarse_to_fine(trials=40, rounds=2)");
    const FvSearch search = search_of(pipeline, 1);
    g_autoptr(GPtrArray) trials = no_trials();
    g_assert_true(fv_search_next(&search, trials));
    for (guint i = 0; i < trials->len; i++)
        trial_at(trials, i)->state = FV_TRIAL_DIVERGED;
    g_assert_true(fv_search_next(&search, trials));
    double least = 1, most = 0;
    for (guint i = 20; i < trials->len; i++) {
        least = MIN(least, trial_at(trials, i)->drawn[0]);
        most = MAX(most, trial_at(trials, i)->drawn[0]);
    }
    g_assert_cmpuint(trials->len, ==, 40);
    g_assert_true(least < 1e-2 && most > 1e-1);
}

static void test_halving(void)
{
    static const guint counts[] = { 24, 8, 3 };
    static const int epochs[] = { 1, 3, 10 };
    g_autoptr(FvPipeline) pipeline = open_sweep("rate = log 1e-4..1  search = halving(trials=24)");
    const FvSearch search = search_of(pipeline, 10);
    g_autoptr(GPtrArray) trials = no_trials();
    g_assert_cmpint(fv_search_total(&search), ==, 35);
    guint begun = 0;
    for (int round = 0; round < 3; round++) {
        g_assert_true(fv_search_next(&search, trials));
        g_assert_cmpuint(trials->len - begun, ==, counts[round]);
        double worst = 0;
        for (guint i = begun; i < trials->len; i++) {
            const FvTrial *trial = trial_at(trials, i), *first = trial_at(trials, (guint) trial->number - 1);
            g_assert_cmpint(trial->epochs, ==, epochs[round]);
            g_assert_cmpint(trial->round, ==, round + 1);
            g_assert_cmpfloat(trial->drawn[0], ==, first->drawn[0]);
            worst = MAX(worst, fabs(log(trial->drawn[0] / 0.02)));
        }
        guint nearer = 0; /* trials of the first round that are no worse than those that went on */
        for (guint i = 0; i < 24; i++)
            nearer += fabs(log(trial_at(trials, i)->drawn[0] / 0.02)) <= worst;
        g_assert_cmpuint(nearer, ==, counts[round]);
        begun = trials->len;
        end_trials(trials, 0.02);
    }
    g_assert_false(fv_search_next(&search, trials));
    g_assert_cmpint(fv_search_best(&search, trials)->epochs, ==, 10);
}

/* Nothing is kept of trials that diverged; where all did, the search is over. */
static void test_halving_diverged(void)
{
    g_autoptr(FvPipeline) pipeline = open_sweep("rate = log 1e-4..1  search = halving(trials=6, keep=0.5)");
    const FvSearch search = search_of(pipeline, 4);
    g_autoptr(GPtrArray) trials = no_trials();
    g_assert_true(fv_search_next(&search, trials));
    end_trials(trials, 0.02);
    for (guint i = 0; i < 4; i++)
        trial_at(trials, i)->state = FV_TRIAL_DIVERGED;
    g_assert_true(fv_search_next(&search, trials));
    g_assert_cmpuint(trials->len, ==, 8);
    for (guint i = 6; i < 8; i++) {
        g_assert_cmpint(trial_at(trials, i)->number, >, 4);
        trial_at(trials, i)->state = FV_TRIAL_DIVERGED;
    }
    g_assert_false(fv_search_next(&search, trials));
}

/* The loss decides where there is no metric, and between those that are as good; smaller is better. */
static void test_best(void)
{
    g_autoptr(FvPipeline) pipeline = open_sweep("rate = 0..1  search = random(trials=3)");
    FvSearch search = search_of(pipeline, 1);
    g_autoptr(GPtrArray) trials = no_trials();
    g_assert_true(fv_search_next(&search, trials));
    static const double metrics[] = { 0.5, 0.7, 0.7 }, losses[] = { 0.1, 0.4, 0.3 };
    for (guint i = 0; i < 3; i++) {
        FvTrial *trial = trial_at(trials, i);
        trial->state = FV_TRIAL_DONE;
        trial->metric = metrics[i];
        trial->loss = losses[i];
    }
    g_assert_cmpint(fv_search_best(&search, trials)->number, ==, 3);
    search.by_loss = search.lower_is_better = TRUE;
    g_assert_cmpint(fv_search_best(&search, trials)->number, ==, 1);
    trial_at(trials, 1)->epochs = 2;
    g_assert_cmpint(fv_search_best(&search, trials)->number, ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/sweep/draws", test_draws);
    g_test_add_func("/sweep/streams", test_streams);
    g_test_add_func("/sweep/narrow", test_narrow);
    g_test_add_func("/sweep/grid", test_grid);
    g_test_add_func("/sweep/random", test_random);
    g_test_add_func("/sweep/coarse-to-fine", test_coarse_to_fine);
    g_test_add_func("/sweep/all-diverged", test_all_diverged);
    g_test_add_func("/sweep/halving", test_halving);
    g_test_add_func("/sweep/halving-diverged", test_halving_diverged);
    g_test_add_func("/sweep/best", test_best);
    return g_test_run();
}
