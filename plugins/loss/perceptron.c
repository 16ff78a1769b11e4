/* SPDX-License-Identifier: MIT
 * perceptron: by how much the best wrong class is ahead of the right one; nothing where it is behind. */
#include "../scores.h"

#include "perceptron.cl.h"

typedef struct {
    FvRef value;
    const char *target;
    FvKernel *evaluate, *train;
} Perceptron;

static const FvOption options[] = {
    FV_OPT_VALUE(Perceptron, value, "scores, one for each class; or one for two classes"),
    FV_OPT_TARGET(Perceptron, target, "label", "the right class"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    return scores_plan(node, error);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Perceptron *perceptron = self;
    perceptron->evaluate = scores_kernel(node, perceptron_cl, "evaluate");
    if (fv_node_training(node))
        perceptron->train = scores_kernel(node, perceptron_cl, "train");
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Perceptron *perceptron = self;
    const int samples = fv_list_samples(list);
    FvArg x = fv_buffer(fv_node_x(node, 0)), label = fv_buffer(fv_node_target(node)), n = fv_int(samples);

    fv_launch(list, perceptron->evaluate, scores_grid(node, list), x, label, fv_buffer(fv_node_result(node)), fv_slot(),
              n, fv_real(fv_node_weight(node)));
    if (fv_list_training(list) && fv_node_dx(node, 0))
        fv_launch(list, perceptron->train, scores_grid(node, list), x, label, fv_buffer(fv_node_dx(node, 0)), n,
                  fv_real(fv_node_weight(node) / samples));
}

static const char *const examples[] = { "perceptron(value)", "perceptron(value, label)", NULL };

static const FvLoss perceptron = {
    .base = { FV_HEAD(FvLoss, Perceptron), .kind = FV_LOSS, .name = "perceptron",
              .summary = "perceptron loss: the right class is to be ahead, by however little", .options = options,
              .details =
                  "With a vector of one score for each class, l = max(0, x[j] - x[label]), j the best class but the "
                  "label. A sample is misclassified where x[j] >= x[label]: the derivative is then 1 for x[j] and -1 "
                  "for x[label], at equal scores too, so that weights may begin with zeros; else it is 0. With a "
                  "single score, for two classes, l = max(0, -y x), with y = 1 for class 1 and y = -1 for class 0, and "
                  "the derivative is -y where y x <= 0. With dense(1, init=zeros), sgd(rate=1) and batch = 1 that is "
                  "the perceptron's own rule: w becomes w + y x for each sample that is misclassified, and stays for "
                  "others; it comes to an end where a line tells the classes apart. A label that is no class gives a "
                  "loss that is not a number, and no gradient.",
              .reference = "Rosenblatt, The perceptron, 1958; Crammer and Singer, Ultraconservative online algorithms "
                           "for multiclass problems, 2003",
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = plan,
    .build = build,
    .forward = forward,
    .binary = TRUE,
};
FV_EXPORT(perceptron)
