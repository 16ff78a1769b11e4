/* SPDX-License-Identifier: MIT
 * average.h: means of what a net computes of the same samples again and again, of probabilities where its losses say
 * what makes such. */
#ifndef FOVEA_AVERAGE_H
#define FOVEA_AVERAGE_H

#include "core/plan/plan.h"

typedef struct FvAverage FvAverage;

/** Of the net's output alone. @link: what makes probabilities of it. */
FvAverage *fv_average_of_output(FvPlan *plan, FvLink link);
/** Of every value that a loss or a metric of the plan looks at, each by the link of the first loss that has one. */
FvAverage *fv_average_of_terms(FvPlan *plan, const FvGraph *graph);
void fv_average_free(FvAverage *average);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvAverage, fv_average_free)

/** Bytes of the host's memory that a sample takes. */
gsize fv_average_bytes(const FvAverage *average);
/** Begins anew, with so many samples. */
void fv_average_begin(FvAverage *average, gint64 samples);
/** Reads what the plan has just computed of @count samples, and adds it to the samples from @first on. Each sample must
 * be added equally often. Waits for the device. */
gboolean fv_average_add(FvAverage *average, gint64 first, int count, GError **error);
/** Writes the means of @count samples to where the plan had computed them, as values that its losses and metrics look
 * at: FV_LIST_JUDGE judges them. @times: how often each was added. */
gboolean fv_average_put(const FvAverage *average, gint64 first, int count, int times, GError **error);
/** Copies the means of one sample: of fv_average_of_output(). */
void fv_average_get(const FvAverage *average, gint64 sample, int times, double *numbers);

#endif
