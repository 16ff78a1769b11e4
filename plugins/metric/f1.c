/* SPDX-License-Identifier: MIT
 * f1: harmonic mean of precision and recall. */
#include "counts.h"

static double score(const Counts *of)
{
    return counts_share(2 * of->hits, of->predicted + of->right);
}

static double finish(const void *self, const double *sums)
{
    return counts_average(self, sums, score);
}

static const char *const examples[] = COUNTS_EXAMPLES("f1");

static const FvMetric f1 = {
    .base = { FV_HEAD(FvMetric, CountsMetric), .kind = FV_METRIC, .name = "f1",
              .summary = "harmonic mean of precision and recall", .options = counts_options,
              .details = "2 * samples of the class that were predicted as such, divided by the sum of those that were "
                         "and those that are of it." COUNTS_DETAILS,
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = counts_plan,
    .build = counts_build,
    .forward = counts_metric_forward,
    .add = counts_add,
    .finish = finish,
};
FV_EXPORT(f1)
