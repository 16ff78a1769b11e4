/* SPDX-License-Identifier: MIT
 * accuracy: the share of samples whose class has the highest score, or one of the k highest. */
#include "../scores.h"

#include "accuracy.cl.h"

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

static gboolean plan(FvNode *node, void *self, GError **error)
{
    return scores_plan(node, error);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Accuracy *accuracy = self;
    accuracy->evaluate = scores_kernel(node, accuracy_cl, "evaluate");
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Accuracy *accuracy = self;
    fv_launch(list, accuracy->evaluate, scores_grid(node, list), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_target(node)), fv_buffer(fv_node_result(node)), fv_slot(),
              fv_int(fv_list_samples(list)), fv_int(accuracy->top));
}

static const char *const examples[] = { "accuracy(value)", "accuracy(value, label, top=3)", NULL };

static const FvMetric accuracy = {
    .base = { FV_HEAD(FvMetric, Accuracy), .kind = FV_METRIC, .name = "accuracy",
              .summary = "share of samples whose class has the highest score", .options = options,
              .details = "1 where the label is among the `top` highest scores, else 0. Of equal scores the first is "
                         "taken for the higher one. A score that is not a number, or a label that is no class, counts "
                         "as wrong. The value is a vector of one score for each class.",
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = plan,
    .build = build,
    .forward = forward,
};
FV_EXPORT(accuracy)
