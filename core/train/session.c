/* SPDX-License-Identifier: MIT
 * session.c: opens the data of a pipeline, plans its net for them, and evaluates splits. */
#include "core/train/session.h"

#include "core/data/order.h"
#include "core/data/select.h"
#include "core/train/budget.h"
#include "core/train/pipeline.h"
#include "core/train/weights.h"

#include <string.h>

/* Extra sources of the program: how batches are prepared. */
enum { FOR_EVALUATION, FOR_TRAINING, PREPS };

struct FvSession {
    FvSessionSettings settings;
    FvPlan *plan;
    FvOpenSource opened; /* by this session, or a copy of what others opened */
    FvOpenSource source; /* the same, or what the pipeline selects of it */
    FvSelection *selection;
    FvPrep *preps[PREPS];
    FvFeed *feeds[FV_SPLITS];
    FvFeed *training;
    FvTally *tally;
    FvPurpose purpose; /* of the plan */
    FvEachBatch each;  /* or NULL */
    gpointer each_data;
};

static const char *const split_names[FV_SPLITS] = { "train", "validate", "test" };

const char *fv_split_name(FvSplit split)
{
    return split_names[split];
}

FvSplit fv_split_from_name(const char *name)
{
    int split = 0;
    while (split < FV_SPLITS && !g_str_equal(split_names[split], name))
        split++;
    return (FvSplit) split;
}

/* ----------------------------------------------------------------- checking */

/* Sources give images and their class; whatever else a loss wants is not there. */
static void check_term(const FvSession *session, const FvTerm *term, FvDiag *diag)
{
    const char *name = term->use.plugin->name;
    const FvSourceInfo *info = &session->source.info;
    if (!term->target)
        return;
    FvTarget kind = FV_TARGET_NONE;
    FvShape shape = { 0, 0, 0 };
    fv_plan_target(session->plan, term->target, &kind, &shape);
    if (kind != FV_TARGET_CLASS || (!g_str_equal(term->target, "label") && !g_str_equal(term->target, FV_ONE_HOT))) {
        fv_diag_error(diag, term->use.loc, NULL,
                      kind == FV_TARGET_CLASS
                          ? "%s: the data give each image a class, \"label\"; there is no class \"%s\""
                          : "%s: the data give each image a class, \"label\", or as numbers \"one_hot\"; there is no "
                            "target \"%s\"",
                      name, term->target);
        return;
    }
    if (shape.h * shape.w > 1) {
        fv_diag_error(diag, term->use.loc, NULL,
                      "%s: the data give each image one class, not one for each of %dx%d pixels", name, shape.h,
                      shape.w);
        return;
    }
    if (info->classes < 1) {
        fv_diag_error(diag, term->use.loc, NULL, "%s: the data have no classes", name);
        return;
    }
    const int known = fv_term_classes(term, fv_plan_layer(session->plan, (guint) term->value).out);
    if (known > 0 && known < info->classes)
        fv_diag_error(diag, term->use.loc, NULL, "%s: the data have %d classes, the value can tell only %d apart", name,
                      info->classes, known);
}

static gboolean check_terms(const FvSession *session, GError **error)
{
    const FvGraph *graph = session->settings.graph;
    g_autoptr(FvDiag) diag = fv_diag_new();
    for (guint i = 0; i < graph->losses->len; i++)
        check_term(session, graph->losses->pdata[i], diag);
    /* The metric that a loss implies would only say the same again. */
    for (guint i = 0; i < graph->metrics->len && fv_diag_count(diag) == 0; i++)
        check_term(session, graph->metrics->pdata[i], diag);
    return fv_diag_check(diag, error);
}

static gboolean check_source(const FvGraph *graph, GError **error)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    const FvLoc top = { g_intern_string(graph->file), 1, 1 };
    if (!graph->source.plugin)
        fv_diag_error(diag, top, NULL, "there is no data section; write data { source = ... }");
    return fv_diag_check(diag, error);
}

