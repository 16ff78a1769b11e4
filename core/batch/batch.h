/* SPDX-License-Identifier: MIT
 * batch.h: a whole data set through a chain of augmentations, from files to files.
 *
 * The way of an output: a thread of the pool reads its image's head, draws, and decodes as small as the draw allows;
 * the device computes a batch; a thread of the pool encodes and writes. A few batches are on that way at once. Whatever
 * the timing, results and the order of messages are the same. */
#ifndef FOVEA_BATCH_H
#define FOVEA_BATCH_H

#include "core/augment/augment.h"
#include "core/data/image.h"
#include "core/sink/progress.h"

#include <signal.h>

/** Everything is borrowed. */
typedef struct {
    const FvAugmentChain *chain;
    const char *chain_text; /* for --resume to compare */
    FvDevice *device;
    const char *in, *out; /* as fv_images_open() and fv_outputs_open() take them */
    const char *labels;   /* as fv_annotations_open() takes them */
    const char *replay;   /* a manifest: its outputs are made again; or NULL */
    const char *sheet;    /* a PNG to make, of samples beside their originals; or NULL */
    guint64 seed;
    guint copies;             /* 1 or more */
    int jobs;                 /* threads; 0: as there are processors */
    int batch;                /* outputs at once on the device; 0: 16 */
    gboolean resume, force;   /* go on; replace what is there */
    gboolean skip_bad;        /* broken images are left out, rather than an error */
    double max_bad;           /* share of the images that may be broken then */
    FvImageLimits limits;     /* of images */
    FvImageEncoding encoding; /* format and quality */
    double least_visible;     /* share of a box that must be left */
    guint shard;              /* outputs of a tar shard */
    gboolean cubic;
    FvProgressBar *progress;
    const volatile sig_atomic_t *stop; /* set by a signal */
} FvBatchSettings;

typedef struct {
    guint images;       /* in IN */
    guint left_out;     /* files there that are none */
    guint64 outputs;    /* that there should be */
    guint64 made, kept; /* now, and before (--resume) */
    guint bad;          /* broken images */
    guint64 dropped;    /* outputs that are not there for that */
    guint64 bytes;      /* written */
    double seconds;
    gboolean stopped; /* by the signal: the rest is left for --resume */
    gboolean begun;   /* there is something for --resume to go on with */
} FvBatchReport;

/** Makes all outputs, and manifest.jsonl beside them. Says of each broken image that is left out through the progress
 * bar. @report: filled on failure, too.
 * Errors: FV_ERROR_IO: files that cannot be read or written, another process at work on @out; FV_ERROR_DATA: broken
 * images, names that clash; FV_ERROR_OPTION: --resume with other settings; those of the chain and the device. */
gboolean fv_batch_augment(const FvBatchSettings *settings, FvBatchReport *report, GError **error);

#endif
