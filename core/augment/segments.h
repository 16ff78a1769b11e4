/* SPDX-License-Identifier: MIT
 * segments.h: runs of operations that one pass computes. */
#ifndef FOVEA_AUGMENT_SEGMENTS_H
#define FOVEA_AUGMENT_SEGMENTS_H

#include "core/augment/chain_private.h"

/** Operations begin .. end - 1 of a list of FvApplied. */
typedef struct {
    FvPassKind kind;
    guint begin, end;
} FvSegment;

/** Where the cutting of a list stands: all zero at its beginning. */
typedef struct {
    guint begin;     /* operation that comes next */
    gboolean planes; /* a pass has been there: its planes are what comes next */
    gboolean table;  /* a histogram was taken, and the table that it made waits to be applied */
} FvCut;

/** The next segment: what can be computed in one pass with the meaning of the list's order. Sampling ones may be empty:
 * neighbours and histograms look at planes, not at bytes, and a table has to be applied. Moves @cut behind it. */
FvSegment fv_segment_next(const FvAugmentChain *chain, const GArray *list, FvCut *cut);

/** How many pixels of a segment's input one pixel of its output spans. */
typedef struct {
    double least;          /* in the direction and at the place where it is least */
    double most_x, most_y; /* along the output's rows and columns, where it is most */
} FvSpan;

/** @in: extent of the segment's input, @out: of its output. */
FvSpan fv_segment_span(const FvAugmentChain *chain, const GArray *list, const FvSegment *segment, FvShape in,
                       FvShape out);

/** What stands beyond the input of a coordinate operation (FV_BOUND_...); FV_BOUND_NONE where no point leaves it. */
int fv_applied_bound(const FvAugmentChain *chain, const FvApplied *applied);
#endif