static gboolean anything_trained(const FvPlan *plan)
{
    return fv_plan_parameter_count(plan) > fv_plan_frozen_parameter_count(plan);
}

static gboolean anything_fitted(const FvPlan *plan)
{
    for (guint i = 0; i < fv_plan_layers(plan); i++)
        if (fv_plan_layer(plan, i).fitted)
            return TRUE;
    return FALSE;
}

/* What is wanted of the net, and of those who train it. */
static gboolean check_aims(const FvSession *session, GError **error)
{
    const FvGraph *graph = session->settings.graph;
    const gboolean trained = anything_trained(session->plan);
    g_autoptr(FvDiag) diag = fv_diag_new();
    const FvLoc top = { g_intern_string(graph->file), 1, 1 };
    if (graph->losses->len == 0 && fv_session_trains(session))
        fv_diag_error(diag, top, NULL, "there is no loss; write loss = softmax(logits, label), for example");
    else if (graph->losses->len + graph->metrics->len == 0)
        fv_diag_error(diag, top, NULL,
                      trained ? "there is no loss; write loss = softmax(logits, label), for example"
                              : "there is no loss and no metric; write metric = accuracy(votes, label), for example");
    if (fv_session_trains(session) && !graph->optimizer.plugin)
        fv_diag_error(diag, top, NULL,
                      "there is no optimizer; write optimizer = sgd(rate=0.01, momentum=0.9), for "
                      "example");
    if (session->purpose == FV_FOR_TRAINING && !trained && !anything_fitted(session->plan))
        fv_diag_error(diag, top, NULL, "there is nothing to train: %s, and none is fitted",
                      fv_plan_frozen_parameter_count(session->plan) > 0 ? "all layers are frozen"
                                                                        : "no layer has parameters");
    return fv_diag_check(diag, error);
}

/* ------------------------------------------------------------------- opening */

static gboolean make_plan(FvSession *session, gint64 fit_samples, GError **error)
{
    const FvGraph *graph = session->settings.graph;
    const FvPlanSettings settings = {
        .purpose = session->purpose,
        .batch = graph->batch,
        .slots = FV_SESSION_SLOTS,
        .keep = session->settings.keep,
        .fit_samples = fit_samples,
        .parts = fv_augment_uses_parts(graph->augment),
    };
    g_clear_pointer(&session->plan, fv_plan_free);
    session->plan = fv_pipeline_plan(graph, session->settings.device, &settings, error);
    return session->plan != NULL;
}

FvLoaderConfig fv_session_loader_config(const FvSession *session, FvSplit split)
{
    const FvGraph *graph = session->settings.graph;
    return (FvLoaderConfig){ .source = session->source.source,
                             .state = session->source.self,
                             .info = &session->source.info,
                             .split = split,
                             .validate = session->settings.folds ? 0 : graph->validate,
                             .test = graph->test,
                             .folds = session->settings.folds,
                             .fold = session->settings.fold,
                             .seed = session->settings.seed,
                             .batch = graph->batch };
}

/* Once more, where what the net is like follows from the data, or where nothing in it is to be trained. */
static gboolean plan_again(FvSession *session, GError **error)
{
    const gboolean idle = session->purpose == FV_FOR_TRAINING && !fv_session_trains(session);
    const gboolean keeps = fv_plan_keeps_samples(session->plan);
    gint64 samples = 0;
    if (!idle && !keeps)
        return TRUE;
    if (idle)
        session->purpose = FV_FOR_EVALUATION;
    if (keeps && session->settings.weights)
        samples = fv_weights_kept_samples(session->plan, session->settings.weights);
    if (keeps && samples == 0) { /* none are given, or those of another net, which has no such layer */
        const FvLoaderConfig config = fv_session_loader_config(session, FV_TRAIN);
        samples = fv_loader_config_count(&config, error);
        if (samples == 0)
            return FALSE;
    }
    return make_plan(session, samples, error);
}

