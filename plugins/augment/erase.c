/* SPDX-License-Identifier: MIT
 * erase: a rectangle is painted over. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    FvRange area, ratio;
    int with;
    FvFloats colour;
    float p;
} Erase;

static const char *const fillings[] = { "colour", "noise", NULL };

static const FvOption options[] = {
    FV_OPT_RANGE(Erase, area, 0.02, 0.33, 0.0001, 1, "share of the image that is painted over"),
    FV_OPT_RANGE(Erase, ratio, 0.3, 3.3, 0.01, 100, "width of the rectangle by its height"),
    FV_OPT_CHOICE(Erase, with, 0, fillings, "colour, or noise: random values"),
    FV_OPT_FLOATS(Erase, colour, 0, 0, 1, "one number, or one for each channel"),
    FV_OPT_P(Erase, 0.5),
    { 0 }
};

static float side(double length, int most)
{
    return (float) CLAMP((int) (length + 0.5), 1, most);
}

static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    const Erase *erase = self;
    const double area = (double) fv_range_draw(erase->area, training, random) * in.h * in.w;
    const double lo = log((double) erase->ratio.lo), hi = log((double) erase->ratio.hi);
    const double ratio = exp(training ? fv_random_range(random, lo, hi) : (lo + hi) / 2);
    const float w = side(sqrt(area * ratio), in.w), h = side(sqrt(area / ratio), in.h);
    drawn[0] = (float) fv_random_below(random, (guint32) in.w - (guint32) w + 1);
    drawn[1] = (float) fv_random_below(random, (guint32) in.h - (guint32) h + 1);
    drawn[2] = drawn[0] + w;
    drawn[3] = drawn[1] + h;
    return TRUE;
}

static const char map[] =
    "vec n[4];\n"
    "const vec inside = step((vec)left, u) * step(u, (vec)right) * step((vec)top, v) *\n"
    "                   step(v, (vec)bottom);\n"
    "n[0] = colour[0];\n"
    "n[1] = colour[colour_count > 1 ? 1 : 0];\n"
    "n[2] = colour[colour_count > 2 ? 2 : 0];\n"
    "if (with == 1)\n"
    "    fv_uniforms(0, n);\n"
    "r = mix(r, n[0], inside); g = mix(g, n[1], inside); b = mix(b, n[2], inside);\n";

static const char *const examples[] = { "erase", "erase(0.1, with=noise, p=1)", NULL };

static const FvAugment erase = {
    .base = { FV_HEAD(FvAugment, Erase), .kind = FV_AUGMENT, .name = "erase", .summary = "a rectangle is painted over",
              .options = options,
              .details = "The rectangle lies wholly within the image; where its sides would be longer than the "
                         "image's, they are cut.",
              .reference = "Zhong et al., Random Erasing Data Augmentation, 2020", .examples = examples },
    .colour_map = map,
    .drawn = { "left", "top", "right", "bottom" },
    .draw = draw,
    .places = TRUE,
    .vector_maps = TRUE,
};
FV_EXPORT(erase)
