/* SPDX-License-Identifier: MIT
 * rotate: turns the image around its middle. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    FvRange angle;
    int fill;
    FvFloats value;
    float p;
} Rotate;

static const FvOption options[] = { FV_OPT_RANGE(Rotate, angle, -15, 15, -360, 360, "how far, counted clockwise",
                                                 .unit = "degrees"),
                                    FV_OPT_FILL(Rotate),
                                    FV_OPT_P(Rotate, 1),
                                    { 0 } };

/* Output points are turned back. */
static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    const double angle = (double) drawn[0] * G_PI / 180, c = cos(angle), s = sin(angle);
    const double x = in.w / 2.0, y = in.h / 2.0;
    const double back[6] = { c, s, x - c * x - s * y, -s, c, y + s * x - c * y };
    for (int i = 0; i < 6; i++)
        m[i] = back[i];
}

static const char *const examples[] = { "rotate(-15..15)", "rotate(30, fill=reflect)", NULL };

static const FvAugment rotate = {
    .base = { FV_HEAD(FvAugment, Rotate), .kind = FV_AUGMENT, .name = "rotate",
              .summary = "turns the image around its middle", .options = options,
              .details = "The extent stays; what comes from outside of the image is filled.", .examples = examples },
    .drawn = { "angle" },
    .matrix = matrix,
};
FV_EXPORT(rotate)
