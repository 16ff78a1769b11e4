/* SPDX-License-Identifier: MIT
 * contrastive: embeddings of one class are to come together, of two to be a margin apart (Hadsell et al., 2006). */
#include "pairs.h"

#include "contrastive.cl.h"

typedef struct {
    FvRef value;
    const char *target;
    float margin;
    Pairs pairs;
    FvKernel *evaluate, *train;
} Contrastive;

static const FvOption options[] = {
    FV_OPT_VALUE(Contrastive, value, "embedding of a sample"),
    FV_OPT_TARGET(Contrastive, target, "label", "its class"),
    FV_OPT_FLOAT(Contrastive, margin, 1, 0, 1e6, "distance from which on samples of two classes are far enough apart"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    pairs_plan(node, &((Contrastive *) self)->pairs);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Contrastive *contrastive = self;
    pairs_build(node, &contrastive->pairs, FALSE);
    contrastive->evaluate = fv_node_add_kernel(node, contrastive_cl, "judge", "#define TRAIN 0\n");
    if (fv_node_training(node))
        contrastive->train = fv_node_add_kernel(node, contrastive_cl, "judge", "#define TRAIN 1\n");
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Contrastive *contrastive = self;
    pairs_measure(node, &contrastive->pairs, list);
    pairs_judge(node, &contrastive->pairs, list, contrastive->evaluate, contrastive->train,
                (double) contrastive->margin);
    pairs_backward(node, &contrastive->pairs, list);
}

static const char *const examples[] = { "contrastive(value)", "contrastive(value, label, margin=3.5)", NULL };

static const FvLoss contrastive = {
    .base = { FV_HEAD(FvLoss, Contrastive), .kind = FV_LOSS, .name = "contrastive",
              .summary = "embeddings of one class are to come together, of two to be a margin apart",
              .options = options,
              .details =
                  "With d the distance (L2) of two samples, a pair counts d^2 / 2 where both are of one class, else "
                  "max(0, margin - d)^2 / 2; l is the mean over all pairs of the batch. Each batch is compared "
                  "with itself alone, so that large ones teach more. Any shape.",
              .reference = "Hadsell, Chopra and LeCun, Dimensionality reduction by learning an invariant mapping, 2006",
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = plan,
    .build = build,
    .forward = forward,
    .embeds = TRUE,
};
FV_EXPORT(contrastive)
