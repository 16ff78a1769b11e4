/* SPDX-License-Identifier: MIT
 * elu2: x above zero, alpha * (exp(x) - 1) below (Clevert et al., 2016). */
#include <fovea/plugin.h>

typedef struct {
    float alpha;
} Elu;

static const FvOption options[] = {
    FV_OPT_FLOAT(Elu, alpha, 1.0, 0.0, 10.0, "value that x tends to far below zero, negated"), { 0 }
};

static const FvLayer elu = {
    .base = { FV_HEAD(FvLayer, Elu), .kind = FV_LAYER, .name = "elu2", .summary = "exponential linear unit",
              .options = options },
    .forward_map = "y = x > 0 ? x : alpha * (exp(x) - 1);",
    .backward_map = "dx = y > 0 ? dy : dy * (y + alpha);",
};
FV_EXPORT(elu)
