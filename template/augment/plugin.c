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

/* Called for each sample. Where it is not training, random operations take their middle. */
static gboolean draw(const void *self, FvShape in, FvShape out, gboolean training, FvRandom *random, float *drawn)
{
    const State *state = self;
    const FvRange amount = state->amount;
    drawn[0] = training ? (float) fv_random_range(random, amount.lo, amount.hi) : (amount.lo + amount.hi) / 2;
    return TRUE;
}

/* pixel_map is OpenCL C that changes one number p of the image. An operation that moves pixels has coord_map and
 * forward_point instead. */
static const FvAugment plugin = {
    .base = { FV_HEAD(FvAugment, State), .kind = FV_AUGMENT, .name = "@NAME@",
              .summary = "makes images brighter or darker, each by a number of its own", .options = options },
    .pixel_map = "p += shift;",
    .drawn = { "shift" },
    .draw = draw,
};
FV_EXPORT(plugin)
