/* SPDX-License-Identifier: MIT
 * trace.h: two ways to show a traced step. */
#ifndef FOVEA_CLI_TRACE_H
#define FOVEA_CLI_TRACE_H

#include "cli/cli.h"

#include "core/train/trace.h"

typedef struct {
    const FvGraph *graph;
    const FvTrace *trace;
    int digits;   /* decimals */
    gint64 limit; /* arrays with more numbers are told by least, mean and largest; negative: none */
} FvCliTrace;

void fv_cli_print_trace(const FvCliTrace *shown);
void fv_cli_print_trace_json(const FvCliTrace *shown);

/** Least, mean and largest. */
void fv_cli_statistics(const double *numbers, gint64 count, double statistics[3]);
/** All elements of a tensor; g_free() them. */
double *fv_cli_doubles(const FvTensor *tensor);

#endif
