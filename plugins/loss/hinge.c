/* SPDX-License-Identifier: MIT
 * hinge: the multiclass hinge loss: every other class is to stay below the right one by a margin. */
#include "../scores.h"

#include "hinge.cl.h"

typedef struct {
    FvRef value;
    const char *target;
    float margin;
    FvKernel *evaluate, *train;
} Hinge;

static const FvOption options[] = {
    FV_OPT_VALUE(Hinge, value, "scores, one for each class"),
    FV_OPT_TARGET(Hinge, target, "label", "the right class"),
    FV_OPT_FLOAT(Hinge, margin, 1, 0, 1e6, "by which the right class is to be ahead"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    return scores_plan(node, error);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Hinge *hinge = self;
    hinge->evaluate = scores_kernel(node, hinge_cl, "evaluate");
    if (fv_node_training(node))
        hinge->train = scores_kernel(node, hinge_cl, "train");
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Hinge *hinge = self;
    const int samples = fv_list_samples(list);
    FvArg x = fv_buffer(fv_node_x(node, 0)), label = fv_buffer(fv_node_target(node)), n = fv_int(samples);
    FvArg margin = fv_real((double) hinge->margin);

    fv_launch(list, hinge->evaluate, scores_grid(node, list), x, label, fv_buffer(fv_node_result(node)), fv_slot(), n,
              margin, fv_real(fv_node_weight(node)));
    if (fv_list_training(list) && fv_node_dx(node, 0))
        fv_launch(list, hinge->train, scores_grid(node, list), x, label, fv_buffer(fv_node_dx(node, 0)), n, margin,
                  fv_real(fv_node_weight(node) / samples));
}

static const char *const examples[] = { "hinge(value)", "hinge(value, label, margin=0.3)", NULL };

static const FvLoss hinge = {
    .base = { FV_HEAD(FvLoss, Hinge), .kind = FV_LOSS, .name = "hinge",
              .summary = "multiclass hinge loss: the right class is to be ahead by a margin", .options = options,
              .details =
                  "l = sum of max(0, x[j] - x[label] + margin) over all other classes j, x a vector of one "
                  "score for each class. A label that is no class gives a loss that is not a number, and no "
                  "gradient.\n\n"
                  "Backward: dx[j] = 1 where x[j] - x[label] + margin is above 0, dx[label] = minus the number of "
                  "these, all others 0.",
              .reference = "Weston and Watkins, Support vector machines for multi-class pattern recognition, 1999",
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = plan,
    .build = build,
    .forward = forward,
};
FV_EXPORT(hinge)
