/* SPDX-License-Identifier: MIT
 * elastic: every point moves by a smooth random field. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    FvRange amplitude;
    int grid, fill;
    FvFloats value;
    float p;
} Elastic;

static const FvOption options[] = {
    FV_OPT_RANGE(Elastic, amplitude, 0, 0.03, 0, 65500,
                 "how far points move at most in either direction: above 1 pixels, up to 1 a share of the longer side"),
    FV_OPT_INT(Elastic, grid, 6, 1, 1000, "cells of the field along the longer side"),
    FV_OPT_FILL(Elastic),
    FV_OPT_P(Elastic, 1),
    { 0 }
};

enum { AMPLITUDE, KEY };

static double cell_of(const Elastic *elastic, FvShape in)
{
    return (double) MAX(in.h, in.w) / elastic->grid;
}

/* Slopes of the field are at most 1.5 amplitudes a cell in each direction: with less than a third of a cell nothing
 * folds, and forward_point() converges. */
static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    static const double most = 0.3; /* of a cell */
    const Elastic *elastic = self;
    const double number = (double) fv_range_draw(elastic->amplitude, training, random);
    const double pixels = number > 1 ? number : number * MAX(in.h, in.w);
    drawn[AMPLITUDE] = (float) MIN(pixels, most * cell_of(elastic, in));
    drawn[KEY] = (float) (fv_random_bits(random) >> 8); /* 24 bits, which floats hold exactly */
    return TRUE;
}

/* A cubic B-spline over grid points whose numbers are hashed from their place and the key (the finalizer is lowbias32,
 * Wellons, 2018): no table, so that no image is too large for it. The host does the same below. */
static const char map[] =
    "const float cell = fmax(in_w, in_h) / (float) grid;\n"
    "const vec x = u / cell, y = v / cell, left = floor(x), top = floor(y), s = x - left, t = y - top;\n"
    "vec a[4], b[4], right = 0.0f, down = 0.0f;\n"
    "#define SPLINE(t, w) \\\n"
    "    w[0] = (1.0f - t) * (1.0f - t) * (1.0f - t) / 6.0f; \\\n"
    "    w[1] = (t * t * (3.0f * t - 6.0f) + 4.0f) / 6.0f; \\\n"
    "    w[3] = t * t * t / 6.0f; \\\n"
    "    w[2] = 1.0f - w[0] - w[1] - w[3];\n"
    "SPLINE(s, a)\n"
    "SPLINE(t, b)\n"
    "#undef SPLINE\n"
    "const uint seed = (uint) key * 0x9E3779B9u;\n"
    "const UVEC i = FV_UINTS(FV_INTS(left)), j = FV_UINTS(FV_INTS(top));\n"
    "for (int n = 0; n < 4; n++)\n"
    "    for (int m = 0; m < 4; m++) {\n"
    "        UVEC h = (i + (uint) m) * 0x85EBCA6Bu + (j + (uint) n) * 0xC2B2AE35u + seed;\n"
    "        h = (h ^ (h >> 16u)) * 0x7FEB352Du;\n"
    "        h = (h ^ (h >> 15u)) * 0x846CA68Bu;\n"
    "        h ^= h >> 16u;\n"
    "        right += a[m] * b[n] * (FV_FLOATS(h & 0xFFFFu) / 32767.5f - 1.0f);\n"
    "        down += a[m] * b[n] * (FV_FLOATS(h >> 16u) / 32767.5f - 1.0f);\n"
    "    }\n"
    "u += amplitude * right;\n"
    "v += amplitude * down;\n";

static void spline(double t, double w[4])
{
    w[0] = (1 - t) * (1 - t) * (1 - t) / 6;
    w[1] = (t * t * (3 * t - 6) + 4) / 6;
    w[3] = t * t * t / 6;
    w[2] = 1 - w[0] - w[1] - w[3];
}

static guint32 hash(int i, int j, guint32 seed)
{
    guint32 h = (guint32) i * 0x85EBCA6Bu + (guint32) j * 0xC2B2AE35u + seed;
    h = (h ^ (h >> 16)) * 0x7FEB352Du;
    h = (h ^ (h >> 15)) * 0x846CA68Bu;
    return h ^ (h >> 16);
}

/* How far the point of the input is from the point (u, v) of the output. */
static void displacement(double cell, const float *drawn, double u, double v, double *right, double *down)
{
    const double left = floor(u / cell), top = floor(v / cell), amplitude = (double) drawn[AMPLITUDE];
    const guint32 seed = (guint32) drawn[KEY] * 0x9E3779B9u;
    double a[4], b[4];
    spline(u / cell - left, a);
    spline(v / cell - top, b);
    *right = *down = 0;
    for (int n = 0; n < 4; n++)
        for (int m = 0; m < 4; m++) {
            const guint32 h = hash((int) left + m, (int) top + n, seed);
            *right += amplitude * a[m] * b[n] * ((h & 0xFFFF) / 32767.5 - 1);
            *down += amplitude * a[m] * b[n] * ((h >> 16) / 32767.5 - 1);
        }
}

/* The output's point that comes from (u, v), as a fixed point. */
static gboolean forward_point(const void *self, FvShape in, FvShape out, const float *drawn, double *u, double *v)
{
    enum { STEPS = 300 };
    static const double close = 1e-4; /* of a pixel */
    const double cell = cell_of(self, in), far = 1e6 * cell;
    double x = *u, y = *v, right, down, step = INFINITY;
    if (!(fabs(x) < far && fabs(y) < far))
        return FALSE;
    for (int i = 0; i < STEPS && step > close; i++) {
        displacement(cell, drawn, x, y, &right, &down);
        step = fabs(*u - right - x) + fabs(*v - down - y);
        x = *u - right;
        y = *v - down;
    }
    *u = x;
    *v = y;
    return TRUE;
}

static const char *const examples[] = { "elastic", "elastic(0.02..0.04, grid=4)", "elastic(3, fill=edge)", NULL };

static const FvAugment elastic = {
    .base = { FV_HEAD(FvAugment, Elastic), .kind = FV_AUGMENT, .name = "elastic",
              .summary = "every point moves by a smooth random field", .options = options,
              .details =
                  "The field is a cubic B-spline over a grid of square cells with uniformly distributed numbers. The "
                  "amplitude is never more than 0.3 of a cell, so that nothing folds. The extent stays; what comes "
                  "from outside of the image is filled.",
              .reference = "Simard et al., Best Practices for Convolutional Neural Networks, 2003",
              .examples = examples },
    .coord_map = map,
    .forward_point = forward_point,
    .vector_maps = TRUE,
    .drawn = { "amplitude", "key" },
    .draw = draw,
};
FV_EXPORT(elastic)
