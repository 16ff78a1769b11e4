/* SPDX-License-Identifier: MIT
 * runs.h: what a run folder says of its training. */
#ifndef FOVEA_RUNS_H
#define FOVEA_RUNS_H

#include "core/sink/run.h"
#include "core/train/pipeline.h"

typedef struct {
    char *folder;
    FvPipeline *pipeline;
    GArray *log; /* of FvRecord */
    guint64 seed;
    gint64 step;   /* steps done, as its checkpoint says */
    int epochs;    /* and epochs */
    char *device;  /* or NULL */
    char *missing; /* "unfinished: 3 of 10 epochs"; NULL: it is done */
} FvPastRun;

/** Reads a folder; it may be that of a training under way. FV_ERROR_IO, FV_ERROR_DATA and what pipelines say: with the
 * file that is missing or damaged. */
FvPastRun *fv_past_run_read(const char *folder, GError **error);
void fv_past_run_free(FvPastRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvPastRun, fv_past_run_free)

#endif
