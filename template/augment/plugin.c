/* SPDX-License-Identifier: MIT
 * @NAME@: makes images brighter or darker, each by a number of its own. */
#include <fovea/plugin.h>

typedef struct {
    FvRange amount;
} State;

static const FvOption options[] = {
    FV_OPT_RANGE(State, amount, -0.1, 0.1, -1.0, 1.0, "what is added to every pixel, which are from 0 to 1"),
    { 0 },
};

/* pixel_map is OpenCL C that changes one number p of the image. `amount` is a range and stands among the drawn numbers:
 * each sample gets one of its own. An operation that moves pixels has matrix instead, or coord_map and forward_point.
 */
static const FvAugment plugin = {
    .base = { FV_HEAD(FvAugment, State), .kind = FV_AUGMENT, .name = "@NAME@",
              .summary = "makes images brighter or darker, each by a number of its own", .options = options },
    .pixel_map = "p += amount;",
    .drawn = { "amount" },
    .linear = TRUE,
    .vector_maps = TRUE,
};
FV_EXPORT(plugin)
