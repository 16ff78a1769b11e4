/* SPDX-License-Identifier: MIT
 * result.h: the line that training and evaluation end with, and what stands before it. */
#ifndef FOVEA_CLI_RESULT_H
#define FOVEA_CLI_RESULT_H

#include "core/sink/run.h"
#include "core/train/tally.h"

/** "test: loss 0.2706 accuracy 0.9012 (10000 images)", after the metrics' tables. @scores: of FvScore. */
static inline void fv_cli_print_result(const char *split, const FvTotals *totals, const GArray *scores,
                                       const char *tables)
{
    g_print("%s", tables);
    /* A loss that ran away has too many digits to be read. */
    g_print(totals->loss < 1e6 ? "%s: loss %.4f" : "%s: loss %.4g", split, totals->loss);
    for (guint i = 0; i < scores->len; i++) {
        const FvScore *score = &g_array_index(scores, FvScore, i);
        g_print(" %s %.4f", score->name, score->value);
    }
    g_print(" (%" G_GINT64_FORMAT " images)\n", totals->samples);
}

#endif
