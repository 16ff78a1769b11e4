/* SPDX-License-Identifier: MIT
 * prep.h: the inside of FvPrep, for the files that plan it and write its kernel. */
#ifndef FOVEA_PREP_H
#define FOVEA_PREP_H

#include "core/data/data.h"

typedef struct {
    const FvAugment *augment;
    const FvState *state;
    void *self;
    FvLoc loc;
    gboolean moves;  /* coordinates; else it changes pixels */
    FvShape in, out; /* h = w = 0 where not known before an image is read */
    int param;       /* of its first drawn number among the sample's */
    int drawn;       /* how many */
    int extent;      /* of in_w, in_h among the sample's numbers, -1 where they are constants */
} FvOperation;

/* Numbers of a net's input that are too few to be a work-group of their own on a CPU. */
enum { FV_PREP_FEW = 1024 };

struct FvPrep {
    FvShape in, want;
    gboolean training;
    int count, params;
    FvOperation operations[FV_PREP_MAX_OPERATIONS];
};

#endif
