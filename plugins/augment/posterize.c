/* SPDX-License-Identifier: MIT
 * posterize: fewer bits for each value. */
#include <fovea/plugin.h>

typedef struct {
    FvRange bits;
    float p;
} Posterize;

static const FvOption options[] = { FV_OPT_RANGE(Posterize, bits, 4, 4, 1, 8.999, "that are left of 8"),
                                    FV_OPT_P(Posterize, 1),
                                    { 0 } };

static const char *const examples[] = { "posterize(4)", "posterize(3..6)", NULL };

static const FvAugment posterize = {
    .base = { FV_HEAD(FvAugment, Posterize), .kind = FV_AUGMENT, .name = "posterize",
              .summary = "fewer bits for each value", .options = options,
              .details =
                  "The upper bits of the 8 of a value stay, the others become 0. A range is drawn and rounded down.",
              .examples = examples },
    .pixel_map =
        "const float unit = exp2(8.0f - floor(bits));"
        "p = floor(floor(fmin(fmax(p, 0.0f), 1.0f) * 255.0f + 0.5f) / unit) * unit / 255.0f;",
    .drawn = { "bits" },
    .vector_maps = TRUE,
};
FV_EXPORT(posterize)
