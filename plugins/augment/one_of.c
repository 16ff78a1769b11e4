/* SPDX-License-Identifier: MIT
 * one_of: takes one of the branches before it. */
#include <fovea/plugin.h>

typedef struct {
    FvFloats weights;
    float p;
} OneOf;

static const FvOption options[] = { FV_OPT_FLOATS(
                                        OneOf, weights, 1, 0, 1e6,
                                        "how probable each branch is beside the others; one number: all are equally"),
                                    FV_OPT_P(OneOf, 1),
                                    { 0 } };

static double weight(const OneOf *one_of, int i)
{
    return i < one_of->weights.count ? (double) one_of->weights.values[i] : one_of->weights.count == 1 ? 1 : 0;
}

static guint64 choose(const void *self, int branches, FvRandom *random)
{
    double sum = 0, at = fv_random_uniform(random);
    int chosen = 0;
    for (int i = 0; i < branches; i++)
        sum += weight(self, i);
    at *= sum;
    while (chosen < branches - 1 && at >= weight(self, chosen))
        at -= weight(self, chosen++);
    return (guint64) 1 << chosen;
}

static const FvAugment one_of = {
    .base = { FV_HEAD(FvAugment, OneOf), .kind = FV_AUGMENT, .name = "one_of",
              .summary = "takes one of the branches before it", .options = options,
              .details = "{ rotate(-15..15) | blur(2) | } -> one_of: each sample goes through one branch; an empty one "
                         "leaves it as it is." },
    .choose = choose,
};
FV_EXPORT(one_of)
