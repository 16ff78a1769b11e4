/* SPDX-License-Identifier: MIT
 * shear: moves rows along each other, or columns. */
#include <fovea/plugin.h>

typedef struct {
    FvRange amount;
    int axis, fill;
    FvFloats value;
    float p;
} Shear;

enum { HORIZONTAL, VERTICAL };
static const char *const axes[] = { "horizontal", "vertical", NULL };

static const FvOption options[] = {
    FV_OPT_RANGE(Shear, amount, -0.1, 0.1, -10, 10, "how far, for each pixel away from the middle", .unit = "px"),
    FV_OPT_CHOICE(Shear, axis, HORIZONTAL, axes, "horizontal: rows are moved; vertical: columns"),
    FV_OPT_FILL(Shear),
    FV_OPT_P(Shear, 1),
    { 0 }
};

static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    const double amount = (double) drawn[0];
    if (((const Shear *) self)->axis == HORIZONTAL) {
        m[1] = amount;
        m[2] = -amount * in.h / 2;
    } else {
        m[3] = amount;
        m[5] = -amount * in.w / 2;
    }
}

static const char *const examples[] = { "shear(0.1)", "shear(-0.2..0.2, axis=vertical)", NULL };

static const FvAugment shear = {
    .base = { FV_HEAD(FvAugment, Shear), .kind = FV_AUGMENT, .name = "shear",
              .summary = "moves rows along each other, or columns", .options = options,
              .details =
                  "Output point (u, v) comes from (u + amount (v - H / 2), v), or from (u, v + amount (u - W / 2)). "
                  "The extent stays; what comes from outside of the image is filled.",
              .examples = examples },
    .drawn = { "amount" },
    .matrix = matrix,
};
FV_EXPORT(shear)
