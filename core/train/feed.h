/* SPDX-License-Identifier: MIT
 * feed.h: brings batches from a source to the net's input on the device: loader, upload, the kernel that prepares. */
#ifndef FOVEA_FEED_H
#define FOVEA_FEED_H

#include "core/data/data.h"
#include "core/plan/plan.h"

/** A source that is open. */
typedef struct {
    const FvSource *source;
    void *self;
    FvSourceInfo info;
    char **class_names; /* what info.class_names is then: a copy, NULL-ended */
    GError *failed;     /* of fv_source_open_ahead() */
} FvOpenSource;

gboolean fv_source_open(const FvUse *use, FvOpenSource *open, GError **error);
/** The same before it is known whether it will be needed: a failure is kept in `failed`. fv_source_close() in any case.
 */
void fv_source_open_ahead(const FvUse *use, FvOpenSource *open);
/** Reads the first sample of each split: what only reading finds is then said before a training begins. */
gboolean fv_source_try(const FvOpenSource *open, GError **error);
void fv_source_close(FvOpenSource *open);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvOpenSource, fv_source_close)

typedef struct FvFeed FvFeed;

/** What a feed is made of. */
typedef struct {
    FvPlan *plan;
    guint extra; /* which of the plan's extra sources fv_prep_source() of config.prep is, with rows as fv_feed_rows()
                    says */
    FvLoaderConfig config;
    FvBuffer *label; /* the plan's buffer for classes, or NULL */
    guint64 budget;  /* bytes of device memory in which images may stay for the next epochs; 0: none */
} FvFeedConfig;

/** Where all images have one shape and those of the split fit into the budget, they stay on the device: each is sent
 * when it first comes by, and not read again. What is prepared is the same, bit for bit. */
FvFeed *fv_feed_new(const FvFeedConfig *config, GError **error);
void fv_feed_free(FvFeed *feed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvFeed, fv_feed_free)

/** Whether kernels of this device take rows (CPUs) or pixels. */
gboolean fv_feed_rows(const FvDevice *device);

/** Bytes of device memory that are taken for images to stay in. */
guint64 fv_feed_resident(const FvFeed *feed);
gint64 fv_feed_samples(const FvFeed *feed);
gint64 fv_feed_batches(const FvFeed *feed);
void fv_feed_start_epoch(FvFeed *feed, guint32 epoch, gint64 first_batch);
/** The same, for @batches batches at most. */
void fv_feed_start_part(FvFeed *feed, guint32 epoch, gint64 first_batch, gint64 batches);
/** Enqueues the upload, where there is one, and the preparation of the next batch. Returns its samples, 0 at the
 * epoch's end, -1 on errors. Waits only where the device is far behind. */
int fv_feed_next(FvFeed *feed, GError **error);
/** What came with the last upload: where images do not stay, the batch that the last fv_feed_next() enqueued. Valid
 * until the next call. */
const FvBatch *fv_feed_batch(const FvFeed *feed);
/** Classes of the @samples of the batch that the last fv_feed_next() enqueued; -1 where the data have none. */
void fv_feed_labels(const FvFeed *feed, int samples, int *labels);

#endif
