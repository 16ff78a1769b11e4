/* SPDX-License-Identifier: MIT
 * augment.h: chains of augmentations at work on single images: what is drawn for a sample, and images through a device.
 *
 * The way of an image: a chain is planned once; for each output fv_draw_new() draws the numbers of all operations, from
 * which follow its extent, where points go, and how small the source may be decoded; a FvAugmenter runs the kernels. */
#ifndef FOVEA_AUGMENT_H
#define FOVEA_AUGMENT_H

#include "core/augment/chain.h"
#include "core/device/device.h"

#include <json-glib/json-glib.h>

enum { FV_AUGMENT_PARTS = 4 /* images that one output is made of, at most (mosaic) */ };

/* -------------------------------------------------------------------- draws */

/** One output of a chain: what was drawn for it, and what follows from that. Immutable. */
typedef struct FvDraw FvDraw;

/** Which sample it is: the key of all its random numbers. */
typedef struct {
    guint64 seed;
    guint32 copy;   /* --copies; in training the epoch */
    guint32 sample; /* its number in the data set, whatever the order it is read in */
} FvDrawKey;

/** The other samples that this one is mixed with (mixup, cutmix, mosaic), drawn out of @count; FV_AUGMENT_PARTS - 1 at
 * most. Returns how many: 0 for chains that mix nothing. */
int fv_draw_others(const FvAugmentChain *chain, FvDrawKey key, guint32 count, guint32 *others);

/** Draws. Thread-safe.
 * @others: as fv_draw_others() gave them; NULL where it gave none.
 * @shapes: of the sample's image, then of the others' in the order of fv_draw_others(); in full size, oriented.
 * Errors: FV_ERROR_SHAPE where an image does not fit an operation ("crop: ..."). */
FvDraw *fv_draw_new(const FvAugmentChain *chain, FvDrawKey key, const guint32 *others, const FvShape *shapes,
                    GError **error);
void fv_draw_free(FvDraw *draw);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvDraw, fv_draw_free)

/** The output's shape; as many channels as image 0 has. */
FvShape fv_draw_output(const FvDraw *draw);
/** How many images it is made of: 1 + fv_draw_others(). */
int fv_draw_parts(const FvDraw *draw);
/** How small image @part may be decoded without a loss that shows: eighths of its size, 1 to 8 (JPEG's DCT scale). */
int fv_draw_eighths(const FvDraw *draw, int part);
/** Where point (*u, *v) of image @part, in pixels of its full size, comes to lie in the output. FALSE where the point's
 * way ends on the way (a lens has no answer for it); points outside of the output are TRUE. */
gboolean fv_draw_point(const FvDraw *draw, int part, double *u, double *v);
/** The way of image @part's points, operation by operation: what lies outside of an operation's extent is cut off. */
int fv_draw_steps(const FvDraw *draw, int part);
gboolean fv_draw_step(const FvDraw *draw, int part, int step, double *u, double *v);
FvShape fv_draw_step_output(const FvDraw *draw, int part, int step);
/** The share of the output's label that is image @part's: 1 where nothing is mixed. */
double fv_draw_weight(const FvDraw *draw, int part);
/** What image @part fills of the output: x0, y0, x1, y1. */
void fv_draw_region(const FvDraw *draw, int part, double box[4]);

/** Writes all that was drawn as one JSON array: of each operation that is applied
 * {"operation": 1, "name": "rotate", "drawn": {"angle": -3.25}}. Numbers read back exactly. */
void fv_draw_write(const FvDraw *draw, JsonBuilder *builder);
/** The same output again, from what fv_draw_write() wrote (--replay).
 * @others: @count numbers, as the manifest has them.
 * Errors: FV_ERROR_DATA for what does not fit @chain; as fv_draw_new() otherwise. */
FvDraw *fv_draw_read(const FvAugmentChain *chain, FvDrawKey key, const guint32 *others, int count,
                     const FvShape *shapes, JsonArray *drawn, GError **error);

/* ---------------------------------------------------------------- on a device */

/** Runs draws of one chain on a device. One thread at a time. */
typedef struct FvAugmenter FvAugmenter;

/** Compiles the chain's kernels. The chain and the device must outlive it.
 * @cubic: images are sampled bicubically instead of bilinearly. */
FvAugmenter *fv_augmenter_new(FvDevice *device, const FvAugmentChain *chain, gboolean cubic, GError **error);
void fv_augmenter_free(FvAugmenter *augmenter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvAugmenter, fv_augmenter_free)

/** An image as it was decoded: 8 bits, channels interleaved; smaller than full size where fv_draw_eighths() allowed. */
typedef struct {
    FvShape shape;
    const guint8 *pixels;
    const guint8 *mask; /* shape.h x shape.w class numbers, in the same extent as pixels, or NULL */
    FvPlacing placing;  /* zeroes where it was decoded in full */
} FvAugmentImage;

typedef struct {
    const FvDraw *draw;
    FvAugmentImage images[FV_AUGMENT_PARTS];
    guint8 *pixels; /* gets fv_draw_output(), interleaved, rounded, clamped to 0 .. 255 */
    guint8 *mask;   /* gets h x w class numbers (nearest neighbour, 0 outside), or NULL */
} FvAugmentJob;

/** Makes the outputs of @jobs; waits until they are there. What a job gets does not depend on the jobs beside it.
 * Errors: FV_ERROR_OPENCL, FV_ERROR_NOMEM. */
gboolean fv_augmenter_run(FvAugmenter *augmenter, const FvAugmentJob *jobs, int count, GError **error);

#endif
