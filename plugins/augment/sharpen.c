/* SPDX-License-Identifier: MIT
 * sharpen: edges made stronger, or weaker. */
#include <fovea/plugin.h>

typedef struct {
    FvRange factor;
    float p;
} Sharpen;

static const FvOption options[] = { FV_OPT_RANGE(Sharpen, factor, 1, 2, 0, 10,
                                                 "1 changes nothing, 0 is the mean of neighbours"),
                                    FV_OPT_P(Sharpen, 1),
                                    { 0 } };

static const char map[] =
    "vec mean = 5.0f * p;\n"
    "for (int i = -1; i <= 1; i++)\n"
    "    for (int j = -1; j <= 1; j++)\n"
    "        if (i || j)\n"
    "            mean += at(c, j, i);\n"
    "mean /= 13.0f;\n"
    "p = mean + factor * (p - mean);\n";

static const char *const examples[] = { "sharpen(1..2)", NULL };

static const FvAugment sharpen = {
    .base = { FV_HEAD(FvAugment, Sharpen), .kind = FV_AUGMENT, .name = "sharpen",
              .summary = "edges made stronger, or weaker", .options = options,
              .details = "p becomes m + factor (p - m), where m is the mean of the pixel (five times) and its eight "
                         "neighbours, as PIL's ImageEnhance.Sharpness has it; edges are mirrored.",
              .examples = examples },
    .neighbour_map = map,
    .passes = 1,
    .drawn = { "factor" },
    .vector_maps = TRUE,
};
FV_EXPORT(sharpen)
