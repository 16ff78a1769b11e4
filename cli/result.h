/* SPDX-License-Identifier: MIT
 * result.h: the line that training and evaluation end with. */
#ifndef FOVEA_CLI_RESULT_H
#define FOVEA_CLI_RESULT_H

#include "core/train/tally.h"

/** "test: loss 0.2706 accuracy 0.9012 (10000 images)"; without loss or metric where the pipeline has none. */
static inline void fv_cli_print_result(const char *split, const FvTotals *totals, const char *metric)
{
    g_print("%s:", split);
    /* A loss that ran away has too many digits to be read. */
    if (totals->has_loss)
        g_print(totals->loss < 1e6 ? " loss %.4f" : " loss %.4g", totals->loss);
    if (metric)
        g_print(" %s %.4f", metric, totals->metric);
    g_print(" (%" G_GINT64_FORMAT " images)\n", totals->samples);
}

#endif
