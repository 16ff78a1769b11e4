/* SPDX-License-Identifier: MIT
 * softmax: cross-entropy of the class and the softmax of the scores. */
#include "../scores.h"

#include "softmax.cl.h"

typedef struct {
    FvRef value;
    const char *target;
    FvKernel *evaluate, *train;
} Softmax;

static const FvOption options[] = {
    FV_OPT_VALUE(Softmax, value, "scores, one for each class: the net before any softmax"),
    FV_OPT_TARGET(Softmax, target, "label", "the right class"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    return scores_plan(node, error);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Softmax *softmax = self;
    softmax->evaluate = scores_kernel(node, softmax_cl, "evaluate");
    if (fv_node_training(node))
        softmax->train = scores_kernel(node, softmax_cl, "train");
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Softmax *softmax = self;
    const int samples = fv_list_samples(list);
    FvArg x = fv_buffer(fv_node_x(node, 0)), label = fv_buffer(fv_node_target(node));
    FvArg result = fv_buffer(fv_node_result(node)), n = fv_int(samples), weight = fv_real(fv_node_weight(node));

    if (fv_list_training(list) && fv_node_dx(node, 0))
        fv_launch(list, softmax->train, scores_grid(node, list), x, label, result, fv_slot(), n, weight,
                  fv_buffer(fv_node_dx(node, 0)), fv_real(fv_node_weight(node) / samples));
    else
        fv_launch(list, softmax->evaluate, scores_grid(node, list), x, label, result, fv_slot(), n, weight);
}

static const char *const examples[] = { "softmax(value)", "softmax(value, label)", NULL };

static const FvLoss softmax = {
    .base = { FV_HEAD(FvLoss, Softmax), .kind = FV_LOSS, .name = "softmax",
              .summary = "cross-entropy of the class and the softmax of the scores", .options = options,
              .details = "l = log(sum of exp(x[j]) over all classes j) - x[label], x a vector of one score for each "
                         "class. A label that is no class gives a loss that is not a number, and no gradient.",
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = plan,
    .build = build,
    .forward = forward,
    .link = FV_LINK_SOFTMAX,
};
FV_EXPORT(softmax)
