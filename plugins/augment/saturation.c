/* SPDX-License-Identifier: MIT
 * saturation: colours pulled away from their luma, or towards it. */
#include <fovea/plugin.h>

typedef struct {
    FvRange factor;
    float p;
} Saturation;

static const FvOption options[] = { FV_OPT_RANGE(Saturation, factor, 0.8, 1.2, 0, 10, "1 changes nothing, 0 is grey"),
                                    FV_OPT_P(Saturation, 1),
                                    { 0 } };

static const char *const examples[] = { "saturation(0.8..1.2)", NULL };

static const FvAugment saturation = {
    .base = { FV_HEAD(FvAugment, Saturation), .kind = FV_AUGMENT, .name = "saturation",
              .summary = "colours pulled away from their grey, or towards it", .options = options,
              .details = "Each channel becomes y + factor (p - y), where y is the luma (Rec. 601). Grey images stay.",
              .examples = examples },
    .colour_map =
        "vec y = 0.299f * r + 0.587f * g + 0.114f * b;"
        "r = y + factor * (r - y); g = y + factor * (g - y); b = y + factor * (b - y);",
    .drawn = { "factor" },
    .linear = TRUE,
    .vector_maps = TRUE,
};
FV_EXPORT(saturation)
