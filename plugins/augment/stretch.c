/* SPDX-License-Identifier: MIT
 * stretch: makes what the image shows wider or higher, around its middle. */
#include <fovea/plugin.h>

typedef struct {
    FvRange x, y;
    int fill;
    FvFloats value;
    float p;
} Stretch;

static const FvOption options[] = { FV_OPT_RANGE(Stretch, x, 0.8, 1.25, 0.01, 100, "factor of widths"),
                                    FV_OPT_RANGE(Stretch, y, 0.8, 1.25, 0.01, 100, "factor of heights"),
                                    FV_OPT_FILL(Stretch),
                                    FV_OPT_P(Stretch, 1),
                                    { 0 } };

static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    m[0] = 1 / (double) drawn[0];
    m[2] = in.w / 2.0 * (1 - m[0]);
    m[4] = 1 / (double) drawn[1];
    m[5] = in.h / 2.0 * (1 - m[4]);
}

static const char *const examples[] = { "stretch", "stretch(0.5..1, 2)", "stretch(x=0.7, y=1, fill=edge)", NULL };

static const FvAugment stretch = {
    .base = { FV_HEAD(FvAugment, Stretch), .kind = FV_AUGMENT, .name = "stretch",
              .summary = "makes what the image shows wider or higher", .options = options,
              .details =
                  "Around the middle, each direction by a factor of its own. The extent stays; what comes from outside "
                  "of the image is filled.",
              .examples = examples },
    .drawn = { "x", "y" },
    .matrix = matrix,
};
FV_EXPORT(stretch)
