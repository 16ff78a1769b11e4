/* SPDX-License-Identifier: MIT
 * trial.h: one trial of a sweep: what was drawn for it, and what it came to. */
#ifndef FOVEA_SWEEP_TRIAL_H
#define FOVEA_SWEEP_TRIAL_H

#include "core/graph/sweep.h"

typedef enum { FV_TRIAL_OPEN, FV_TRIAL_DONE, FV_TRIAL_DIVERGED } FvTrialState;

/** What a round of the search asks of a trial. One that goes on in a later round, with more epochs, is there once for
 * each, under the same number. */
typedef struct {
    int number;    /* from 1 on */
    int round;     /* from 1 on */
    int epochs;    /* that it has done at the end of the round */
    double *drawn; /* one for each parameter: the number, or the place in the list of choices */

    FvTrialState state;
    double loss, metric; /* of its best epoch, on the validation split; NAN where there is none */
} FvTrial;

FvTrial *fv_trial_new(int number, int round, int epochs, const double *drawn, guint parameters);
void fv_trial_free(FvTrial *trial);

/** What the let of a parameter is set to; g_free() it. */
char *fv_trial_value(const FvTrial *trial, const FvSweep *sweep, guint parameter);
/** "rate=0.01 batch=64"; g_free() it. */
char *fv_trial_text(const FvTrial *trial, const FvSweep *sweep);

#endif
