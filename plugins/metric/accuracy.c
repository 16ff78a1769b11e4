/* SPDX-License-Identifier: MIT
 * accuracy: the share of samples whose class has the highest score, or one of the k highest. */
#include "top.h"

typedef struct {
    FvRef value;
    const char *target;
    int top;
    FvKernel *evaluate;
} Accuracy;

static const FvOption options[] = {
    FV_OPT_VALUE(Accuracy, value, "scores, one for each class"),
    FV_OPT_TARGET(Accuracy, target, "label", "the right class"),
    FV_OPT_INT(Accuracy, top, 1, 1, 1 << 20, "so many of the highest scores count"),
    { 0 },
};

static gboolean build(FvNode *node, void *self, GError **error)
{
    Accuracy *accuracy = self;
    accuracy->evaluate = top_kernel(node);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Accuracy *accuracy = self;
    top_forward(node, accuracy->evaluate, accuracy->top, list);
}

static const char *const examples[] = { "accuracy(value)", "accuracy(value, label, top=3)", NULL };

static const FvMetric accuracy = {
    .base = { FV_HEAD(FvMetric, Accuracy), .kind = FV_METRIC, .name = "accuracy",
              .summary = "share of samples whose class has the highest score", .options = options,
              .details = TOP_DETAILS("top"), .examples = examples },
    .target = FV_TARGET_CLASS,
    .build = build,
    .forward = forward,
    .pixels = TRUE,
};
FV_EXPORT(accuracy)
