/* SPDX-License-Identifier: MIT
 * precision: share of what was predicted as a class that is of it. */
#include "counts.h"

static double score(const Counts *of)
{
    return counts_share(of->hits, of->predicted);
}

static double finish(const void *self, const double *sums)
{
    return counts_average(self, sums, score);
}

static const char *const examples[] = COUNTS_EXAMPLES("precision");

static const FvMetric precision = {
    .base = { FV_HEAD(FvMetric, CountsMetric), .kind = FV_METRIC, .name = "precision",
              .summary = "share of what was predicted as a class that is of it", .options = counts_options,
              .details = "Samples of the class that were predicted as such, divided by all that were." COUNTS_DETAILS,
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = counts_plan,
    .build = counts_build,
    .forward = counts_metric_forward,
    .add = counts_add,
    .finish = finish,
};
FV_EXPORT(precision)
