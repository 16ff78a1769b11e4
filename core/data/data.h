/* SPDX-License-Identifier: MIT
 * data.h: from files to the net's input: the planned chain of augmentations, the loader on worker threads.
 *
 * The way of a batch: the loader's workers read samples from a source and draw their augmentations; the consumer
 * copies pixels, infos and params to the device, and enqueues the one kernel that fv_prep_source() wrote. Images that
 * the consumer keeps on the device are read once only: from then on their numbers are all that it is given. */
#ifndef FOVEA_DATA_H
#define FOVEA_DATA_H

#include "core/graph/graph.h"

/* -------------------------------------------------- the chain of operations */

/** A planned chain: augment { } (training only), then prepare { }, ending at the net's input. Immutable once made, so
 * that all workers share it.
 *
 * What it computes, in this order:
 *  1. each point of the output is taken through the coordinate maps, last operation first, to a point of the image;
 *  2. the image is sampled there once, bilinearly; outside of it there is 0. Maps by whole pixels (crop, flip) copy
 *     pixels exactly. A later operation sees what an earlier crop left out, rather than an edge;
 *  3. channels are converted where image and net differ: grey to R = G = B, colour to Rec. 601 luma;
 *  4. bytes become 0 .. 1, and then the pixel maps follow in the order of the chain, those that stand before a
 *     coordinate operation too. For them u, v and the extents are those of the net's input.
 * in_w, in_h, out_w and out_h are floats. */
typedef struct FvPrep FvPrep;

enum { FV_PREP_MAX_OPERATIONS = 32 };

/** Plans a chain.
 * @augment, @prepare: of FvUse, which must outlive the chain; NULL for none. augment is left out unless @training.
 * @in:   the images: c = 0 where channels differ, h = w = 0 where extents differ (both then checked image by image).
 * @want: the net's input.
 * @where:  set to the place of the operation that an error is about, its file NULL where it is about none; or NULL.
 * Errors: FV_ERROR_SHAPE where the chain does not end at @want (both shapes are named) or an operation refuses its
 * input ("crop: ..."); FV_ERROR_OPTION for more than FV_PREP_MAX_OPERATIONS. */
FvPrep *fv_prep_new(const GPtrArray *augment, const GPtrArray *prepare, FvShape in, FvShape want, gboolean training,
                    FvLoc *where, GError **error);
void fv_prep_free(FvPrep *prep);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvPrep, fv_prep_free)

/** The net's input. */
FvShape fv_prep_want(const FvPrep *prep);
/** Floats that a sample takes in the kernel's params; at least 1, so that no buffer is empty. */
int fv_prep_params(const FvPrep *prep);

/** Draws one sample's numbers. Thread-safe.
 * @sample: its number in the source's split, whatever the order it is read in.
 * @in:     the image's own shape, all known.
 * @params: fv_prep_params() floats to write.
 * @on:     bit i is set where operation i is applied.
 * Errors: FV_ERROR_SHAPE for an image that does not fit (sizes are named, the image by the caller). */
gboolean fv_prep_draw(const FvPrep *prep, guint64 seed, guint32 epoch, guint32 sample, FvShape in, float *params,
                      guint32 *on, GError **error);
/** Where point (u, v) of the image comes to lie in the net's input, by the numbers that fv_prep_draw() drew. */
void fv_prep_forward_point(const FvPrep *prep, FvShape in, const float *params, guint32 on, float *u, float *v);

/** What the kernel is told about a sample: 8 ints. */
typedef struct {
    guint32 offset_low, offset_high; /* of its first byte in pixels */
    gint32 c, h, w;
    guint32 on;
    gint32 label; /* class, or -1 */
    guint32 unused;
} FvImageInfo;

/** Appends OpenCL C of the kernel
 *
 *      kernel void FV_NAME(prepare)(global const uchar *pixels, global const int *samples, global real *x,
 *                                   global int *labels, int count, int first, int n)
 *
 * to stand behind the prelude and a definition of FV_NAME. samples holds the infos of `count` samples, and behind them
 * their params. It writes the input of n of them, from the one numbered `first`, in the device's layout, whole blocks;
 * lanes past n become 0. Their n labels are written too.
 * @rows: TRUE for CPUs: a work-item makes one row of one block, or several short ones, reqd_work_group_size(1, 1, 1);
 *        FALSE for GPUs: a work-item makes one pixel of one sample. */
