/* SPDX-License-Identifier: MIT
 * flip: mirrors the image, with a probability. */
#include <fovea/plugin.h>

typedef struct {
    float p;
    int axis;
} Flip;

enum { HORIZONTAL, VERTICAL };
static const char *const axes[] = { "horizontal", "vertical", NULL };

static const FvOption options[] = { FV_OPT_P(Flip, 0.5),
                                    FV_OPT_CHOICE(Flip, axis, HORIZONTAL, axes,
                                                  "horizontal: left and right change places; vertical: top and bottom"),
                                    { 0 } };

static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    const Flip *flip = self;
    const int first = flip->axis == HORIZONTAL ? 0 : 4;
    m[first] = -1;
    m[first == 0 ? 2 : 5] = first == 0 ? in.w : in.h;
}

static const char *const examples[] = { "flip", "flip(p=1, axis=vertical)", NULL };

static const FvAugment flip = {
    .base = { FV_HEAD(FvAugment, Flip), .kind = FV_AUGMENT, .name = "flip",
              .summary = "mirrors the image with a probability", .options = options,
              .details = "Pixels are copied exactly. The shape stays.", .examples = examples },
    .matrix = matrix,
};
FV_EXPORT(flip)
