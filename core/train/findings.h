/* SPDX-License-Identifier: MIT
 * findings.h: what a net takes the images of a split for: a count of each pair of classes, and its worst mistakes. */
#ifndef FOVEA_FINDINGS_H
#define FOVEA_FINDINGS_H

#include "core/sink/report.h"
#include "core/train/session.h"

typedef struct FvFindings FvFindings;

/** NULL where the net's output tells no classes apart, or so many that a count of each pair would not fit. */
FvFindings *fv_findings_new(FvSession *session);
void fv_findings_free(FvFindings *findings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvFindings, fv_findings_free)

/** Takes a batch that was evaluated: for fv_session_set_each(). @data: FvFindings. */
gboolean fv_findings_take(gpointer data, const FvFeed *feed, int samples, GError **error);
/** Shows them. @split: that was evaluated. Images of mistakes are read again from the source; those that cannot be are
 * left out. */
void fv_findings_report(const FvFindings *findings, FvSplit split, FvReport *report);

#endif