static gboolean make_prep(FvSession *session, int which, GError **error)
{
    const FvGraph *graph = session->settings.graph;
    FvLoc where;
    GError *failed = NULL;
    const FvSourceInfo *info = &session->source.info;
    session->preps[which] = (info->floats ? fv_prep_new_floats : fv_prep_new)(
        graph->augment, graph->prepare, info->shape, fv_plan_input_shape(session->plan), which == FOR_TRAINING, &where,
        &failed);
    if (session->preps[which])
        return TRUE;
    g_autoptr(FvDiag) diag = fv_diag_new();
    fv_diag_take(diag, where.file ? where : graph->source.loc, NULL, failed);
    return fv_diag_check(diag, error);
}

static gboolean load(FvSession *session, int preps, GError **error)
{
    FvDevice *device = session->settings.device;
    g_autoptr(GPtrArray) sources = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < preps; i++) {
        GString *source = g_string_new(NULL);
        fv_prep_source(session->preps[i], fv_feed_rows(device), source);
        g_ptr_array_add(sources, g_string_free(source, FALSE));
    }
    g_ptr_array_add(sources, NULL);
    if (!fv_plan_load(session->plan, device, (const char *const *) sources->pdata, error))
        return FALSE;
    session->tally = fv_tally_new(session->plan);
    return TRUE;
}

static gboolean open_source(FvSession *session, GError **error)
{
    const FvSessionSettings *settings = &session->settings;
    const FvOpenSource *opened = settings->share ? &settings->share->opened : settings->source;
    if (!opened)
        return fv_source_open(&settings->graph->source, &session->opened, error);
    if (opened->failed && error)
        *error = g_error_copy(opened->failed);
    session->opened = *opened;
    return !opened->failed;
}

/* data { classes = ...  per_class = ... } */
static gboolean select_data(FvSession *session, GError **error)
{
    const FvGraph *graph = session->settings.graph;
    const gboolean own = session->opened.source == (const FvSource *) graph->source.plugin;
    session->source = session->opened;
    if (!own || (graph->classes->len == 0 && graph->per_class == 0))
        return TRUE;
    g_autofree FvWanted *classes = g_new(FvWanted, graph->classes->len + 1);
    for (guint i = 0; i < graph->classes->len; i++) {
        const FvChosenClass *class = graph->classes->pdata[i];
        classes[i] = (FvWanted){ class->name, class->number };
    }
    const FvSelectConfig config = { .source = session->opened.source,
                                    .state = session->opened.self,
                                    .info = &session->opened.info,
                                    .classes = graph->classes->len > 0 ? classes : NULL,
                                    .class_count = (int) graph->classes->len,
                                    .per_class = graph->per_class,
                                    .seed = session->settings.seed };
    GError *failed = NULL;
    int at;
    session->selection = fv_selection_new(&config, &at, &failed);
    if (session->selection) {
        session->source.source = fv_selection_source();
        session->source.self = session->selection;
        session->source.info = *fv_selection_info(session->selection);
        return TRUE;
    }
    const FvLoc loc = at >= 0 ? ((FvChosenClass *) graph->classes->pdata[at])->loc : graph->select_loc;
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_prefix_error(&failed, "data: ");
    fv_diag_take(diag, loc, NULL, failed);
    return fv_diag_check(diag, error);
}

FvSession *fv_session_new(const FvSessionSettings *settings, FvPurpose purpose, GError **error)
{
    g_autoptr(FvSession) session = g_new0(FvSession, 1);
    session->settings = *settings;
    session->purpose = purpose;
    /* The net first: its mistakes need no data to be found. */
    const gboolean judged = purpose != FV_FOR_PREDICTION;
    if ((!settings->source && !check_source(settings->graph, error)) || !make_plan(session, 0, error) ||
        (judged && !check_aims(session, error)) || !open_source(session, error) || !select_data(session, error) ||
        (judged && !check_terms(session, error)) || !plan_again(session, error))
        return NULL;
    const int preps = session->purpose == FV_FOR_TRAINING || settings->varies ? PREPS : FOR_TRAINING;
    for (int i = 0; i < preps; i++)
        if (!make_prep(session, i, error))
            return NULL;
    return load(session, preps, error) ? g_steal_pointer(&session) : NULL;
}

