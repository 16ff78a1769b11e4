/* SPDX-License-Identifier: MIT
 * zoom: makes what the image shows larger or smaller, around its middle. */
#include <fovea/plugin.h>

typedef struct {
    FvRange factor;
    int fill;
    FvFloats value;
    float p;
} Zoom;

static const FvOption options[] = { FV_OPT_RANGE(Zoom, factor, 0.8, 1.25, 0.01, 100, "above 1 things become larger"),
                                    FV_OPT_FILL(Zoom),
                                    FV_OPT_P(Zoom, 1),
                                    { 0 } };

static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    m[0] = m[4] = 1 / (double) drawn[0];
    m[2] = in.w / 2.0 * (1 - m[0]);
    m[5] = in.h / 2.0 * (1 - m[4]);
}

static const char *const examples[] = { "zoom", "zoom(0.5..2)", "zoom(0.6, fill=reflect)", NULL };

static const FvAugment zoom = {
    .base = { FV_HEAD(FvAugment, Zoom), .kind = FV_AUGMENT, .name = "zoom",
              .summary = "makes what the image shows larger or smaller", .options = options,
              .details =
                  "Around the middle. The extent stays; what comes from outside of the image is filled. Where things "
                  "become smaller, pixels of the output are means of the area that they cover.",
              .examples = examples },
    .drawn = { "factor" },
    .matrix = matrix,
};
FV_EXPORT(zoom)
