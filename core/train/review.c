/* SPDX-License-Identifier: MIT
 * review.c: reports of trainings that are over, or under way. */
#include "core/train/review.h"

#include "core/sink/compare.h"
#include "core/sink/page.h"
#include "core/train/folds.h"
#include "core/train/reporting.h"
#include "core/train/settings_text.h"
#include "core/train/trainer.h"

/* ------------------------------------------------------------------- one run */

typedef struct {
    const FvReviewSettings *settings;
    const FvPastRun *run;
    FvTensors *weights;
    FvSession *session;
    FvFindings *findings;
    FvSplit split;
    gboolean stopped;
} Review;

static void review_clear(Review *review)
{
    fv_findings_free(review->findings);
    fv_session_free(review->session);
    fv_tensors_free(review->weights);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Review, review_clear)

static gboolean open_session(Review *review, GError **error)
{
    const FvPastRun *run = review->run;
    g_autofree char *best = g_build_filename(run->folder, FV_RUN_BEST, NULL);
    FvSessionSettings open = { .graph = run->pipeline->graph,
                               .device = review->settings->device,
                               .seed = run->seed,
                               .progress = review->settings->progress,
                               .stop = review->settings->stop };
    const gboolean fold = fv_folds_of(run->folder, &open.fold, &open.folds);
    review->weights = fv_safetensors_read(best, error);
    open.weights = review->weights;
    review->session = review->weights ? fv_session_new(&open, FV_FOR_EVALUATION, error) : NULL;
    if (!review->session || !fv_weights_set(fv_session_plan(review->session), review->weights, best, error))
        return FALSE;
    review->split = fv_session_has(review->session, FV_TEST) && !fold ? FV_TEST : FV_VALIDATE;
    return TRUE;
}

static gboolean evaluate(Review *review, GError **error)
{
    FvTotals totals;
    GError *failed = NULL;
    if (!open_session(review, error))
        return FALSE;
    g_autoptr(FvFindings) findings = fv_findings_new(review->session);
    if (!findings || !fv_session_has(review->session, review->split))
        return TRUE;
    fv_session_set_each(review->session, fv_findings_take, findings);
    const gboolean done =
        fv_session_evaluate(review->session, review->split, fv_split_name(review->split), &totals, &failed);
    fv_session_set_each(review->session, NULL, NULL);
    review->stopped = !done && !failed;
    if (failed)
        g_propagate_error(error, failed);
    else if (done)
        review->findings = g_steal_pointer(&findings);
    return done;
}

/* Where nothing could be evaluated, the net is planned without a device. */
static FvPlan *bare_plan(const FvPastRun *run, GError **error)
{
    const FvGraph *graph = run->pipeline->graph;
    const FvPlanSettings settings = { .purpose = graph->losses->len > 0 ? FV_FOR_EVALUATION : FV_FOR_PREDICTION,
                                      .batch = graph->batch };
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvPlan) plan = fv_plan_new(graph, &settings, diag);
    return fv_diag_check(diag, error) ? g_steal_pointer(&plan) : NULL;
}

static char *note_of(const Review *review, const GError *failed)
{
    g_autofree char *evaluated = NULL;
    if (failed)
        evaluated = g_strdup_printf("not evaluated: %s", failed->message);
    else if (!review->settings->device)
        evaluated = g_strdup("not evaluated: there is no device");
    if (!review->run->missing || !evaluated)
        return g_strdup(review->run->missing ? review->run->missing : evaluated);
    return g_strdup_printf("%s; %s", review->run->missing, evaluated);
}

gboolean fv_review_run(const FvReviewSettings *settings, const FvPastRun *run, GError **error)
{
    g_auto(Review) review = { .settings = settings, .run = run };
    g_autoptr(GError) failed = NULL;
    const gboolean done = settings->device && evaluate(&review, &failed);
    if (review.stopped)
        return FALSE;
    g_autofree char *note = note_of(&review, failed);
    g_autoptr(FvPlan) bare = done ? NULL : bare_plan(run, error);
    if (!done && !bare)
        return FALSE;
    if (note) {
        g_autofree char *line = g_strdup_printf("%s: %s", run->folder, note);
        settings->note(line);
    }
    const FvReporting report = { .folder = run->folder,
                                 .pipeline = run->pipeline,
                                 .plan = done ? fv_session_plan(review.session) : bare,
                                 .findings = review.findings,
                                 .split = review.split,
                                 .classes = done ? fv_session_source(review.session)->class_names : NULL,
                                 .seed = run->seed,
                                 .device = run->device,
                                 .note = note,
                                 .loaded = done };
    return fv_reporting_write(&report, error);
}

/* -------------------------------------------------------------- several runs */

static void add_row(GArray *rows, const char *key, const char *value)
{
    const FvPageRow row = { g_strdup(key), g_strdup(value) };
    g_array_append_val(rows, row);
}

static FvCompared compared(const FvPastRun *run)
{
    g_autofree char *net = fv_settings_net(run->pipeline->graph);
    g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, run->seed);
    FvCompared of = { .name = run->folder,
                      .missing = run->missing,
                      .records = run->log,
                      .best = fv_reporting_best(run->pipeline->graph, run->log),
                      .lower_is_better = fv_trainer_lower_is_better(run->pipeline->graph),
                      .settings = fv_settings_rows(run->pipeline->graph) };
    add_row(of.settings, "seed", seed);
    if (run->device)
        add_row(of.settings, "device", run->device);
    add_row(of.settings, "net", net);
    return of;
}

char *fv_review_page(const GPtrArray *runs, const GPtrArray *left_out)
{
    g_autofree FvCompared *all = g_new0(FvCompared, runs->len + 1);
    for (guint i = 0; i < runs->len; i++)
        all[i] = compared(runs->pdata[i]);
    char *page = fv_compare_html(all, runs->len, left_out);
    for (guint i = 0; i < runs->len; i++)
        g_array_unref(all[i].settings);
    return page;
}
