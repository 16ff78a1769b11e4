/* SPDX-License-Identifier: MIT
 * data.h: from files to what the device prepares: the loader on worker threads.
 *
 * The way of a batch: the loader's workers read samples from a source and draw their augmentations; the consumer
 * copies pixels, infos and programs to the device, and enqueues the kernels that fv_prep_source() wrote. Images that
 * the consumer keeps on the device are read once only: from then on their numbers are all that it is given. */
#ifndef FOVEA_DATA_H
#define FOVEA_DATA_H

#include "core/augment/prep.h"

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
    guint32 *programs;  /* n times fv_prep_words(), right behind info */
    gsize about;        /* bytes of info and programs together */
    guint32 *samples;   /* n: numbers in the source's split */
    const char **names; /* n: where they came from, or NULL */
    /* Where images are mixed, else NULL: of image `part` of sample i ... */
    int parts;        /* images of a sample, at most; 1 where none are mixed */
    guint64 *offsets; /* [i * parts + part]: where it begins in pixels */
    gint32 *labels;   /* [part * n + i]: its class; that with the largest share first, as in info */
    float *shares;    /* [part * n + i]: its share of the label */
} FvBatch;

/** What a loader is made of; everything is borrowed and must outlive it. */
typedef struct {
    const FvSource *source;
    const void *state;        /* `self` of the source, opened */
    const FvSourceInfo *info; /* what open() said */
    FvSplit split;
    double validate, test; /* shares of the training split, 0: none. Which samples they get depends on the seed alone.
                              A share for a split that the source has itself is refused. */
    int folds,
        fold; /* folds above 0: what is left of the training split falls into so many parts of the same size, up to
                 one sample; FV_VALIDATE is part `fold`, from 0, and FV_TRAIN all others. validate must be 0. */
    const FvPrep *prep;
    guint64 seed;
    int batch;        /* samples */
    gboolean shuffle; /* a new order in each epoch, which depends on seed and epoch alone */
    int workers;      /* threads; 0: as many as there are processors, 16 at most */
} FvLoaderConfig;

typedef struct FvLoader FvLoader;

/** Samples of the split of a config, of which prep is not needed; 0 with an error as fv_loader_new() has it. */
gint64 fv_loader_config_count(const FvLoaderConfig *config, GError **error);

/** Errors: FV_ERROR_OPTION for wrong shares; FV_ERROR_DATA where the split is empty; FV_ERROR_IO where no threads can
 * be had. */
FvLoader *fv_loader_new(const FvLoaderConfig *config, GError **error);
/** Stops the workers after the samples that they are reading. At any time; batches not recycled go with it. */
void fv_loader_free(FvLoader *loader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvLoader, fv_loader_free)

/** Says that the consumer has room for the bytes of all images of the split, and will keep them as
 * fv_loader_set_kept() says. Only where all images have one shape (config->info->shape) and none are mixed. Before
 * the first epoch. */
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
/** The same, for @batches batches at most. */
void fv_loader_start_part(FvLoader *loader, guint32 epoch, gint64 first_batch, gint64 batches);
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
