/* SPDX-License-Identifier: MIT
 * session.h: a pipeline with its data on a device: what training and evaluation share. */
#ifndef FOVEA_SESSION_H
#define FOVEA_SESSION_H

#include "core/exec/exec.h"
#include "core/sink/progress.h"
#include "core/sink/safetensors.h"
#include "core/train/feed.h"
#include "core/train/tally.h"

#include <signal.h>

/** Steps whose results stay on the device until they are read, at most. */
enum { FV_SESSION_SLOTS = 50 };

typedef struct FvSession FvSession;

typedef struct {
    const FvGraph *graph; /* borrowed, as everything here */
    FvDevice *device;
    guint64 seed;                      /* which samples are in which share, the order, augmentation, dropout */
    const FvOpenSource *source;        /* opened ahead, to be closed later; or NULL */
    const FvTensors *weights;          /* parameters that will be set, for layers that keep samples: how many these are;
                                          NULL: those of the training split */
    int folds, fold;                   /* cross-validation: fold number `fold`, from 0, of so many; folds 0: none */
    FvSession *share;                  /* its source, which is open, is used and must outlive this one; or NULL */
    gboolean keep;                     /* every value stays until the next step */
    gboolean varies;                   /* for evaluation: fv_session_varied_feed() is wanted */
    FvProgressBar *progress;           /* or NULL */
    const volatile sig_atomic_t *stop; /* not 0: stop at the next step; or NULL */
} FvSessionSettings;

/** Opens the source, plans the net and loads it. FV_FOR_PREDICTION, which looks at no loss and no metric,
 * FV_FOR_EVALUATION or FV_FOR_TRAINING; a net in which nothing can be trained needs neither loss nor optimizer, and is
 * planned for evaluation. Mistakes of the pipeline come with their place, one a line. */
FvSession *fv_session_new(const FvSessionSettings *settings, FvPurpose purpose, GError **error);
void fv_session_free(FvSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvSession, fv_session_free)

FvPlan *fv_session_plan(FvSession *session);
const FvGraph *fv_session_graph(const FvSession *session);
/** Whether there is anything to train: made for training, epochs to do, parameters that are no statistics. */
gboolean fv_session_trains(const FvSession *session);
/** Reads something of each split: errors of the data that come out only then. */
gboolean fv_session_try_data(const FvSession *session, GError **error);
const FvSourceInfo *fv_session_source(const FvSession *session);
/** Whether the data have such a split, by themselves or by a share that the pipeline gives. */
gboolean fv_session_has(const FvSession *session, FvSplit split);
/** Batches of the training split, shuffled and augmented. */
FvFeed *fv_session_train_feed(FvSession *session, GError **error);
/** Batches of a split in its own order, prepared but not augmented, without its images in memory of the device. Until
 * fv_session_release_feeds(). */
FvFeed *fv_session_plain_feed(FvSession *session, FvSplit split, GError **error);
/** Batches of a split in its own order, as they are evaluated; of none where the split is empty, which is an error. */
FvFeed *fv_session_feed(FvSession *session, FvSplit split, GError **error);
/** The same, augmented as in training, for as many epochs as @copies: each gives another copy of every sample. Only
 * where settings say so. To be freed. */
FvFeed *fv_session_varied_feed(FvSession *session, FvSplit split, int copies, GError **error);
/** Batches of a split, prepared but not augmented, in an order drawn by the seed: for samples of it. A new feed, to be
 * freed before the session. */
FvFeed *fv_session_sample_feed(FvSession *session, FvSplit split, GError **error);
/** Which samples of the source a split has; `prep` is not set. */
FvLoaderConfig fv_session_loader_config(const FvSession *session, FvSplit split);
/** Gives back what feeds hold, images on the device too; feeds that were returned are gone. */
void fv_session_release_feeds(FvSession *session);
FvProgressBar *fv_session_progress(const FvSession *session);
/** Bytes on the device: the net, and images that stay. */
guint64 fv_session_memory(const FvSession *session);
gboolean fv_session_stopped(const FvSession *session);
/** All metrics of the last fv_session_evaluate(): of FvScore (sink's run.h); g_array_unref() it. */
GArray *fv_session_scores(const FvSession *session);
/** And their tables, as text; g_free() it. */
char *fv_session_tables(const FvSession *session);

/** Loss and metric of a split, by the parameters as they are.
 * @label: of the progress bar. @after: batches that follow later, for its time left.
 * Returns FALSE with an error, or without one where it was stopped. */
gboolean fv_session_evaluate(FvSession *session, FvSplit split, const char *label, FvTotals *totals, GError **error);

/** Called after each batch of fv_session_evaluate() was enqueued; FALSE ends it with an error. */
typedef gboolean (*FvEachBatch)(gpointer data, const FvFeed *feed, int samples, GError **error);
/** From now on; NULL: nobody is called. */
void fv_session_set_each(FvSession *session, FvEachBatch each, gpointer data);
/** Reads a sample of a split, as fv_feed_numbers() numbers them. */
gboolean fv_session_read(const FvSession *session, FvSplit split, guint32 number, FvSample *sample, GError **error);

/** "train", "validate", "test" */
const char *fv_split_name(FvSplit split);
/** FV_SPLITS where there is no such split. */
FvSplit fv_split_from_name(const char *name);

#endif
