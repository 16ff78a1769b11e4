/* SPDX-License-Identifier: MIT
 * sweep.h: what sweep { } says: which lets are drawn, of what, and how the best of them are searched for. */
#ifndef FOVEA_GRAPH_SWEEP_H
#define FOVEA_GRAPH_SWEEP_H

#include "core/diag.h"
#include "core/options.h"

typedef enum {
    FV_SWEEP_UNIFORM, /* lo..hi */
    FV_SWEEP_LOG,     /* log lo..hi: uniform in the logarithm */
    FV_SWEEP_LIST     /* one of a list */
} FvSweepValues;

/** A let that is drawn anew for each trial. */
typedef struct {
    char *name;
    FvLoc loc;
    FvSweepValues values;
    double lo, hi;   /* ranges: lo below hi */
    gboolean whole;  /* ranges: whole numbers, both ends included */
    char **choices;  /* lists: each as the let would be written, NULL-ended; else NULL */
    GArray *numbers; /* lists: of double, the same as numbers; NAN for what is none; else NULL */
} FvSweepParameter;

typedef enum { FV_SEARCH_GRID, FV_SEARCH_RANDOM, FV_SEARCH_COARSE_TO_FINE, FV_SEARCH_HALVING } FvSearchKind;

/** Options of the searches; each search has some of them. */
typedef struct {
    int points;   /* grid: of each range */
    int trials;   /* all others */
    int epochs;   /* of the longest trials; 0: what train { } says */
    int rounds;   /* coarse_to_fine */
    float narrow; /* coarse_to_fine: width of a round's ranges as a share of those of the round before */
    float longer; /* coarse_to_fine: epochs of a round as a multiple of those of the round before */
    float keep;   /* halving: share of the trials that goes on */
} FvSearchOptions;

typedef struct {
    GPtrArray *parameters; /* of FvSweepParameter, in the order of the section */
    FvSearchKind kind;
    const FvSearchOptions *options; /* the state's */
    FvState *state;
    FvLoc loc;
} FvSweep;

enum { FV_MOST_TRIALS = 100000 };

void fv_sweep_free(FvSweep *sweep);
/** "coarse_to_fine" */
const char *fv_search_name(FvSearchKind kind);

#endif
