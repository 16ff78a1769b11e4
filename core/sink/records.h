/* SPDX-License-Identifier: MIT
 * records.h: what the lines of a log come to: curves, epochs, means. */
#ifndef FOVEA_RECORDS_H
#define FOVEA_RECORDS_H

#include "core/sink/run.h"

/** A number of a record by its name in the log ("loss", "rate", a metric); NAN where it has none. */
double fv_record_get(const FvRecord *record, const char *name);

/** Of all records of a split: array of FvPoint (chart.h), step / @unit and the number of that name. Unreference it. */
GArray *fv_records_curve(const GArray *records, FvSplit split, const char *name, double unit);
/** Names of all metrics, in their order: array of strings, borrowed. */
GPtrArray *fv_records_metrics(const GArray *records);
/** The last record that has norms of layers; NULL: none has. */
const FvRecord *fv_records_layers(const GArray *records);
/** The norms of a layer, as fv_records_curve(). */
GArray *fv_records_layer(const GArray *records, const char *layer);

/** Records of one epoch, which follow each other. */
typedef struct {
    int epoch;
    gint64 before; /* steps done before it */
    const FvRecord *begin;
    guint count;
} FvRecords;
/** Array of FvRecords, in order, of epochs in which was trained. */
GArray *fv_records_epochs(const GArray *records);
/** The mean over an epoch, each record weighted by its steps. */
double fv_records_mean(const FvRecords *epoch, FvSplit split, const char *name);
double fv_records_last(const FvRecords *epoch, FvSplit split, const char *name);

#endif
