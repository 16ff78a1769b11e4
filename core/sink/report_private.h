/* SPDX-License-Identifier: MIT
 * report_private.h: parts of a report's page. */
#ifndef FOVEA_REPORT_PRIVATE_H
#define FOVEA_REPORT_PRIVATE_H

#include "core/sink/report.h"

/** Curves and the table of epochs, of records of FvRecord. */
void fv_report_append_curves(GString *html, const GArray *records, int best);
/** Confusion matrix, precision and recall, pairs that are confused most. */
void fv_report_append_classes(GString *html, const char *split, const FvConfusion *confusion);

#endif