void fv_session_release_feeds(FvSession *session)
{
    for (int i = 0; i < FV_SPLITS; i++)
        g_clear_pointer(&session->feeds[i], fv_feed_free);
    g_clear_pointer(&session->training, fv_feed_free);
}

void fv_session_free(FvSession *session)
{
    if (!session)
        return;
    fv_session_release_feeds(session);
    fv_tally_free(session->tally);
    for (int i = 0; i < PREPS; i++)
        fv_prep_free(session->preps[i]);
    fv_plan_free(session->plan);
    fv_selection_free(session->selection);
    if (!session->settings.share && !session->settings.source)
        fv_source_close(&session->opened);
    g_free(session);
}

FvPlan *fv_session_plan(FvSession *session)
{
    return session->plan;
}

const FvGraph *fv_session_graph(const FvSession *session)
{
    return session->settings.graph;
}

gboolean fv_session_trains(const FvSession *session)
{
    return session->purpose == FV_FOR_TRAINING && session->settings.graph->epochs > 0 &&
           anything_trained(session->plan);
}

FvProgressBar *fv_session_progress(const FvSession *session)
{
    return session->settings.progress;
}

const FvSourceInfo *fv_session_source(const FvSession *session)
{
    return &session->source.info;
}

gboolean fv_session_try_data(const FvSession *session, GError **error)
{
    return fv_source_try(&session->source, error);
}

gboolean fv_session_has(const FvSession *session, FvSplit split)
{
    const FvGraph *graph = session->settings.graph;
    const double shares[FV_SPLITS] = { 0, graph->validate, graph->test };
    if (session->settings.folds > 0 && split == FV_VALIDATE)
        return TRUE;
    return session->source.info.count[split] > 0 || shares[split] > 0;
}

gboolean fv_session_stopped(const FvSession *session)
{
    return session->settings.stop && *session->settings.stop;
}

GArray *fv_session_scores(const FvSession *session)
{
    return fv_tally_scores_since(session->tally, NULL);
}

char *fv_session_tables(const FvSession *session)
{
    return fv_tally_tables(session->tally, session->source.info.class_names);
}

/* ---------------------------------------------------------------- evaluation */

guint64 fv_session_memory(const FvSession *session)
{
    guint64 taken = fv_plan_memory(session->plan).total;
    for (int i = 0; i < FV_SPLITS; i++)
        taken += session->feeds[i] ? fv_feed_resident(session->feeds[i]) : 0;
    return taken + (session->training ? fv_feed_resident(session->training) : 0);
}

/* Images stay on the device where a split is run through again and again; not where they are mixed with others, which
 * may not have come by yet. */
static guint64 budget_of(const FvSession *session, FvSplit split)
{
    const FvGraph *graph = session->settings.graph;
    const gboolean mixed = split == FV_TRAIN && fv_augment_uses_parts(graph->augment) > 1;
    if (!fv_session_trains(session) || session->settings.keep || split == FV_TEST || graph->epochs < 2 || mixed)
        return 0;
    return fv_data_budget(session->settings.device, fv_session_memory(session));
}

static FvFeed *make_feed(FvSession *session, FvSplit split, int prep, gboolean shuffle, guint64 budget, GError **error)
{
    FvFeedConfig config = { .plan = session->plan,
                            .extra = (guint) prep,
                            .config = fv_session_loader_config(session, split),
                            .label = fv_plan_target(session->plan, "label", NULL, NULL),
                            .budget = budget };
    config.config.prep = session->preps[prep];
    config.config.shuffle = shuffle;
    return fv_feed_new(&config, error);
}

