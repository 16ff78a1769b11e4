/* SPDX-License-Identifier: MIT
 * triplet: an embedding is to be nearer to those of its class than to others, by a margin (Schroff et al., 2015). */
#include "pairs.h"

#include "triplet.cl.h"

enum { HARD, SEMI_HARD, ALL }; /* mining: places in minings[] */

typedef struct {
    FvRef value;
    const char *target;
    float margin;
    int mining;
    gboolean squared;
    Pairs pairs;
    FvKernel *evaluate, *train;
} Triplet;

static const char *const minings[] = { "hard", "semi_hard", "all", NULL };

static const FvOption options[] = {
    FV_OPT_VALUE(Triplet, value, "embedding of a sample"),
    FV_OPT_TARGET(Triplet, target, "label", "its class"),
    FV_OPT_FLOAT(Triplet, margin, 1, 0, 1e6, "by which the other class is to be farther away"),
    FV_OPT_CHOICE(Triplet, mining, HARD, minings, "which triplets of the batch count, for each sample as anchor"),
    FV_OPT_BOOL(Triplet, squared, FALSE, "distances are squared ones"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    pairs_plan(node, &((Triplet *) self)->pairs);
    return TRUE;
}

static FvKernel *judge(FvNode *node, const Triplet *triplet, gboolean train)
{
    return fv_node_add_kernel(node, triplet_cl, "judge",
                              "#define TRAIN %d\n#define MINING %d\n#define HARD %d\n#define ALL %d\n", train,
                              triplet->mining, HARD, ALL);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Triplet *triplet = self;
    pairs_build(node, &triplet->pairs, triplet->squared);
    triplet->evaluate = judge(node, triplet, FALSE);
    if (fv_node_training(node))
        triplet->train = judge(node, triplet, TRUE);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Triplet *triplet = self;
    pairs_measure(node, &triplet->pairs, list);
    pairs_judge(node, &triplet->pairs, list, triplet->evaluate, triplet->train, (double) triplet->margin);
    pairs_backward(node, &triplet->pairs, list);
}

static const char *const examples[] = { "triplet(value)", "triplet(value, label, margin=0.5, mining=semi_hard)",
                                        "triplet(value, margin=2, mining=all, squared=true)", NULL };

static const FvLoss triplet = {
    .base = { FV_HEAD(FvLoss, Triplet), .kind = FV_LOSS, .name = "triplet",
              .summary = "an embedding is to be nearer to those of its class than to others, by a margin",
              .options = options,
              .details =
                  "A triplet is an anchor, a positive (another sample of its class) and a negative (one of another "
                  "class); it counts max(0, d(anchor, positive) - d(anchor, negative) + margin), d the L2 distance "
                  "or, with squared, its square. Triplets are made within the batch, each sample being an anchor, "
                  "and l is the mean over those of an anchor. mining=hard: one, of the farthest positive and the "
                  "nearest negative. semi_hard: one for each positive, with the nearest negative that is farther "
                  "away than the positive (where there is none, the farthest of all). all: every positive with "
                  "every negative. An anchor without positives or negatives counts 0: batches must be large "
                  "enough to have several samples of a class. Any shape.",
              .reference = "Schroff, Kalenichenko and Philbin, FaceNet: a unified embedding for face recognition and "
                           "clustering, 2015; mining=hard and all: Hermans, Beyer and Leibe, In defense of the triplet "
                           "loss for person re-identification, 2017",
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = plan,
    .build = build,
    .forward = forward,
    .embeds = TRUE,
};
FV_EXPORT(triplet)
