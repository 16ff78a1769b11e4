/* SPDX-License-Identifier: MIT
 * loader_private.h: the inside of the loader, for loader.c and loader_read.c. */
#ifndef FOVEA_LOADER_PRIVATE_H
#define FOVEA_LOADER_PRIVATE_H

#include "core/data/order.h"

enum {
    FV_LOADER_SLOTS = 4, /* FvBatches at once: read, waiting, held */
    FV_LOADER_WORKERS = 16
};

#define FV_NOT_KEPT G_MAXUINT32 /* as a sample's place */

typedef enum { FV_SLOT_FREE, FV_SLOT_LOADING, FV_SLOT_READY, FV_SLOT_HELD } FvSlotState;

typedef struct FvSlot FvSlot;

/** Samples begin .. end - 1 of a batch: what the pool calls a task. */
typedef struct {
    FvSlot *slot;
    int begin, end;
} FvTask;

struct FvSlot {
    FvBatch batch;    /* first, so that a batch is its slot */
    gsize capacity;   /* of batch.pixels */
    FvSample *sample; /* config.batch of them, times the images that one is made of: no more are read at once */
    FvTask *tasks;    /* one for each worker */
    FvSlotState state;
    int pending; /* tasks not done */
    GError *error;
    int error_at; /* the sample in the batch that it is about */
};

struct FvLoader {
    FvLoaderConfig config;
    gsize count, words;
    int most;         /* samples of a slot */
    int parts;        /* images that a sample is made of, at most */
    guint32 *places;  /* of each sample among the images that are kept, or FV_NOT_KEPT; NULL where none are to be */
    gint32 *labels;   /* of the samples that are kept */
    gsize kept;       /* how many */
    gsize image;      /* bytes of one of them */
    int run;          /* batches of a slot: more than one where all are kept */
    guint32 *indices; /* of the split */
    guint32 *order;   /* of this epoch */
    guint32 epoch;
    GThreadPool *pool;
    gint stopping; /* atomic: workers leave the rest of their tasks */
    GMutex lock;   /* for everything below, and for state, pending and error of slots */
    GCond changed;
    gint64 dispatched, next, end; /* batches: the next to begin, the next to hand out, one past the last */
    int loading;                  /* slots */
    FvSlot slots[FV_LOADER_SLOTS];
};

static inline gboolean fv_loader_is_kept(const FvLoader *loader, guint32 index)
{
    return loader->places && loader->places[index] != FV_NOT_KEPT;
}

static inline void fv_image_info_set_offset(FvImageInfo *info, guint64 offset)
{
    info->offset_low = (guint32) offset;
    info->offset_high = (guint32) (offset >> 32);
}

/** Bytes that are told of a sample: info and program. */
static inline gsize fv_loader_about_bytes(const FvLoader *loader)
{
    return sizeof(FvImageInfo) + sizeof(guint32) * loader->words;
}

/* loader_read.c */
/** Reads sample i of a slot's batch, and those that it is mixed with; draws its numbers. */
gboolean fv_loader_read(const FvLoader *loader, FvSlot *slot, int i, GError **error);
/** Puts the pixels of all of them one behind the other. */
gboolean fv_loader_join(const FvLoader *loader, FvSlot *slot, GError **error);

#endif
