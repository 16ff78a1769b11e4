/* SPDX-License-Identifier: MIT
 * review.h: reports of trainings that are over, or under way: of one, or of several laid over each other. */
#ifndef FOVEA_REVIEW_H
#define FOVEA_REVIEW_H

#include "core/sink/progress.h"
#include "core/train/runs.h"

#include <signal.h>

/** Called with one line on what a report lacks. */
typedef void (*FvReviewNote)(const char *line);

typedef struct {
    FvDevice *device;        /* to evaluate best.safetensors on; NULL: nothing is evaluated */
    FvProgressBar *progress; /* or NULL */
    const volatile sig_atomic_t *stop;
    FvReviewNote note;
} FvReviewSettings;

/** Writes the report of one run anew, into its folder: what its log says, and what its best parameters do on the test
 * split, or, where there is none, or the run is a fold, on the validation split. What keeps them from being evaluated
 * is noted, here and in the report. Returns FALSE with an error, or without one where it was stopped. */
gboolean fv_review_run(const FvReviewSettings *settings, const FvPastRun *run, GError **error);

/** A page with the curves of several runs in one plot, what they came to, and the settings in which they differ.
 * @runs: of FvPastRun. @left_out: of strings: runs that could not be read, and why. g_free() it. */
char *fv_review_page(const GPtrArray *runs, const GPtrArray *left_out);

#endif
