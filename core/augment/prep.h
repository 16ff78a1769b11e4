/* SPDX-License-Identifier: MIT
 * prep.h: a chain that ends at a net's input: what training, evaluation and prediction do to images. */
#ifndef FOVEA_AUGMENT_PREP_H
#define FOVEA_AUGMENT_PREP_H

#include "core/augment/program.h"

/** A planned chain: augment { } (training only), then prepare { }. Immutable once made, so that all workers share it.
 * Bytes become 0 .. 1 first. Where image and net differ in channels, grey becomes R = G = B, and colour its Rec. 601
 * luma, as the image is sampled. */
typedef struct FvPrep FvPrep;

/** Plans a chain.
 * @augment, @prepare: of FvUse, which must outlive the chain; NULL for none. augment is left out unless @training.
 * @in:   the images: c = 0 where channels differ, h = w = 0 where extents differ (both then checked image by image).
 * @want: the net's input.
 * @where:  set to the place of the operation that an error is about, its file NULL where it is about none; or NULL.
 * Errors: FV_ERROR_SHAPE where the chain does not end at @want (both shapes are named) or an operation refuses its
 * input ("crop: ..."); FV_ERROR_OPTION for too many operations. */
FvPrep *fv_prep_new(const GPtrArray *augment, const GPtrArray *prepare, FvShape in, FvShape want, gboolean training,
                    FvLoc *where, GError **error);
/** The same for a source of arrays of float (FvSourceInfo.floats), on which no operation works: FV_ERROR_OPTION where
 * there is one. Their shape must be the net's input. */
FvPrep *fv_prep_new_floats(const GPtrArray *augment, const GPtrArray *prepare, FvShape in, FvShape want,
                           gboolean training, FvLoc *where, GError **error);
void fv_prep_free(FvPrep *prep);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvPrep, fv_prep_free)

/** The net's input. */
FvShape fv_prep_want(const FvPrep *prep);
/** 32-bit words that a sample's program takes. */
int fv_prep_words(const FvPrep *prep);
/** Images that a sample is made of, at most: 1 where none are mixed. */
int fv_prep_parts(const FvPrep *prep);
/** Draws one sample's numbers and writes its program. Thread-safe.
 * @key: its sample is the number in the source's split, whatever the order it is read in.
 * @others: as fv_draw_others() drew them, as numbers in the source's split; NULL where it drew none.
 * @images: shapes of its own image and of the others', all known.
 * @program: fv_prep_words() words; where it reads and writes is for fv_program_place().
 * @shares: what of the label is each image's, fv_prep_parts() numbers; or NULL.
 * Errors: FV_ERROR_SHAPE for an image that does not fit (sizes are named, the image by the caller). */
gboolean fv_prep_program(const FvPrep *prep, FvDrawKey key, const guint32 *others, const FvShape *images,
                         guint32 *program, float *shares, GError **error);

/** What the kernel is told about a sample, beside its program: 8 ints. */
typedef struct {
    guint32 offset_low, offset_high; /* of its first byte in pixels */
    gint32 c, h, w;
    guint32 unused[1];
    gint32 label; /* class, or -1 */
    guint32 more;
} FvImageInfo;

/** Appends OpenCL C of the chain's kernels, to stand behind the prelude and a definition of FV_NAME: augment,
 * look_around and count for passes before the last, and prepare, which makes the input of n samples in the device's
 * layout.
 * @rows: TRUE for CPUs, FALSE for GPUs. */
void fv_prep_source(const FvPrep *prep, gboolean rows, GString *out);
/** The grid to launch prepare on. */
FvGrid fv_prep_grid(const FvPrep *prep, int n, int lanes, gboolean rows);
/** The chain, for what only it knows. */
const FvAugmentChain *fv_prep_chain(const FvPrep *prep);

#endif
