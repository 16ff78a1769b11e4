/* SPDX-License-Identifier: MIT
 * some_of: takes some of the branches before it. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    FvRange n;
    float p;
} SomeOf;

static const FvOption options[] = { FV_OPT_RANGE(SomeOf, n, 2, 2, 0, 64,
                                                 "how many; of a range, whole numbers are equally probable"),
                                    FV_OPT_P(SomeOf, 1),
                                    { 0 } };

/* Each branch in turn is taken with the probability that is left for it: all subsets of a size are equally probable. */
static guint64 choose(const void *self, int branches, FvRandom *random)
{
    const SomeOf *some_of = self;
    const int lo = (int) ceil((double) some_of->n.lo), hi = (int) floor((double) some_of->n.hi);
    int left = MIN(branches, lo + (int) fv_random_below(random, (guint32) MAX(hi - lo, 0) + 1));
    guint64 chosen = 0;
    for (int i = 0; i < branches; i++)
        if ((int) fv_random_below(random, (guint32) (branches - i)) < left) {
            chosen |= (guint64) 1 << i;
            left--;
        }
    return chosen;
}

static const FvAugment some_of = {
    .base = { FV_HEAD(FvAugment, SomeOf), .kind = FV_AUGMENT, .name = "some_of",
              .summary = "takes some of the branches before it", .options = options,
              .details = "{ rotate(-15..15) | blur(2) | noise(0.03) } -> some_of(2): each sample goes through so many "
                         "different branches, in the order in which they stand." },
    .choose = choose,
};
FV_EXPORT(some_of)
