/* SPDX-License-Identifier: MIT
 * recall: share of the samples of a class that were predicted as such. */
#include "counts.h"

static double score(const Counts *of)
{
    return counts_share(of->hits, of->right);
}

static double finish(const void *self, const double *sums)
{
    return counts_average(self, sums, score);
}

static const char *const examples[] = COUNTS_EXAMPLES("recall");

static const FvMetric recall = {
    .base = { FV_HEAD(FvMetric, CountsMetric), .kind = FV_METRIC, .name = "recall",
              .summary = "share of the samples of a class that were predicted as such", .options = counts_options,
              .details =
                  "Samples of the class that were predicted as such, divided by all that are of it." COUNTS_DETAILS,
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = counts_plan,
    .build = counts_build,
    .forward = counts_metric_forward,
    .add = counts_add,
    .finish = finish,
};
FV_EXPORT(recall)
