/* SPDX-License-Identifier: MIT
 * blur: a Gaussian blur. */
#include <fovea/plugin.h>

typedef struct {
    FvRange sigma;
    float p;
} Blur;

static const FvOption options[] = { FV_OPT_RANGE(Blur, sigma, 0.5, 1.5, 0.01, 50, "standard deviation", .unit = "px"),
                                    FV_OPT_P(Blur, 1),
                                    { 0 } };

/* Rows, and then columns of what that made. */
static const char map[] =
    "const int radius = (int)ceil(3.0f * sigma);\n"
    "float sum = 1.0f;\n"
    "for (int i = 1; i <= radius; i++) {\n"
    "    const float weight = exp(-0.5f * (float)(i * i) / (sigma * sigma));\n"
    "    sum += 2.0f * weight;\n"
    "    p += weight * (pass == 0 ? at(c, -i, 0) + at(c, i, 0) : at(c, 0, -i) + at(c, 0, i));\n"
    "}\n"
    "p /= sum;\n";

static const char *const examples[] = { "blur(1)", "blur(0.5..1.5, p=0.5)", NULL };

static const FvAugment blur = {
    .base = { FV_HEAD(FvAugment, Blur), .kind = FV_AUGMENT, .name = "blur", .summary = "a Gaussian blur",
              .options = options,
              .details = "Each pixel becomes the mean of its neighbours up to 3 sigma away, weighted by exp(-d^2 / (2 "
                         "sigma^2)); edges are mirrored.",
              .examples = examples },
    .neighbour_map = map,
    .passes = 2,
    .drawn = { "sigma" },
    .vector_maps = TRUE,
};
FV_EXPORT(blur)
