/* SPDX-License-Identifier: MIT
 * chain_private.h: the inside of chains and draws, for the files of this room. */
#ifndef FOVEA_AUGMENT_CHAIN_PRIVATE_H
#define FOVEA_AUGMENT_CHAIN_PRIVATE_H

#include "core/augment/program.h"

enum {
    FV_CHAIN_MOST = 256,  /* operations, those in branches too */
    FV_CHAIN_SIDE = 65500 /* pixels of a side of what an operation makes */
};

/** Numbers of operations, in the order of the text. */
typedef GArray FvSequence;

/** One operation of a chain. */
typedef struct {
    const FvAugment *augment;
    const FvState *state;
    void *self;
    FvLoc loc;
    float p; /* probability */
    FvFill fill;
    FvFloats value; /* count 0: it has no option `fill` */
    gboolean fills;
    int drawn;                           /* how many numbers it draws */
    const FvRange *ranges[FV_MAX_DRAWN]; /* options of the same names, where the plugin leaves drawing to the core */
    int function; /* its kernel function's number: operations of the same plugin and options share one; -1: none */
    GPtrArray *branches; /* of FvSequence, or NULL */
} FvOperation;

struct FvAugmentChain {
    GPtrArray *operations; /* of FvOperation; the number is the key of its random numbers */
    FvSequence *main;
    gboolean training;
    FvShape out; /* h = w = 0 where not known before drawing */
    int mix;     /* number of the operation that mixes images, -1: none */
    int most;    /* operations that one sample takes, at most */
    int functions;
};

static inline const FvOperation *fv_chain_operation(const FvAugmentChain *chain, int i)
{
    return g_ptr_array_index(chain->operations, i);
}

/** Whether an operation changes coordinates. */
static inline gboolean fv_augment_moves(const FvAugment *augment)
{
    return augment->matrix || augment->coord_map;
}

/** Asks an operation for its output's extent; what it answers is not trusted. */
gboolean fv_operation_plan(const FvOperation *op, FvShape in, FvShape *out, GError **error);

/** An operation that is applied to a sample, with what it drew. */
typedef struct {
    int operation;
    FvShape in, out;
    float drawn[FV_MAX_DRAWN];
} FvApplied;

/** What happens to one image before it is mixed with others, or to the only one. */
typedef struct {
    FvShape image;
    FvDrawKey key;
    GArray *applied; /* of FvApplied */
    FvPart part;     /* of the mixing */
} FvDrawPart;

struct FvDraw {
    const FvAugmentChain *chain;
    FvDrawKey key;
    int count; /* of parts */
    FvDrawPart parts[FV_AUGMENT_PARTS];
    FvApplied mix; /* where count > 1 */
    GArray *after; /* of FvApplied: what follows the mixing */
    FvShape output;
};

/** The affine matrix of an applied operation, output to input; FALSE where it has none. */
gboolean fv_applied_matrix(const FvAugmentChain *chain, const FvApplied *applied, double m[6]);
void fv_matrix_identity(double m[6]);
/** first, then second: out = second(first(point)). */
void fv_matrix_then(const double first[6], const double second[6], double out[6]);
gboolean fv_matrix_invert(const double m[6], double out[6]);
/** Where a point of an operation's input goes; FALSE: nowhere. */
gboolean fv_applied_forward(const FvAugmentChain *chain, const FvApplied *applied, double *u, double *v);
/** A draw that nothing was drawn for yet: its images. */
FvDraw *fv_draw_start(const FvAugmentChain *chain, FvDrawKey key, const guint32 *others, int count,
                      const FvShape *shapes);
/** Takes what was drawn for the mixing. */
void fv_draw_mix(FvDraw *draw, const FvApplied *mix);
/** Whether an image can be augmented: FV_ERROR_SHAPE. */
gboolean fv_draw_check_image(FvShape shape, GError **error);
/** What an image has become before it is mixed. */
FvShape fv_draw_part_end(const FvDrawPart *part);

#endif
