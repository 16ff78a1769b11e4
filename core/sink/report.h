/* SPDX-License-Identifier: MIT
 * report.h: report.html of a run: curves, results, settings and layers in one file that needs nothing else. */
#ifndef FOVEA_REPORT_H
#define FOVEA_REPORT_H

#include <fovea/plugin.h>

/** What a report shows. Copies everything that it is given; any text may hold anything, it is escaped. */
typedef struct FvReport FvReport;

FvReport *fv_report_new(void);
void fv_report_free(FvReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvReport, fv_report_free)

/** A headline number: "test accuracy", "0.9042". In the order of the calls. */
void fv_report_result(FvReport *report, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** A row of the table of settings: "optimizer", "sgd(rate=0.01, momentum=0.9)". */
void fv_report_setting(FvReport *report, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** A row of the table of layers: "conv1", "conv", its output's shape; parameters without statistics. */
void fv_report_layer(FvReport *report, const char *path, const char *kind, FvShape shape, gint64 parameters);
/** The curves. @records: of FvRecord (run.h), as fv_run_read_log() gives them; borrowed until the report is freed. */
void fv_report_log(FvReport *report, const GArray *records);

/** Writes FOLDER/report.html, whole or not at all. What the report was not given is left out. FV_ERROR_IO. */
gboolean fv_report_write(const char *folder, const char *title, const FvReport *report, GError **error);
/** The same as text; g_free() it. */
char *fv_report_html(const char *title, const FvReport *report);

#endif
