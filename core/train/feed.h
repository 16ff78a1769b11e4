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
} FvOpenSource;

gboolean fv_source_open(const FvUse *use, FvOpenSource *open, GError **error);
void fv_source_close(FvOpenSource *open);

typedef struct FvFeed FvFeed;

/** @kernel: made from fv_prep_source() of config->prep, FV_NAME(prepare), in the plan's program, with rows as
 * fv_feed_rows() says. @label: the plan's buffer for classes, or NULL. */
FvFeed *fv_feed_new(FvPlan *plan, FvKernel *kernel, const FvLoaderConfig *config, FvBuffer *label, GError **error);
void fv_feed_free(FvFeed *feed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvFeed, fv_feed_free)

/** Whether kernels of this device take rows (CPUs) or pixels. */
gboolean fv_feed_rows(const FvDevice *device);

gint64 fv_feed_samples(const FvFeed *feed);
gint64 fv_feed_batches(const FvFeed *feed);
void fv_feed_start_epoch(FvFeed *feed, guint32 epoch, gint64 first_batch);
/** Enqueues the upload and preparation of the next batch. Returns its samples, 0 at the epoch's end, -1 on errors.
 * Waits only where the device is more than two batches behind. */
int fv_feed_next(FvFeed *feed, GError **error);
/** The batch that the last fv_feed_next() enqueued; valid until the next call. */
const FvBatch *fv_feed_batch(const FvFeed *feed);

#endif
