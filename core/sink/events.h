/* SPDX-License-Identifier: MIT
 * events.h: a training's numbers as TensorBoard reads them: files events.out.tfevents.TIME.HOST.PID.N. */
#ifndef FOVEA_EVENTS_H
#define FOVEA_EVENTS_H

#include "core/sink/run.h"

/** One file, which only grows: a training that is resumed begins another one in the same folder. */
typedef struct FvEvents FvEvents;

/** Makes the folder, where it is not there, and a file in it. @first: the first step that will be written; what files
 * of an interrupted training say from there on, TensorBoard then leaves out. FV_ERROR_IO. */
FvEvents *fv_events_new(const char *folder, gint64 first, GError **error);
void fv_events_free(FvEvents *events);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvEvents, fv_events_free)

/** Writes the numbers of a record, at once, as scalars: "loss/train", "accuracy/validate", "rate", "gradient_norm",
 * "gradient_norm/conv1", "images_per_second", "memory". FV_ERROR_IO. */
gboolean fv_events_write(FvEvents *events, const FvRecord *record, GError **error);

/** A scalar of an event. */
typedef struct {
    char *tag; /* owned by the array that holds it */
    double value;
} FvScalar;
/** Appends an event as it stands in a file: length, check, protocol buffer, check. @time: seconds since 1970.
 * @scalars: of FvScalar. */
void fv_events_append_scalars(GByteArray *out, double time, gint64 step, const GArray *scalars);
/** The event that a file begins with. */
void fv_events_append_version(GByteArray *out, double time);
/** The one that says that what was written from this step on counts no more. */
void fv_events_append_start(GByteArray *out, double time, gint64 step);

#endif
