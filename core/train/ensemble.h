/* SPDX-License-Identifier: MIT
 * ensemble.h: predictions averaged over several nets, over augmented copies of each image (test-time augmentation), or
 * both. */
#ifndef FOVEA_ENSEMBLE_H
#define FOVEA_ENSEMBLE_H

#include "core/train/average.h"
#include "core/train/feed.h"
#include "core/train/members.h"

/** FV_ERROR_OPTION with its place where the pipeline has no augment { } to make copies by, or one that mixes images:
 * what a net says of a mixture is said of no image. */
gboolean fv_ensemble_check(const FvGraph *graph, GError **error);

/** What is averaged; all is borrowed. */
typedef struct {
    FvPlan *plan;
    FvMembers *members;
    FvAverage *average;
    FvFeed *plain;   /* the images themselves, in their order */
    FvFeed *varied;  /* epoch k of it is augmented copy k; NULL where copies is 1 */
    int copies;      /* of each image, itself included */
    FvListKind kind; /* FV_LIST_PREDICT or FV_LIST_EVALUATE */
    guint64 seed;
} FvEnsemble;

/** Samples in a row, of which all predictions are in the average: as many as take a bounded piece of memory. */
typedef struct {
    gint64 first; /* number of the first sample */
    gint64 count; /* samples; they are 0 .. count - 1 in the average */
    int times;    /* how often each was added */
} FvEnsemblePart;

/** All of these return FALSE with an error, or without one to stop. Hooks that are NULL are not called. */
typedef struct {
    /** A member has seen @count samples, the image itself of each, from number @at of the part on. */
    gboolean (*member)(int member, gint64 at, int count, gpointer data, GError **error);
    /** One copy of @count samples was seen by all members. */
    gboolean (*step)(int count, gpointer data, GError **error);
    /** A part is whole. */
    gboolean (*part)(const FvEnsemblePart *part, gpointer data, GError **error);
} FvEnsembleHooks;

gboolean fv_ensemble_run(const FvEnsemble *ensemble, const FvEnsembleHooks *hooks, gpointer data, GError **error);

#endif