FvFeed *fv_session_train_feed(FvSession *session, GError **error)
{
    if (!session->training)
        session->training = make_feed(session, FV_TRAIN, FOR_TRAINING, TRUE, budget_of(session, FV_TRAIN), error);
    return session->training;
}

/* The feed of a split in its own order: whoever asks first says how much of it may stay on the device. */
static FvFeed *ordered_feed(FvSession *session, FvSplit split, guint64 budget, GError **error)
{
    if (!session->feeds[split])
        session->feeds[split] = make_feed(session, split, FOR_EVALUATION, FALSE, budget, error);
    return session->feeds[split];
}

FvFeed *fv_session_plain_feed(FvSession *session, FvSplit split, GError **error)
{
    return ordered_feed(session, split, 0, error);
}

FvFeed *fv_session_feed(FvSession *session, FvSplit split, GError **error)
{
    return ordered_feed(session, split, budget_of(session, split), error);
}

FvFeed *fv_session_varied_feed(FvSession *session, FvSplit split, int copies, GError **error)
{
    const guint64 taken = fv_plan_memory(session->plan).total;
    const guint64 budget = copies > 1 ? fv_data_budget(session->settings.device, taken) : 0;
    return make_feed(session, split, FOR_TRAINING, FALSE, budget, error);
}

FvFeed *fv_session_sample_feed(FvSession *session, FvSplit split, GError **error)
{
    return make_feed(session, split, FOR_EVALUATION, TRUE, 0, error);
}

static gboolean enqueue(FvSession *session, FvListKind kind, int samples, int slot, GError **error)
{
    const FvList *list = fv_plan_list(session->plan, kind, samples, error);
    const FvStep step = { .slot = slot, .seed = session->settings.seed };
    return list && fv_exec_enqueue(session->settings.device, list, &step, error);
}

static gboolean evaluate_batches(FvSession *session, FvFeed *feed, gint64 *done, GError **error)
{
    FvTally *tally = session->tally;
    FvProgressBar *progress = session->settings.progress;
    int samples;
    while ((samples = fv_feed_next(feed, error)) > 0) {
        if (fv_session_stopped(session))
            return FALSE;
        if (!enqueue(session, FV_LIST_EVALUATE, samples, fv_tally_step(tally, samples), error))
            return FALSE;
        if (session->each && !session->each(session->each_data, feed, samples, error))
            return FALSE;
        *done += samples;
        if (fv_tally_full(tally) && !fv_tally_flush(tally, error))
            return FALSE;
        FvTotals totals = fv_tally_totals(tally);
        if (progress && totals.samples > 0)
            fv_progress_update(progress, *done, totals.loss, fv_tally_metric(tally), totals.metric);
    }
    return samples == 0 && fv_tally_flush(tally, error);
}

void fv_session_set_each(FvSession *session, FvEachBatch each, gpointer data)
{
    session->each = each;
    session->each_data = data;
}

gboolean fv_session_read(const FvSession *session, FvSplit split, guint32 number, FvSample *sample, GError **error)
{
    const FvLoaderConfig config = fv_session_loader_config(session, split);
    return session->source.source->read(session->source.self, fv_order_source_split(&config), number, sample, error);
}

gboolean fv_session_evaluate(FvSession *session, FvSplit split, const char *label, FvTotals *totals, GError **error)
{
    gint64 done = 0;
    FvFeed *feed = fv_session_feed(session, split, error);
    if (!feed || !enqueue(session, FV_LIST_PACK, 1, 0, error))
        return FALSE;
    fv_tally_reset(session->tally);
    fv_feed_start_epoch(feed, 0, 0);
    if (session->settings.progress)
        fv_progress_start(session->settings.progress, label, 0, fv_feed_samples(feed), 0);
    gboolean whole = evaluate_batches(session, feed, &done, error);
    if (session->settings.progress)
        fv_progress_finish(session->settings.progress);
    *totals = fv_tally_totals(session->tally);
    return whole;
}
