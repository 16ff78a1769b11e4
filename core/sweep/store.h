/* SPDX-License-Identifier: MIT
 * store.h: a sweep in a file: what it was begun with, and each trial that has ended. SQLite keeps it whole, whenever
 * the process is killed. Each message names the file. */
#ifndef FOVEA_SWEEP_STORE_H
#define FOVEA_SWEEP_STORE_H

#include "core/sweep/trial.h"

typedef struct FvStore FvStore;

/** What a sweep was begun with. */
typedef struct {
    char *name;     /* of the pipeline: "lenet-sweep" */
    char *pipeline; /* its text, as resolved */
    char *device;   /* as --device has it, or NULL */
    guint64 seed;
    gboolean keep; /* the weights of all trials */
} FvStoreHead;

void fv_store_head_clear(FvStoreHead *head);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvStoreHead, fv_store_head_clear)

/** Makes the file, which must not exist or be empty. FV_ERROR_IO. */
FvStore *fv_store_create(const char *file, const FvStoreHead *head, GError **error);
/** Opens a file, and fills @head, to be cleared. FV_ERROR_IO; FV_ERROR_DATA: it is damaged, no sweep's, or one of
 * another version. @write: trials are to be recorded. */
FvStore *fv_store_open(const char *file, gboolean write, FvStoreHead *head, GError **error);
void fv_store_free(FvStore *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvStore, fv_store_free)

/** Records a trial that has ended, durably. */
gboolean fv_store_record(FvStore *store, const FvTrial *trial, const FvSweep *sweep, GError **error);
/** Fills state, loss and metric of trials that have been recorded, by number and round; others stay open.
 * @trials: of FvTrial. FV_ERROR_DATA: one was drawn differently from what the file has. */
gboolean fv_store_restore(FvStore *store, const GPtrArray *trials, const FvSweep *sweep, GError **error);

#endif
