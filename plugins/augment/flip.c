/* SPDX-License-Identifier: MIT
 * flip: mirrors the image, with a probability. */
#include <fovea/plugin.h>

typedef struct {
    float p;
    int axis;
} Flip;

enum { HORIZONTAL, VERTICAL };
static const char *const axes[] = { "horizontal", "vertical", NULL };

static const FvOption options[] = {
    FV_OPT_FLOAT(Flip, p, 0.5, 0, 1, "probability; outside of training it is applied only where p is 1"),
    FV_OPT_CHOICE(Flip, axis, HORIZONTAL, axes, "horizontal: left and right change places; vertical: top and bottom"),
    { 0 }
};

static gboolean draw(const void *self, FvShape in, FvShape out, gboolean training, FvRandom *random, float *drawn)
{
    const Flip *flip = self;
    return training ? fv_random_uniform(random) < flip->p : flip->p >= 1;
}

static void forward_point(const void *self, FvShape in, FvShape out, const float *drawn, float *u, float *v)
{
    const Flip *flip = self;
    if (flip->axis == HORIZONTAL)
        *u = (float) in.w - *u;
    else
        *v = (float) in.h - *v;
}

static const char *const examples[] = { "flip", "flip(p=1, axis=vertical)", NULL };

static const FvAugment flip = {
    .base = { FV_HEAD(FvAugment, Flip), .kind = FV_AUGMENT, .name = "flip",
              .summary = "mirrors the image with a probability", .options = options,
              .details = "Pixels are copied exactly. The shape stays.", .examples = examples },
    .coord_map = "if (axis == 0) u = out_w - u; else v = out_h - v;",
    .draw = draw,
    .forward_point = forward_point,
    .affine = TRUE,
};
FV_EXPORT(flip)
