/* SPDX-License-Identifier: MIT
 * translate: moves the image along. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    FvRange x, y;
    int fill;
    FvFloats value;
    float p;
} Translate;

static const FvOption options[] = {
    FV_OPT_RANGE(Translate, x, -0.1, 0.1, -65500, 65500,
                 "how far to the right; ranges that reach beyond -1 .. 1 are pixels, others shares of the width"),
    FV_OPT_RANGE(Translate, y, -0.1, 0.1, -65500, 65500, "how far down: pixels, or a share of the height"),
    FV_OPT_FILL(Translate),
    FV_OPT_P(Translate, 1),
    { 0 }
};

/* Whole pixels, so that what stays is an exact copy. */
static float offset(FvRange range, int side, gboolean training, FvRandom *random)
{
    const gboolean pixels = fabsf(range.lo) > 1 || fabsf(range.hi) > 1;
    const double drawn = (double) fv_range_draw(range, training, random);
    return (float) floor((pixels ? drawn : drawn * side) + 0.5);
}

static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    const Translate *translate = self;
    drawn[0] = offset(translate->x, in.w, training, random);
    drawn[1] = offset(translate->y, in.h, training, random);
    return TRUE;
}

static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    m[2] = -(double) drawn[0];
    m[5] = -(double) drawn[1];
}

static const char *const examples[] = { "translate(-0.2..0.2, 0)", "translate(x=-32..32, y=5)",
                                        "translate(0.3, -0.3, fill=edge)", NULL };

static const FvAugment translate = {
    .base = { FV_HEAD(FvAugment, Translate), .kind = FV_AUGMENT, .name = "translate",
              .summary = "moves the image along", .options = options,
              .details =
                  "In whole pixels, so that nothing is resampled. The extent stays; what comes from outside of the "
                  "image is filled.",
              .examples = examples },
    .drawn = { "right", "down" },
    .draw = draw,
    .matrix = matrix,
};
FV_EXPORT(translate)
