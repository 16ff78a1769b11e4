/* SPDX-License-Identifier: MIT
 * segments.c: where a list of operations has to be cut into passes, so that the order keeps its meaning. */
#include "core/augment/segments.h"

#include <math.h>

/* What the operations of a segment so far ask of those that follow. */
typedef struct {
    gboolean curved; /* values were changed in a way that does not commute with sampling */
    gboolean placed; /* values depend on where they stand */
    int covers;      /* fills by a constant */
} State;

static gboolean whole(double number)
{
    return fabs(number - floor(number + 0.5)) < 1e-9;
}

/* Crop, flip, pad: pixels are copied, nothing lies between them. */
static gboolean copies(const FvAugmentChain *chain, const FvApplied *applied)
{
    double m[6];
    return fv_applied_matrix(chain, applied, m) && fabs(m[0]) == 1 && fabs(m[4]) == 1 && m[1] == 0 && m[3] == 0 &&
           whole(m[2]) && whole(m[5]);
}

static gboolean leaves(const FvApplied *applied, const double m[6])
{
    static const double tolerance = 1e-3; /* of a pixel */
    for (int corner = 0; corner < 4; corner++) {
        const double x = corner & 1 ? applied->out.w : 0, y = corner & 2 ? applied->out.h : 0;
        const double u = m[0] * x + m[1] * y + m[2], v = m[3] * x + m[4] * y + m[5];
        if (!(u > -tolerance && v > -tolerance && u < applied->in.w + tolerance && v < applied->in.h + tolerance))
            return TRUE;
    }
    return FALSE;
}

int fv_applied_bound(const FvAugmentChain *chain, const FvApplied *applied)
{
    static const int bounds[] = {
        [FV_FILL_CONSTANT] = FV_BOUND_CONSTANT, [FV_FILL_EDGE] = FV_BOUND_EDGE, [FV_FILL_REFLECT] = FV_BOUND_REFLECT
    };
    const FvOperation *op = fv_chain_operation(chain, applied->operation);
    double m[6];
    if (fv_applied_matrix(chain, applied, m) && !leaves(applied, m))
        return FV_BOUND_NONE;
    return bounds[op->fill];
}

static gboolean takes_coordinates(const FvAugmentChain *chain, const FvApplied *applied, State *state)
{
    const gboolean covers = fv_applied_bound(chain, applied) == FV_BOUND_CONSTANT;
    if (state->placed || (state->curved && !copies(chain, applied)) || (covers && state->covers == FV_COVERS))
        return FALSE;
    state->covers += covers;
    return TRUE;
}

/* The first operation that a sampling pass from operation @begin on cannot take. */
static guint sampling_end(const FvAugmentChain *chain, const GArray *list, guint begin, gboolean table)
{
    State state = { .curved = table };
    guint end = begin;
    for (; end < list->len; end++) {
        const FvApplied *applied = &g_array_index(list, FvApplied, end);
        const FvAugment *augment = fv_chain_operation(chain, applied->operation)->augment;
        if (augment->neighbour_map || augment->table_map)
            break;
        if (fv_augment_moves(augment) && !takes_coordinates(chain, applied, &state))
            break;
        if (!fv_augment_moves(augment)) {
            state.curved = state.curved || !augment->linear;
            state.placed = state.placed || augment->places;
        }
    }
    return end;
}

FvSegment fv_segment_next(const FvAugmentChain *chain, const GArray *list, FvCut *cut)
{
    FvSegment segment = { FV_PASS_SAMPLE, cut->begin, sampling_end(chain, list, cut->begin, cut->table) };
    if (segment.end == cut->begin && cut->planes && !cut->table && cut->begin < list->len) {
        const FvApplied *applied = &g_array_index(list, FvApplied, cut->begin);
        const FvAugment *augment = fv_chain_operation(chain, applied->operation)->augment;
        segment.kind = augment->neighbour_map ? FV_PASS_NEIGHBOUR : FV_PASS_HISTOGRAM;
        segment.end++;
    }
    *cut = (FvCut){ segment.end, TRUE, segment.kind == FV_PASS_HISTOGRAM };
    return segment;
}
