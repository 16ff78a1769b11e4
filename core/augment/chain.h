/* SPDX-License-Identifier: MIT
 * chain.h: a planned chain of augmentations: its operations with their options, and what they draw. */
#ifndef FOVEA_AUGMENT_CHAIN_H
#define FOVEA_AUGMENT_CHAIN_H

#include "core/graph/graph.h"

/** Immutable once made; shared by all threads. */
typedef struct FvAugmentChain FvAugmentChain;

/** Where the pixels of an image lie that was decoded smaller: point (u, v) of the image in full size is at
 * (u * scale + u_shift, v * scale + v_shift). Zeroes: its extent fills that of the full size. */
typedef struct {
    double scale, u_shift, v_shift;
} FvPlacing;

/** Plans a chain.
 * @uses, @more: of FvUse, as the graph has them, one after the other; either may be NULL. They must outlive the chain.
 * @in: what all images have: c = 0 where channels differ, h = w = 0 where extents do.
 * @training: FALSE: random operations take their middle.
 * @where: set to the place of the operation that an error is about, its file NULL where it is about none; or NULL.
 * Errors: FV_ERROR_SHAPE, FV_ERROR_OPTION, with the operation's name. */
FvAugmentChain *fv_augment_chain_new(const GPtrArray *uses, const GPtrArray *more, FvShape in, gboolean training,
                                     FvLoc *where, GError **error);
void fv_augment_chain_free(FvAugmentChain *chain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvAugmentChain, fv_augment_chain_free)

/** Operations that are there, those in branches too. */
int fv_augment_chain_count(const FvAugmentChain *chain);
/** Images that an output of these FvUses is made of, at most: 1 where none are mixed. @uses may be NULL. */
int fv_augment_uses_parts(const GPtrArray *uses);
/** What comes out of it; h = w = 0 where that is not known before drawing. */
FvShape fv_augment_chain_output(const FvAugmentChain *chain);

#endif
