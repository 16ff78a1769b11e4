/* SPDX-License-Identifier: MIT
 * noise: random numbers added to the values, or in their place. */
#include <fovea/plugin.h>

typedef struct {
    FvRange amount;
    int kind;
    float p;
} Noise;

enum { GAUSSIAN, SALT_PEPPER, SPECKLE, POISSON };
static const char *const kinds[] = { "gaussian", "salt_pepper", "speckle", "poisson", NULL };

static const FvOption options[] = {
    FV_OPT_RANGE(Noise, amount, 0.03, 0.03, 0, 1,
                 "gaussian, speckle: standard deviation; salt_pepper: share of the pixels; poisson: variance at white"),
    FV_OPT_CHOICE(Noise, kind, GAUSSIAN, kinds,
                  "gaussian: added; speckle: added in proportion to the value; salt_pepper: pixels black or white; "
                  "poisson: as light is counted, approximated by a normal distribution"),
    FV_OPT_P(Noise, 1),
    { 0 }
};

static const char map[] =
    "#define SCALE(p) (kind == 0 ? (vec) 1.0f : kind == 2 ? p : sqrt(fmax(p, 0.0f)))\n"
    "vec n[4];\n"
    "if (kind == 1) {\n"
    "    fv_uniforms(0, n);\n"
    "    vec salt = step((vec) 0.5f, n[1]), hit = step(n[0], (vec) amount);\n"
    "    r = mix(r, salt, hit); g = mix(g, salt, hit); b = mix(b, salt, hit);\n"
    "} else {\n"
    "    fv_gaussians(0, n);\n"
    "    r += SCALE(r) * amount * n[0];\n"
    "    g += SCALE(g) * amount * n[1];\n"
    "    b += SCALE(b) * amount * n[2];\n"
    "}\n"
    "#undef SCALE\n";

static const char *const examples[] = { "noise(0.03)", "noise(0.05, kind=salt_pepper)", "noise(0.1, kind=speckle)",
                                        "noise(0.01, kind=poisson)", NULL };

static const FvAugment noise = {
    .base = { FV_HEAD(FvAugment, Noise), .kind = FV_AUGMENT, .name = "noise",
              .summary = "random numbers added to the values", .options = options,
              .details =
                  "Every pixel has random numbers of its own, which depend on the seed, the sample and the place "
                  "alone. Channels are independent, but for salt_pepper.",
              .examples = examples },
    .colour_map = map,
    .drawn = { "amount" },
    .places = TRUE,
    .vector_maps = TRUE,
};
FV_EXPORT(noise)
