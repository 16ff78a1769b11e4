/* SPDX-License-Identifier: MIT
 * gamma: values to a power. */
#include <fovea/plugin.h>

typedef struct {
    FvRange exponent;
    float p;
} Gamma;

static const FvOption options[] = { FV_OPT_RANGE(Gamma, exponent, 0.8, 1.25, 0.01, 100,
                                                 "1 changes nothing, less is brighter"),
                                    FV_OPT_P(Gamma, 1),
                                    { 0 } };

static const char *const examples[] = { "gamma(0.8..1.25)", NULL };

static const FvAugment gamma_map = {
    .base = { FV_HEAD(FvAugment, Gamma), .kind = FV_AUGMENT, .name = "gamma", .summary = "values to a power",
              .options = options, .details = "p becomes p^exponent; what is below 0 becomes 0.", .examples = examples },
    .pixel_map = "p = pow(fmax(p, 0.0f), (vec)exponent);",
    .drawn = { "exponent" },
    .vector_maps = TRUE,
};
FV_EXPORT(gamma_map)
