/* SPDX-License-Identifier: MIT
 * mixup: two images laid over each other. */
#include "mix.h"

typedef struct {
    float alpha, p;
} Mixup;

static const FvOption options[] = { FV_OPT_FLOAT(Mixup, alpha, 0.2, 0.01, 100,
                                                 "of the Beta distribution that the share is drawn from; 1: uniform"),
                                    FV_OPT_P(Mixup, 1),
                                    { 0 } };

static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    drawn[0] = mix_share(((const Mixup *) self)->alpha, training, random);
    return TRUE;
}

static void part(const void *self, FvShape in, FvShape out, const float *drawn, int part, FvPart *made)
{
    mix_stretch(in, out, made);
    made->share = part == 0 ? (double) drawn[0] : 1 - (double) drawn[0];
    made->weight = part == 0 ? 1 : made->share;
}

static const char *const examples[] = { "mixup", "mixup(1)", NULL };

static const FvAugment mixup = {
    .base = { FV_HEAD(FvAugment, Mixup), .kind = FV_AUGMENT, .name = "mixup",
              .summary = "two images laid over each other", .options = options,
              .details =
                  "Values become share x + (1 - share) x', where x' is another image of the set, brought to this "
                  "one's extent; labels are mixed in the same shares.",
              .reference = "Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018", .examples = examples },
    .drawn = { "share" },
    .draw = draw,
    .others = 1,
    .part = part,
};
FV_EXPORT(mixup)
