/* SPDX-License-Identifier: MIT
 * work.c: one trial, in a process of its own: trains it, goes on where it was killed, and reports. */
#include "core/bench/tune.h"
#include "core/sink/run.h"
#include "core/sweep/job.h"
#include "core/sweep/private.h"
#include "core/train/train.h"
#include "core/train/trainer.h"

#include <math.h>
#include <string.h>

typedef enum { ENDED_FAILED, ENDED_STOPPED, ENDED_DIVERGED, ENDED_DONE } Ended;

/* What goes through the pipe, with the text of the error behind it. */
typedef struct {
    gint32 ended, code; /* Ended, FvError */
    double loss, metric;
} Report;

/* ------------------------------------------------------------------- child */

static gboolean has_validation(const FvGraph *graph, const FvOpenSource *source, GError **error)
{
    if (graph->validate > 0 || source->info.count[FV_VALIDATE] > 0)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION,
                "trials are judged by a validation split, and there is none: data { validate = 0.1 } keeps a share of "
                "the training split for it");
    return FALSE;
}

/* The epoch whose parameters were kept: the first of the best. */
static gboolean read_best(const FvGraph *graph, const char *folder, int until, Report *report, GError **error)
{
    const double sign = fv_trainer_lower_is_better(graph) ? -1 : 1;
    double best = -INFINITY;
    g_autoptr(GArray) log = fv_run_read_log(folder, error);
    for (guint i = 0; log && i < log->len; i++) {
        const FvRecord *record = &g_array_index(log, FvRecord, i);
        const double worth = sign * (graph->metrics->len ? record->value : record->loss);
        if (record->split != FV_VALIDATE || record->epoch > until || !(worth > best))
            continue;
        best = worth;
        report->loss = record->loss;
        report->metric = record->value;
    }
    return log != NULL;
}

/* Where nothing was trained (a net that is only fitted), the log has no epochs. */
static void take_result(const FvTrainResult *result, Report *report)
{
    report->loss = result->test.has_loss ? result->test.loss : NAN;
    report->metric = result->scores->len > 0 ? g_array_index(result->scores, FvScore, 0).value : NAN;
}

static gboolean read_result(const FvGraph *graph, const FvTrainResult *result, int until, Report *report,
                            GError **error)
{
    report->ended = ENDED_DONE;
    if (result->tested)
        take_result(result, report);
    else if (!read_best(graph, result->folder, until, report, error))
        return FALSE;
    if (!isfinite(graph->metrics->len ? report->metric : report->loss) ||
        (graph->losses->len > 0 && !isfinite(report->loss)))
        report->ended = ENDED_DIVERGED;
    return TRUE;
}

static gboolean train(const FvSweepWork *work, const FvPipeline *pipeline, FvDevice *device, const FvOpenSource *source,
                      Report *report, GError **error)
{
    const FvSweepState *sweep = work->sweep;
    g_autofree char *folder = fv_sweep_trial_folder(sweep, work->trial);
    FILE *nowhere = fopen("/dev/null", "w");
    FvProgressBar *silent = nowhere ? fv_progress_new(nowhere, "images") : NULL;
    const gboolean goes_on = fv_search_goes_on(&sweep->search);
    FvTrainSettings settings = { .pipeline = pipeline,
                                 .device = device,
                                 .source = source,
                                 .seed = sweep->head.seed,
                                 .has_seed = TRUE,
                                 .until = goes_on ? work->trial->epochs : 0,
                                 .trial = TRUE,
                                 .progress = silent,
                                 .stop = fv_job_asked() };
    FvTrainResult result;
    fv_train_settings_in(&settings, folder);
    gboolean done = fv_train(&settings, &result, error);
    if (done && result.stopped)
        report->ended = ENDED_STOPPED;
    else if (done)
        done = read_result(pipeline->graph, &result, goes_on ? work->trial->epochs : G_MAXINT, report, error);
    else if (result.diverged)
        report->ended = ENDED_DIVERGED;
    fv_train_result_clear(&result);
    fv_progress_free(silent);
    g_clear_pointer(&nowhere, fclose);
    return done;
}

