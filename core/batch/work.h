/* SPDX-License-Identifier: MIT
 * work.h: the outputs that are to be made: all of a data set, or those that a manifest lists. */
#ifndef FOVEA_BATCH_WORK_H
#define FOVEA_BATCH_WORK_H

#include "core/augment/augment.h"
#include "core/batch/images.h"

/** One output. Everything but `name` is borrowed from the work. */
typedef struct {
    FvDrawKey key;
    char *name;
    guint32 image; /* number among the images: key.sample, unless a manifest says otherwise */
    /* From a manifest only; drawn is NULL otherwise. */
    JsonArray *drawn;
    int other_count;
    guint32 others[FV_AUGMENT_PARTS - 1];       /* as fv_draw_others() gave them */
    guint32 other_images[FV_AUGMENT_PARTS - 1]; /* numbers among the images */
    int eighths[FV_AUGMENT_PARTS];
} FvWorkItem;

void fv_work_item_clear(FvWorkItem *item);

/** Immutable. */
typedef struct FvWork FvWork;

/** @copies of every image, sample by sample. @ending: ".png". The images must outlive it. */
FvWork *fv_work_new(const FvImages *images, guint64 seed, guint copies, const char *ending);
/** The outputs that a manifest lists, in its order, under their names.
 * Errors: FV_ERROR_IO; FV_ERROR_DATA with the line where it is no manifest, or its sources are not there. */
FvWork *fv_work_from_manifest(FvImages *images, const char *manifest, GError **error);
void fv_work_free(FvWork *work);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvWork, fv_work_free)

guint64 fv_work_count(const FvWork *work);
/** Copies of every image; 0 for those of a manifest. */
guint fv_work_copies(const FvWork *work);
void fv_work_get(const FvWork *work, guint64 index, FvWorkItem *item);
/** Where the group of outputs that begins with @begin ends: at most @most of them, and copies of an image together
 * where they are no more than that. */
guint64 fv_work_group(const FvWork *work, guint64 begin, guint most);

#endif
