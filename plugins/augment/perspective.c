/* SPDX-License-Identifier: MIT
 * perspective: the image as a plane that is looked at from aside. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    FvRange amount;
    int fill;
    FvFloats value;
    float p;
} Perspective;

/* Corners that move by less than a quarter of the sides leave a convex quadrilateral. */
static const FvOption options[] = {
    FV_OPT_RANGE(Perspective, amount, 0.1, 0.1, 0, 0.24,
                 "how far each corner moves at most, either way, as a share of width and height"),
    FV_OPT_FILL(Perspective),
    FV_OPT_P(Perspective, 1),
    { 0 }
};

/* The unit square's corners (0, 0), (1, 0), (1, 1), (0, 1) to x, y (Heckbert, 1989). Rows of m: u, v, and what both are
 * divided by. */
static void from_square(const double x[4], const double y[4], double m[9])
{
    const double dx1 = x[1] - x[2], dx2 = x[3] - x[2], dy1 = y[1] - y[2], dy2 = y[3] - y[2];
    const double sx = x[0] - x[1] + x[2] - x[3], sy = y[0] - y[1] + y[2] - y[3], det = dx1 * dy2 - dx2 * dy1;
    m[6] = (sx * dy2 - dx2 * sy) / det;
    m[7] = (dx1 * sy - sx * dy1) / det;
    m[8] = 1;
    m[0] = x[1] - x[0] + m[6] * x[1];
    m[1] = x[3] - x[0] + m[7] * x[3];
    m[2] = x[0];
    m[3] = y[1] - y[0] + m[6] * y[1];
    m[4] = y[3] - y[0] + m[7] * y[3];
    m[5] = y[0];
}

/* The inverse, with 1 for its last number. */
static void invert(const double m[9], double out[9])
{
    const double scale = 1 / (m[0] * m[4] - m[1] * m[3]);
    const double made[9] = { m[4] * m[8] - m[5] * m[7], m[2] * m[7] - m[1] * m[8], m[1] * m[5] - m[2] * m[4],
                             m[5] * m[6] - m[3] * m[8], m[0] * m[8] - m[2] * m[6], m[2] * m[3] - m[0] * m[5],
                             m[3] * m[7] - m[4] * m[6], m[1] * m[6] - m[0] * m[7], m[0] * m[4] - m[1] * m[3] };
    for (int i = 0; i < 9; i++)
        out[i] = made[i] * scale;
}

/* Numbers are of the unit square, so that they say the same whatever the extent. */
static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    const double most = (double) fv_range_draw(((const Perspective *) self)->amount, training, random);
    double x[4] = { 0, 1, 1, 0 }, y[4] = { 0, 0, 1, 1 }, forward[9], back[9];
    for (int i = 0; i < 4 && training; i++) {
        x[i] += fv_random_range(random, -most, most);
        y[i] += fv_random_range(random, -most, most);
    }
    from_square(x, y, forward);
    invert(forward, back);
    for (int i = 0; i < 8; i++)
        drawn[i] = (float) back[i];
    return TRUE;
}

/* At the horizon nothing is divided by 0, and what is there lies far outside of the image. */
static const char map[] =
    "const vec s = u / out_w, t = v / out_h;\n"
    "vec w = wx * s + wy * t + 1.0f;\n"
    "w = copysign(fmax(fabs(w), (vec) 1e-6f), w);\n"
    "u = (ux * s + uy * t + u0) / w * in_w;\n"
    "v = (vx * s + vy * t + v0) / w * in_h;\n";

static gboolean forward_point(const void *self, FvShape in, FvShape out, const float *drawn, double *u, double *v)
{
    double back[9] = { [8] = 1 }, m[9];
    for (int i = 0; i < 8; i++)
        back[i] = (double) drawn[i];
    invert(back, m);
    const double s = *u / in.w, t = *v / in.h, w = m[6] * s + m[7] * t + m[8];
    if (!(w > 0))
        return FALSE;
    *u = (m[0] * s + m[1] * t + m[2]) / w * out.w;
    *v = (m[3] * s + m[4] * t + m[5]) / w * out.h;
    return TRUE;
}

static const char *const examples[] = { "perspective", "perspective(0..0.2)", "perspective(0.2, fill=edge)", NULL };

static const FvAugment perspective = {
    .base = { FV_HEAD(FvAugment, Perspective), .kind = FV_AUGMENT, .name = "perspective",
              .summary = "the image as a plane that is looked at from aside", .options = options,
              .details =
                  "Each corner moves by a random part of the amount, and the image with them. The extent stays; what "
                  "comes from outside of the image is filled. Outside of training nothing moves.",
              .reference = "Heckbert, Fundamentals of Texture Mapping and Image Warping, 1989", .examples = examples },
    .coord_map = map,
    .forward_point = forward_point,
    .vector_maps = TRUE,
    .drawn = { "ux", "uy", "u0", "vx", "vy", "v0", "wx", "wy" },
    .draw = draw,
};
FV_EXPORT(perspective)
