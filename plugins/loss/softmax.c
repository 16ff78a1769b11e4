/* SPDX-License-Identifier: MIT
 * softmax: cross-entropy of the class and the softmax of the scores. */
#include "../scores.h"

#include "softmax.cl.h"

typedef struct {
    FvRef value;
    const char *target;
    float smoothing;
    FvFloats weight;
    FvKernel *evaluate, *train;
} Softmax;

static const FvOption options[] = {
    FV_OPT_VALUE(Softmax, value, "scores, one for each class: the net before any softmax"),
    FV_OPT_TARGET(Softmax, target, "label", "the right class"),
    FV_OPT_FLOAT(Softmax, smoothing, 0, 0, 1, "share of the target that is spread over all classes alike"),
    FV_OPT_FLOATS(Softmax, weight, 1, 0, 1e6, "what a sample counts: one number, or one for each class"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    const Softmax *softmax = self;
    const int classes = fv_node_input(node, 0).c;
    if (softmax->weight.count == 1 || softmax->weight.count == classes)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%d weights for %d classes", softmax->weight.count, classes);
    return FALSE;
}

static double weight_of(const Softmax *softmax, int class)
{
    return (double) softmax->weight.values[softmax->weight.count > 1 ? class : 0];
}

static FvKernel *judge(FvNode *node, const Softmax *softmax, gboolean train)
{
    const FvShape in = fv_node_input(node, 0);
    const int classes = in.c;
    g_autoptr(GString) weights = g_string_new(NULL);
    double total = 0;
    gboolean weighted = FALSE;
    for (int c = 0; c < classes; c++) {
        g_string_append_printf(weights, "%s%.9g", c ? ", " : "", weight_of(softmax, c));
        total += weight_of(softmax, c);
        weighted |= weight_of(softmax, c) != 1;
    }
    return fv_node_add_kernel(
        node, softmax_cl, "judge",
        "#define C %d\n#define PIXELS %d\n#define LANES %d\n#define TRAIN %d\n#define SMOOTHING ((real)%.9g)\n"
        "#define WEIGHTED %d\n#define WEIGHTS %s\n#define TOTAL ((real)%.17g)\n",
        classes, in.h * in.w, scores_lanes(node), train, (double) softmax->smoothing, weighted,
        weighted ? weights->str : "", total);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Softmax *softmax = self;
    softmax->evaluate = judge(node, softmax, FALSE);
    if (fv_node_training(node))
        softmax->train = judge(node, softmax, TRUE);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Softmax *softmax = self;
    const int samples = fv_list_samples(list);
    FvArg x = fv_buffer(fv_node_x(node, 0)), label = fv_buffer(fv_node_target(node));
    FvArg result = fv_buffer(fv_node_result(node)), n = fv_int(samples), weight = fv_real(fv_node_weight(node));

    if (fv_list_training(list) && fv_node_dx(node, 0))
        fv_launch(list, softmax->train, scores_groups(node, list), x, label, result, fv_slot(), n, weight,
                  fv_buffer(fv_node_dx(node, 0)), fv_real(fv_node_weight(node) / samples));
    else
        fv_launch(list, softmax->evaluate, scores_groups(node, list), x, label, result, fv_slot(), n, weight);
}

static const char *const examples[] = { "softmax(value)",
                                        "softmax(value, label)",
                                        "softmax(value, smoothing=0.2)",
                                        "softmax(value, smoothing=0.1, weight=[1, 2, 0.5, 0, 3, 0.7])",
                                        "softmax(value, weight=2.5)",
                                        NULL };

static const FvLoss softmax = {
    .base = { FV_HEAD(FvLoss, Softmax), .kind = FV_LOSS, .name = "softmax",
              .summary = "cross-entropy of the class and the softmax of the scores", .options = options,
              .details =
                  "l = log(sum of exp(x[j]) over all classes j) - x[label], x a vector of one score for each "
                  "class, averaged over the batch. With smoothing the target is 1 - smoothing at the label and "
                  "smoothing / C at each of the C classes besides, as PyTorch's label_smoothing. With weight, what "
                  "the target says of a class counts so many times; the sum is divided by the samples, not by "
                  "their weights (PyTorch's reduction=\"sum\", divided by the samples). A label that is no class "
                  "gives a loss that is not a number, and no gradient.",
              .reference = "smoothing: Szegedy et al., Rethinking the inception architecture for computer vision, 2016",
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = plan,
    .build = build,
    .forward = forward,
    .link = FV_LINK_SOFTMAX,
    .pixels = TRUE,
};
FV_EXPORT(softmax)
