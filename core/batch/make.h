/* SPDX-License-Identifier: MIT
 * make.h: one output on its way: read and drawn, decoded; and after the device, encoded. */
#ifndef FOVEA_BATCH_MAKE_H
#define FOVEA_BATCH_MAKE_H

#include "core/batch/annotate.h"
#include "core/batch/batch.h"
#include "core/batch/outputs.h"
#include "core/batch/sheet.h"
#include "core/batch/work.h"

/** What all outputs share. Borrowed, immutable. */
typedef struct {
    const FvBatchSettings *settings;
    const FvImages *images;
    const FvWork *work;
    FvOutputs *outputs;
    FvAnnotations *annotations;
    FvSheet *sheet; /* or NULL; its places are written by one thread each */
} FvMaker;

/** An image as it was decoded. Shared by outputs. */
typedef struct {
    gatomicrefcount references;
    FvShape shape;
    FvImageScale scale;
    GByteArray *pixels;
} FvDecoded;

typedef struct {
    guint64 index;
    FvWorkItem item;
    gboolean kept; /* it is there already */
    gboolean left; /* it is not made, because everything ends */
    int show;      /* its place on the sheet, or -1 */

    FvDraw *draw;
    int parts;
    guint32 images[FV_AUGMENT_PARTS], samples[FV_AUGMENT_PARTS];
    FvShape shapes[FV_AUGMENT_PARTS];
    int eighths[FV_AUGMENT_PARTS];
    FvDecoded *decoded[FV_AUGMENT_PARTS]; /* NULL where nothing is to be made */
    GByteArray *masks[FV_AUGMENT_PARTS];  /* in the extent of these, or NULL */
    FvMask *like;                         /* the first mask there was: it has the palette */
    FvLabels *before, *labels;            /* of the first image; of the output */
    char *line;                           /* of the manifest */

    guint8 *pixels, *mask;
    GPtrArray *files; /* of FvOutputFile */
    guint64 bytes;    /* of them */
    GError *error;    /* why there is none */
    gint64 bad;       /* the image that the error is about, or -1 */
} FvMade;

/** Whether two outputs come from one image and can be read together: neighbours in the work. */
gboolean fv_made_together(const FvMaker *maker, const FvMade *a, const FvMade *b);
/** Reads, draws and decodes @count outputs that come together. Their index and item are set. Thread-safe. */
void fv_make_read(const FvMaker *maker, FvMade *made, guint count);
/** Whether there is something to compute. */
gboolean fv_made_wants_device(const FvMade *made);
/** Bytes of its pixels, decoded and made. */
gsize fv_made_size(const FvMade *made);
/** What the device is to do; makes room for it. */
void fv_make_job(FvMade *made, FvAugmentJob *job);
/** Encodes what the device has made, and puts it where outputs need no order. Thread-safe. */
void fv_make_write(const FvMaker *maker, FvMade *made);
/** Lets go of the pixels. */
void fv_made_drop_pixels(FvMade *made);
void fv_made_clear(FvMade *made);

#endif
