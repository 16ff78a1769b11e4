/* SPDX-License-Identifier: MIT
 * reporting.c: writes the report of a run. */
#include "core/train/reporting.h"

#include "core/sink/dot.h"
#include "core/sink/page.h"
#include "core/sink/records.h"
#include "core/train/filters.h"
#include "core/train/settings_text.h"
#include "core/train/trainer.h"

#include <math.h>

/* ------------------------------------------------------------------ settings */

static void report_settings(FvReport *report, const FvReporting *of)
{
    g_autoptr(GArray) rows = fv_settings_rows(of->pipeline->graph);
    for (guint i = 0; i < rows->len; i++) {
        const FvPageRow *row = &g_array_index(rows, FvPageRow, i);
        fv_report_setting(report, row->key, "%s", row->value);
    }
    fv_report_setting(report, "seed", "%" G_GUINT64_FORMAT, of->seed);
    if (of->device)
        fv_report_setting(report, "device", "%s", of->device);
}

/* ------------------------------------------------------------------- results */

int fv_reporting_best(const FvGraph *graph, const GArray *records)
{
    const gboolean lower = fv_trainer_lower_is_better(graph);
    double best = NAN;
    int epoch = 0;
    for (guint i = 0; i < records->len; i++) {
        const FvRecord *record = &g_array_index(records, FvRecord, i);
        const double value = graph->metrics->len ? record->value : record->loss;
        if (record->split != FV_VALIDATE || isnan(value) || !(isnan(best) || (lower ? value < best : value > best)))
            continue;
        best = value;
        epoch = record->epoch;
    }
    return epoch;
}

static const FvRecord *last_of(const GArray *records, FvSplit split)
{
    for (guint i = records->len; i-- > 0;)
        if (g_array_index(records, FvRecord, i).split == split)
            return &g_array_index(records, FvRecord, i);
    return NULL;
}

static void report_scores(FvReport *report, const char *split, const FvRecord *record)
{
    if (isfinite(record->loss))
        fv_report_result(report, split, "%.4f", record->loss);
    for (guint i = 0; i < record->scores->len; i++) {
        const FvScore *score = &g_array_index(record->scores, FvScore, i);
        g_autofree char *key = g_strdup_printf("%.*s %s", (int) strcspn(split, " "), split, score->name);
        fv_report_result(report, key, "%.4f", score->value);
    }
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The median: the first line of a training has the compilation of kernels in it. */
static double usual_speed(const GArray *records)
{
    g_autoptr(GArray) speeds = g_array_new(FALSE, FALSE, sizeof(double));
    for (guint i = 0; i < records->len; i++) {
        const FvRecord *record = &g_array_index(records, FvRecord, i);
        if (record->split == FV_TRAIN && isfinite(record->images_per_second))
            g_array_append_val(speeds, record->images_per_second);
    }
    g_array_sort(speeds, compare_numbers);
    return speeds->len ? g_array_index(speeds, double, speeds->len / 2) : (double) NAN;
}

static void report_results(FvReport *report, const FvReporting *of, const GArray *records, int best)
{
    const FvRecord *test = last_of(records, FV_TEST), *validation = last_of(records, FV_VALIDATE);
    const FvRecord *last = records->len ? &g_array_index(records, FvRecord, records->len - 1) : NULL;
    const double speed = usual_speed(records);
    g_autofree char *parameters = fv_page_grouped(fv_plan_parameter_count(of->plan));
    if (test)
        report_scores(report, "test loss", test);
    else if (validation)
        report_scores(report, "validation loss", validation);
    if (best > 0)
        fv_report_result(report, "best epoch", "%d", best);
    fv_report_result(report, "parameters", "%s", parameters);
    if (last && isfinite(last->seconds)) {
        g_autofree char *time = fv_page_duration(last->seconds);
        fv_report_result(report, "time", "%s", time);
    }
    if (isfinite(speed)) {
        g_autofree char *images = fv_page_grouped((gint64) speed);
        fv_report_result(report, "images/s", "%s", images);
    }
    if (last && isfinite(last->memory)) {
        g_autofree char *memory = fv_page_bytes(last->memory);
        fv_report_result(report, "peak memory", "%s", memory);
    }
}

/* ----------------------------------------------------------------------- net */

/* A drawing is worth having, but no reason to fail. */
static void report_net(FvReport *report, const FvReporting *of)
{
    g_autofree char *svg = fv_dot_svg(of->plan, of->pipeline->graph, NULL);
    if (svg)
        fv_report_drawing(report, svg);
    for (guint i = 0; i < fv_plan_layers(of->plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(of->plan, i);
        fv_report_layer(report, layer.path, layer.kind, layer.out, layer.parameters);
    }
}

gboolean fv_reporting_write(const FvReporting *of, GError **error)
{
    const FvGraph *graph = of->pipeline->graph;
    g_autoptr(GArray) log = fv_run_read_log(of->folder, error);
    g_autoptr(FvReport) report = fv_report_new();
    g_autofree char *text = fv_pipeline_text(of->pipeline);
    if (!log)
        return FALSE;
    const int best = fv_reporting_best(graph, log);
    if (of->note)
        fv_report_note(report, "%s", of->note);
    report_results(report, of, log, best);
    fv_report_log(report, log, best);
    if (of->findings)
        fv_findings_report(of->findings, of->split, report);
    if (of->loaded && !fv_filters_report(of->plan, of->classes, report, error))
        return FALSE;
    report_net(report, of);
    report_settings(report, of);
    fv_report_pipeline(report, text);
    g_autofree char *whole = g_canonicalize_filename(of->folder, NULL);
    g_autofree char *name = g_path_get_basename(whole);
    return fv_report_write(of->folder, name, report, error);
}
