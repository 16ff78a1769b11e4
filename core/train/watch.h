/* SPDX-License-Identifier: MIT
 * watch.h: what is told of a training while it runs: the log, event files, memory, norms of gradients. */
#ifndef FOVEA_WATCH_H
#define FOVEA_WATCH_H

#include "core/sink/run.h"
#include "core/train/session.h"

typedef struct FvWatch FvWatch;

/** Begins to watch, when the run's log holds what counts of it: time goes on from its last line.
 * @events: folder for event files (events.h), "" for the run's own; NULL: none are written. @first: the first step to
 * come. All else is borrowed. */
FvWatch *fv_watch_new(FvRun *run, FvSession *session, const char *events, gint64 first, GError **error);
void fv_watch_free(FvWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvWatch, fv_watch_free)

/** Enqueues the measuring of the gradient that the last step left, for the next fv_watch_log() of the training split.
 */
gboolean fv_watch_gradient(FvWatch *watch, GError **error);
/** Writes a record to the log, and to event files; adds time and memory, and norms where they were measured.
 * @layers: the norm of each layer, too. */
gboolean fv_watch_log(FvWatch *watch, FvRecord *record, gboolean layers, GError **error);

/** Bytes taken at most: by the process where the device is a CPU, else by net and images on the device. 0: not known.
 */
guint64 fv_watch_memory(const FvWatch *watch);

#endif
