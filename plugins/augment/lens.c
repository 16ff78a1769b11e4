/* SPDX-License-Identifier: MIT
 * lens: the distortion of a lens: barrel and pincushion. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    FvRange amount;
    int fill;
    FvFloats value;
    float p;
} Lens;

/* From -1/3 on the corners would fold. */
static const FvOption options[] = { FV_OPT_RANGE(
                                        Lens, amount, -0.2, 0.2, -0.3, 1,
                                        "above 0 barrel, below pincushion: how much further out a corner comes from"),
                                    FV_OPT_FILL(Lens),
                                    FV_OPT_P(Lens, 1),
                                    { 0 } };

/* Distances from the middle are shares of half the diagonal. */
static const char map[] =
    "const vec x = u - 0.5f * in_w, y = v - 0.5f * in_h;\n"
    "const vec f = 1.0f + amount * 4.0f / (in_w * in_w + in_h * in_h) * (x * x + y * y);\n"
    "u = 0.5f * in_w + x * f;\n"
    "v = 0.5f * in_h + y * f;\n";

/* The distance r of the output that distance @q of the input goes to: r + k r^3 = q. Newton's steps come from the side
 * where they cannot pass the answer. Beyond the output's corners the map goes on straight. */
static double forward_distance(double q, double k)
{
    enum { STEPS = 100 };
    if (q >= 1 + k)
        return 1 + (q - 1 - k) / (1 + 3 * k);
    double r = MIN(q, 1);
    for (int i = 0; i < STEPS; i++) {
        const double step = (r + k * r * r * r - q) / (1 + 3 * k * r * r);
        r -= step;
        if (fabs(step) < 1e-12)
            break;
    }
    return r;
}

static gboolean forward_point(const void *self, FvShape in, FvShape out, const float *drawn, double *u, double *v)
{
    const double x = *u - in.w / 2.0, y = *v - in.h / 2.0, q = hypot(x, y) / (hypot(in.w, in.h) / 2);
    const double factor = q > 1e-9 ? forward_distance(q, (double) drawn[0]) / q : 1;
    *u = in.w / 2.0 + x * factor;
    *v = in.h / 2.0 + y * factor;
    return TRUE;
}

static const char *const examples[] = { "lens", "lens(0.3, fill=reflect)", "lens(-0.25)", NULL };

static const FvAugment lens = {
    .base = { FV_HEAD(FvAugment, Lens), .kind = FV_AUGMENT, .name = "lens",
              .summary = "the distortion of a lens: barrel and pincushion", .options = options,
              .details =
                  "What stands at distance r from the middle, as a share of half the diagonal, comes from distance "
                  "r (1 + amount r^2). The extent stays; what comes from outside of the image is filled.",
              .reference = "Brown, Decentering Distortion of Lenses, 1966", .examples = examples },
    .coord_map = map,
    .forward_point = forward_point,
    .vector_maps = TRUE,
    .drawn = { "amount" },
};
FV_EXPORT(lens)
