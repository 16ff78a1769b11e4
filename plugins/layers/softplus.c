/* SPDX-License-Identifier: MIT
 * softplus: a smooth relu, log(1 + exp(x)) (Dugas et al., 2001). */
#include "../log1p.h"

#include <fovea/plugin.h>

typedef struct {
    float beta, threshold;
} Softplus;

static const FvOption options[] = {
    FV_OPT_FLOAT(Softplus, beta, 1, 1e-3, 1e3, "how sharp the bend is"),
    FV_OPT_FLOAT(Softplus, threshold, 20, 0, 1e6, "y is x itself where beta * x is above this"),
    { 0 },
};

static const char *const examples[] = { "softplus", "softplus(beta=2.5)", "softplus(3, threshold=1)", NULL };

static const FvLayer softplus = {
    .base = { FV_HEAD(FvLayer, Softplus), .kind = FV_LAYER, .name = "softplus", .summary = "a smooth relu",
              .options = options,
              .details =
                  "y = log(1 + exp(beta * x)) / beta; x where beta * x is above threshold. Any shape, which stays.",
              .reference =
                  "Dugas et al., Incorporating second-order functional knowledge for better option pricing, 2001",
              .examples = examples },
    .forward_map =
        "real z = beta * x;\n"
        "real e = exp(-fabs(z));\n" /* of no more than 0 */ LOG1P_MORE
        "y = z > threshold ? x : ((z > 0 ? z : 0) + more) / beta;",
    .backward_map =
        "real z = beta * x;\n"
        "dx = z > threshold ? dy : dy / (1 + exp(-z));",
    .vector_maps = TRUE,
};
FV_EXPORT(softplus)
