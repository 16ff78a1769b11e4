/* SPDX-License-Identifier: MIT
 * invert: black becomes white. */
#include <fovea/plugin.h>

typedef struct {
    float p;
} Invert;

static const FvOption options[] = { FV_OPT_P(Invert, 1), { 0 } };

static const char *const examples[] = { "invert", "invert(p=0.5)", NULL };

static const FvAugment invert = {
    .base = { FV_HEAD(FvAugment, Invert), .kind = FV_AUGMENT, .name = "invert",
              .summary = "black becomes white, and white black", .options = options, .details = "p becomes 1 - p.",
              .examples = examples },
    .pixel_map = "p = 1.0f - p;",
    .linear = TRUE,
    .vector_maps = TRUE,
};
FV_EXPORT(invert)
