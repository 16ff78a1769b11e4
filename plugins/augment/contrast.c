/* SPDX-License-Identifier: MIT
 * contrast: values pulled away from a grey, or towards it. */
#include <fovea/plugin.h>

typedef struct {
    FvRange factor;
    float pivot;
    float p;
} Contrast;

static const FvOption options[] = { FV_OPT_RANGE(Contrast, factor, 0.8, 1.2, 0, 10,
                                                 "1 changes nothing, 0 is the grey alone"),
                                    FV_OPT_FLOAT(Contrast, pivot, 0.5, 0, 1, "the grey that stays"),
                                    FV_OPT_P(Contrast, 1),
                                    { 0 } };

static const char *const examples[] = { "contrast(0.8..1.2)", NULL };

static const FvAugment contrast = {
    .base = { FV_HEAD(FvAugment, Contrast), .kind = FV_AUGMENT, .name = "contrast",
              .summary = "values pulled away from a grey, or towards it", .options = options,
              .details = "p becomes pivot + factor (p - pivot).", .examples = examples },
    .pixel_map = "p = pivot + factor * (p - pivot);",
    .drawn = { "factor" },
    .linear = TRUE,
    .vector_maps = TRUE,
};
FV_EXPORT(contrast)
