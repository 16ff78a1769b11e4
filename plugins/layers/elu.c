/* SPDX-License-Identifier: MIT
 * elu: x above zero, alpha * (exp(x) - 1) below (Clevert et al., 2016). */
#include <fovea/plugin.h>

typedef struct {
    float alpha;
} Elu;

static const FvOption options[] = {
    FV_OPT_FLOAT(Elu, alpha, 1.0, 0.0, 10.0, "value that x tends to far below zero, negated"),
    { 0 },
};

static const char *const examples[] = { "elu", "elu(alpha=0.4)", NULL };

static const FvLayer elu = {
    .base = { FV_HEAD(FvLayer, Elu), .kind = FV_LAYER, .name = "elu", .summary = "exponential linear unit",
              .options = options, .details = "y = x above zero, alpha * (exp(x) - 1) below. Any shape, which stays.",
              .reference = "Clevert et al., Fast and accurate deep network learning by exponential linear units, 2016",
              .examples = examples },
    .forward_map = "y = x > 0 ? x : alpha * (exp(x) - 1);",
    .backward_map = "dx = y > 0 ? dy : dy * (y + alpha);",
    .vector_maps = TRUE,
};
FV_EXPORT(elu)
