/* SPDX-License-Identifier: MIT
 * brightness: all values times a factor. */
#include <fovea/plugin.h>

typedef struct {
    FvRange factor;
    float p;
} Brightness;

static const FvOption options[] = { FV_OPT_RANGE(Brightness, factor, 0.8, 1.2, 0, 10, "1 changes nothing, 0 is black"),
                                    FV_OPT_P(Brightness, 1),
                                    { 0 } };

static const char *const examples[] = { "brightness(0.8..1.2)", NULL };

static const FvAugment brightness = {
    .base = { FV_HEAD(FvAugment, Brightness), .kind = FV_AUGMENT, .name = "brightness",
              .summary = "all values times a factor", .options = options, .details = "p becomes factor p.",
              .examples = examples },
    .pixel_map = "p *= factor;",
    .drawn = { "factor" },
    .linear = TRUE,
    .vector_maps = TRUE,
};
FV_EXPORT(brightness)
