/* SPDX-License-Identifier: MIT
 * report.h: report.html of a run: curves, results, mistakes, settings and layers in one file that needs nothing else.
 */
#ifndef FOVEA_REPORT_H
#define FOVEA_REPORT_H

#include <fovea/plugin.h>

/** What a report shows. Copies everything that it is given; any text may hold anything, it is escaped. What it was not
 * given is left out. */
typedef struct FvReport FvReport;

FvReport *fv_report_new(void);
void fv_report_free(FvReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvReport, fv_report_free)

/** What readers should know before they look at numbers: "unfinished: 3 of 10 epochs". */
void fv_report_note(FvReport *report, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** A headline number: "test accuracy", "0.9042". In the order of the calls. */
void fv_report_result(FvReport *report, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** A row of the table of settings: "optimizer", "sgd(rate=0.01, momentum=0.9)". */
void fv_report_setting(FvReport *report, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** A row of the table of layers: "conv1", "conv", its output's shape; parameters without statistics. */
void fv_report_layer(FvReport *report, const char *path, const char *kind, FvShape shape, gint64 parameters);
/** The curves, and the table of epochs. @records: of FvRecord (run.h), as fv_run_read_log() gives them; borrowed until
 * the report is freed. @best: the epoch whose parameters were kept, 0: not known. */
void fv_report_log(FvReport *report, const GArray *records, int best);
/** The net as SVG, as Graphviz writes it. */
void fv_report_drawing(FvReport *report, const char *svg);
/** The pipeline's text. */
void fv_report_pipeline(FvReport *report, const char *text);

/** How often images of a class were taken for another. */
typedef struct {
    int classes;
    const char *const *names; /* NULL-ended, may be fewer; NULL: none */
    const gint64 *counts;     /* [class * classes + what was predicted] */
} FvConfusion;
/** The confusion matrix, with precision and recall. @split: "test". */
void fv_report_confusion(FvReport *report, const char *split, const FvConfusion *confusion);

/** An image that was taken for another class. */
typedef struct {
    const char *truth, *predicted; /* names of classes */
    double certainty;              /* probability of what was predicted */
    gboolean is_score;             /* it is no probability, but by how much its score was larger */
    const char *name;              /* of the image: a file; or NULL */
    FvShape shape;
    const guint8 *pixels; /* H,W,C */
} FvMistake;
void fv_report_mistake(FvReport *report, const FvMistake *mistake);

/** Weights of one output of the first layer, as a picture. @label: what it is for, or NULL. */
void fv_report_filter(FvReport *report, const char *label, FvShape shape, const guint8 *pixels);
/** What they are: "conv1: the first 64 of 96 filters". */
void fv_report_filters(FvReport *report, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Writes FOLDER/report.html, whole or not at all. FV_ERROR_IO. */
gboolean fv_report_write(const char *folder, const char *title, const FvReport *report, GError **error);
/** The same as text; g_free() it. */
char *fv_report_html(const char *title, const FvReport *report);

#endif
