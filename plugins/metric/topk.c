/* SPDX-License-Identifier: MIT
 * topk: the share of samples whose class is among the k highest scores. */
#include "top.h"

typedef struct {
    FvRef value;
    const char *target;
    int k;
    FvKernel *evaluate;
} Topk;

static const FvOption options[] = {
    FV_OPT_VALUE(Topk, value, "scores, one for each class"),
    FV_OPT_TARGET(Topk, target, "label", "the right class"),
    FV_OPT_INT(Topk, k, 5, 1, 1 << 20, "so many of the highest scores count"),
    { 0 },
};

static gboolean build(FvNode *node, void *self, GError **error)
{
    ((Topk *) self)->evaluate = top_kernel(node);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Topk *topk = self;
    top_forward(node, topk->evaluate, topk->k, list);
}

static const char *const examples[] = { "topk(value)", "topk(value, label, k=3)", NULL };

static const FvMetric topk = {
    .base = { FV_HEAD(FvMetric, Topk), .kind = FV_METRIC, .name = "topk",
              .summary = "share of samples whose class is among the k highest scores", .options = options,
              .details = TOP_DETAILS("k") " It is accuracy with top=k.", .examples = examples },
    .target = FV_TARGET_CLASS,
    .build = build,
    .forward = forward,
    .pixels = TRUE,
};
FV_EXPORT(topk)
