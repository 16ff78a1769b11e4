/* SPDX-License-Identifier: MIT
 * grey: colours become their luma. */
#include <fovea/plugin.h>

typedef struct {
    float p;
} Grey;

static const FvOption options[] = { FV_OPT_P(Grey, 1), { 0 } };

static const char *const examples[] = { "grey", "grey(p=0.2)", NULL };

static const FvAugment grey = {
    .base = { FV_HEAD(FvAugment, Grey), .kind = FV_AUGMENT, .name = "grey", .summary = "colours become their luma",
              .options = options,
              .details = "All channels become 0.299 R + 0.587 G + 0.114 B (Rec. 601). The number of channels stays.",
              .examples = examples },
    .colour_map = "r = g = b = 0.299f * r + 0.587f * g + 0.114f * b;",
    .linear = TRUE,
    .vector_maps = TRUE,
};
FV_EXPORT(grey)