void fv_prep_source(const FvPrep *prep, gboolean rows, GString *out);
/** The grid to launch it on; local sizes are 1, 1, 1 with @rows, else the device's choice. */
FvGrid fv_prep_grid(const FvPrep *prep, int n, int lanes, gboolean rows);

/* ------------------------------------------------------------------- loader */

/** The streams of fv_random() that are no operation's. */
enum { FV_STREAM_SPLIT = 0x7ffffffe, FV_STREAM_SHUFFLE = 0x7fffffff };

/** Samples of one batch, or of several in a row where all images are kept. The loader owns it; everything is valid
 * until it is recycled. */
typedef struct {
    int n;              /* samples */
    int batches;        /* that these are */
    gint64 number;      /* of the first batch in its epoch, from 0 */
    guint8 *pixels;     /* images that are not kept, one behind the other; never NULL */
    gsize bytes;        /* of pixels */
    guint64 place;      /* where pixels belong among the images that are kept; 0 where none are to be */
    FvImageInfo *info;  /* n; offsets count from the first of the images that are kept, or from pixels */
    float *params;      /* n times fv_prep_params(), right behind info */
    gsize about;        /* bytes of info and params together */
    guint32 *samples;   /* n: numbers in the source's split */
    const char **names; /* n: where they came from, or NULL */
} FvBatch;

/** What a loader is made of; everything is borrowed and must outlive it. */
typedef struct {
    const FvSource *source;
    const void *state;        /* `self` of the source, opened */
    const FvSourceInfo *info; /* what open() said */
    FvSplit split;
    double validate, test; /* shares of the training split, 0: none. Which samples they get depends on the seed alone.
                              A share for a split that the source has itself is refused. */
    const FvPrep *prep;
    guint64 seed;
    int batch;        /* samples */
    gboolean shuffle; /* a new order in each epoch, which depends on seed and epoch alone */
    int workers;      /* threads; 0: as many as there are processors, 16 at most */
} FvLoaderConfig;

typedef struct FvLoader FvLoader;

/** Errors: FV_ERROR_OPTION for wrong shares; FV_ERROR_DATA where the split is empty; FV_ERROR_IO where no threads can
 * be had. */
FvLoader *fv_loader_new(const FvLoaderConfig *config, GError **error);
/** Stops the workers after the samples that they are reading. At any time; batches not recycled go with it. */
void fv_loader_free(FvLoader *loader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvLoader, fv_loader_free)

/** Says that the consumer has room for the bytes of all images of the split, and will keep them as
 * fv_loader_set_kept() says. Only where all images have one shape (config->info->shape). Before the first epoch. */
void fv_loader_keep_images(FvLoader *loader);
/** Says that the consumer has put the pixels of a batch at its `place`: these samples are not read again. Before the
 * next fv_loader_next(). Images of batches that this is not said of are read again in later epochs. */
void fv_loader_set_kept(FvLoader *loader, const FvBatch *batch);
/** Samples of a batch: the config's, or all where there are fewer. */
int fv_loader_batch(const FvLoader *loader);
/** Samples that a FvBatch has at most. */
int fv_loader_most(const FvLoader *loader);

/** Samples of the split. */
gint64 fv_loader_count(const FvLoader *loader);
/** Batches of an epoch; the last may be smaller. */
gint64 fv_loader_batches(const FvLoader *loader);

/** Begins an epoch at batch @first_batch (0, or where a resumed run stood); drops what is left of another epoch. */
void fv_loader_start_epoch(FvLoader *loader, guint32 epoch, gint64 first_batch);
/** The next batch, waiting for the workers; batches come in order, whatever the workers do. NULL without an error at
 * the end of the epoch, NULL with an error where a sample could not be read or does not fit (FV_ERROR_DATA or _IO,
 * named in the message; the epoch is over then). Up to 3 batches may be held at once. One consumer thread. */
FvBatch *fv_loader_next(FvLoader *loader, GError **error);
/** Gives a batch back: its contents are overwritten by a later one. */
void fv_loader_recycle(FvLoader *loader, FvBatch *batch);

/* --------------------------------------------------------- files as a source */

/** Image files as a source with one split, FV_TEST, without labels: `fovea predict FILE...`. The same hooks as a
 * plugin's, in the core.
 * @files: NULL-ended, copied. @channels: as for fv_image_read(). @info: filled.
 * Returns the state that belongs to fv_files_source(); fv_files_source_free() it. Files are opened when read. */
void *fv_files_source_new(const char *const *files, int channels, FvSourceInfo *info);
void fv_files_source_free(void *state);
const FvSource *fv_files_source(void);

#endif
