/* SPDX-License-Identifier: MIT
 * reporting.h: writes the report of a run: what its log says, and what its net does. */
#ifndef FOVEA_REPORTING_H
#define FOVEA_REPORTING_H

#include "core/train/findings.h"
#include "core/train/pipeline.h"

/** Everything is borrowed. */
typedef struct {
    const char *folder; /* of the run */
    const FvPipeline *pipeline;
    FvPlan *plan;               /* of its net */
    const FvFindings *findings; /* or NULL: nothing was evaluated; the plan then holds no parameters */
    FvSplit split;              /* that they are of */
    const char *const *classes; /* names, or NULL */
    guint64 seed;
    const char *device; /* that it was trained on, or NULL */
    const char *note;   /* what readers should know first, or NULL */
    gboolean loaded;    /* the plan's parameters are those that are judged */
} FvReporting;

/** Writes report.html into the folder. The net is drawn where Graphviz is there. */
gboolean fv_reporting_write(const FvReporting *of, GError **error);

/** The epoch with the best validation in a log, by the first metric, else the loss; 0 where none was validated. */
int fv_reporting_best(const FvGraph *graph, const GArray *records);

#endif
