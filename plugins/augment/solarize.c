/* SPDX-License-Identifier: MIT
 * solarize: values above a threshold are inverted. */
#include <fovea/plugin.h>

typedef struct {
    FvRange threshold;
    float p;
} Solarize;

static const FvOption options[] = {
    FV_OPT_RANGE(Solarize, threshold, 0.5, 0.5, 0, 1, "values from here on are inverted"), FV_OPT_P(Solarize, 1), { 0 }
};

static const char *const examples[] = { "solarize(0.5)", "solarize(0..1)", NULL };

static const FvAugment solarize = {
    .base = { FV_HEAD(FvAugment, Solarize), .kind = FV_AUGMENT, .name = "solarize",
              .summary = "values above a threshold are inverted", .options = options,
              .details = "p becomes 1 - p where it is at least the threshold.", .examples = examples },
    .pixel_map = "p = mix(p, 1.0f - p, step((vec)threshold, p));",
    .drawn = { "threshold" },
    .vector_maps = TRUE,
};
FV_EXPORT(solarize)
