/* SPDX-License-Identifier: MIT
 * log.h: the lines of log.jsonl, between text and record. */
#ifndef FOVEA_LOG_H
#define FOVEA_LOG_H

#include "core/sink/run.h"

/** "train", "validate", "test" */
const char *fv_log_split(FvSplit split);

/** A number of a record that has a fixed name in the log, such as "rate"; NULL for other names. */
const double *fv_record_number(const FvRecord *record, const char *name);

/** The record as a line, its end included; g_free() it. */
char *fv_log_line(const FvRecord *record);

/** @line: not NUL-ended, without its end. @record: its arrays live as long as the call. */
typedef void (*FvLogFunc)(const FvRecord *record, const char *line, gsize length, gpointer data);
/** Calls @func for every whole line of a file. FV_ERROR_IO; FV_ERROR_DATA with FILE:LINE for what is no record, a line
 * over 1 MiB or a file over 256 MiB. */
gboolean fv_log_each(const char *file, FvLogFunc func, gpointer data, GError **error);

#endif