static FvDevice *open_device(const FvSweepState *sweep, GError **error)
{
    const char *name = sweep->settings->device ? sweep->settings->device : sweep->head.device;
    FvDevice *device = fv_device_open(name, error);
    if (device)
        fv_tiles_read(device, NULL); /* where they cannot be read, plans choose by themselves */
    return device;
}

static FvPipeline *open_pipeline(const FvSweepState *sweep, const char *text, GError **error)
{
    g_autofree char *name = g_strconcat(sweep->head.name, ".fv", NULL);
    return fv_pipeline_from_text(name, text, error);
}

static gboolean work_on(const FvSweepWork *work, Report *report, GError **error)
{
    const FvSweepState *sweep = work->sweep;
    const gboolean own_epochs = sweep->search.sweep->options->epochs > 0;
    const int epochs = fv_search_goes_on(&sweep->search) ? fv_search_epochs(&sweep->search) : work->trial->epochs;
    g_autofree char *text =
        fv_sweep_pipeline_text(sweep, work->trial, own_epochs || epochs != sweep->search.epochs ? epochs : 0);
    g_autoptr(FvPipeline) pipeline = open_pipeline(sweep, text, error);
    if (!pipeline)
        return FALSE;
    /* The data before the device, as `fovea train` has it. */
    g_auto(FvOpenSource) source = { 0 };
    fv_source_open_ahead(&pipeline->graph->source, &source);
    g_autoptr(FvDevice) device = open_device(sweep, error);
    return device && train(work, pipeline, device, &source, report, error);
}

static GBytes *report_bytes(Report *report, const GError *error)
{
    GByteArray *bytes = g_byte_array_new();
    if (error && report->ended == ENDED_FAILED)
        report->code = error->domain == FV_ERROR ? error->code : FV_ERROR_IO;
    g_byte_array_append(bytes, (const guint8 *) report, sizeof *report);
    if (error)
        g_byte_array_append(bytes, (const guint8 *) error->message, (guint) strlen(error->message));
    return g_byte_array_free_to_bytes(bytes);
}

GBytes *fv_sweep_work(gpointer work)
{
    Report report = { .ended = ENDED_FAILED, .loss = NAN, .metric = NAN };
    g_autoptr(GError) error = NULL;
    work_on(work, &report, &error);
    return report_bytes(&report, error);
}

static gboolean probe(const FvSweepState *sweep, GError **error)
{
    g_autoptr(FvPipeline) pipeline = open_pipeline(sweep, sweep->head.pipeline, error);
    g_auto(FvOpenSource) source = { 0 };
    if (!pipeline || !pipeline->graph->has_data)
        return pipeline != NULL; /* the first trial says what is missing */
    if (!fv_source_open(&pipeline->graph->source, &source, error) || !has_validation(pipeline->graph, &source, error))
        return FALSE;
    g_autoptr(FvDevice) device = open_device(sweep, error);
    return device != NULL;
}

GBytes *fv_sweep_probe(gpointer sweep)
{
    Report report = { .ended = ENDED_FAILED, .loss = NAN, .metric = NAN };
    g_autoptr(GError) error = NULL;
    report.ended = probe(sweep, &error) ? ENDED_DONE : ENDED_FAILED;
    return report_bytes(&report, error);
}

/* ------------------------------------------------------------------ parent */

static Report read_report(GBytes *text, GError **error)
{
    gsize size;
    const char *data = g_bytes_get_data(text, &size);
    Report report;
    g_assert(size >= sizeof report);
    memcpy(&report, data, sizeof report);
    if (report.ended == ENDED_FAILED)
        g_set_error(error, FV_ERROR, report.code, "%.*s", (int) (size - sizeof report), data + sizeof report);
    return report;
}

gboolean fv_sweep_probe_take(GBytes *report, GError **error)
{
    return read_report(report, error).ended == ENDED_DONE;
}

gboolean fv_sweep_work_take(GBytes *report, FvTrial *trial, GError **error)
{
    const Report said = read_report(report, error);
    if (said.ended == ENDED_FAILED || said.ended == ENDED_STOPPED)
        return FALSE;
    trial->state = said.ended == ENDED_DONE ? FV_TRIAL_DONE : FV_TRIAL_DIVERGED;
    trial->loss = said.ended == ENDED_DONE ? said.loss : NAN;
    trial->metric = said.ended == ENDED_DONE ? said.metric : NAN;
    return TRUE;
}
