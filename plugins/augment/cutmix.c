/* SPDX-License-Identifier: MIT
 * cutmix: a rectangle of another image in this one. */
#include "mix.h"

typedef struct {
    float alpha, p;
} Cutmix;

static const FvOption options[] = { FV_OPT_FLOAT(Cutmix, alpha, 1, 0.01, 100,
                                                 "of the Beta distribution that the share is drawn from; 1: uniform"),
                                    FV_OPT_P(Cutmix, 1),
                                    { 0 } };

enum { LEFT, TOP, RIGHT, BOTTOM };

static void side(double middle, double length, int extent, float *from, float *to)
{
    *from = (float) CLAMP(floor(middle - length / 2 + 0.5), 0, extent);
    *to = (float) CLAMP(floor(middle + length / 2 + 0.5), 0, extent);
}

/* Round a random point, cut where it reaches over the edge. */
static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    const double cut = sqrt(1 - (double) mix_share(((const Cutmix *) self)->alpha, training, random));
    const double u = training ? fv_random_uniform(random) : 0.5, v = training ? fv_random_uniform(random) : 0.5;
    side(u * in.w, cut * in.w, in.w, &drawn[LEFT], &drawn[RIGHT]);
    side(v * in.h, cut * in.h, in.h, &drawn[TOP], &drawn[BOTTOM]);
    return TRUE;
}

static void part(const void *self, FvShape in, FvShape out, const float *drawn, int part, FvPart *made)
{
    const double area = ((double) drawn[RIGHT] - (double) drawn[LEFT]) *
                        ((double) drawn[BOTTOM] - (double) drawn[TOP]) / ((double) out.w * out.h);
    mix_stretch(in, out, made);
    made->share = part == 0 ? 1 - area : area;
    if (part == 0)
        return;
    made->x0 = (double) drawn[LEFT];
    made->y0 = (double) drawn[TOP];
    made->x1 = (double) drawn[RIGHT];
    made->y1 = (double) drawn[BOTTOM];
}

static const char *const examples[] = { "cutmix", NULL };

static const FvAugment cutmix = {
    .base = { FV_HEAD(FvAugment, Cutmix), .kind = FV_AUGMENT, .name = "cutmix",
              .summary = "a rectangle of another image in this one", .options = options,
              .details =
                  "The rectangle has the image's proportions and comes from the same place of another image of the "
                  "set, brought to this one's extent; labels are mixed by area.",
              .reference = "Yun et al., CutMix: Regularization Strategy to Train Strong Classifiers, 2019",
              .examples = examples },
    .drawn = { "left", "top", "right", "bottom" },
    .draw = draw,
    .others = 1,
    .part = part,
};
FV_EXPORT(cutmix)
