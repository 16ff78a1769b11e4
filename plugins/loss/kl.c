/* SPDX-License-Identifier: MIT
 * kl: the Kullback-Leibler divergence of a distribution from the softmax of the scores. */
#include <fovea/plugin.h>

#include "kl.cl.h"

typedef struct {
    FvRef value;
    const char *target;
    gboolean logits;
    FvKernel *evaluate, *train;
} Kl;

static const FvOption options[] = {
    FV_OPT_VALUE(Kl, value, "scores, over channels"),
    FV_OPT_TARGET(Kl, target, "target", "a distribution over channels, in the shape of the value"),
    FV_OPT_BOOL(Kl, logits, TRUE, "the distribution is the value's softmax; false: the value is its logarithm already"),
    { 0 },
};

static FvKernel *judge(FvNode *node, const Kl *kl, gboolean train)
{
    const FvShape in = fv_node_input(node, 0);
    return fv_node_add_kernel(node, kl_cl, "judge",
                              "#define C %d\n#define PIXELS %d\n#define LOGITS %d\n#define TRAIN %d\n", in.c,
                              in.h * in.w, kl->logits, train);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Kl *kl = self;
    kl->evaluate = judge(node, kl, FALSE);
    if (fv_node_training(node))
        kl->train = judge(node, kl, TRUE);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Kl *kl = self;
    const int samples = fv_list_samples(list);
    const FvGrid grid = fv_node_grid(node, (size_t) fv_list_blocks(list), 1, 1);
    FvArg x = fv_buffer(fv_node_x(node, 0)), t = fv_buffer(fv_node_target(node)), n = fv_int(samples);
    FvArg result = fv_buffer(fv_node_result(node)), weight = fv_real(fv_node_weight(node));

    if (fv_list_training(list) && fv_node_dx(node, 0))
        fv_launch(list, kl->train, grid, x, t, result, fv_slot(), n, weight, fv_buffer(fv_node_dx(node, 0)),
                  fv_real(fv_node_weight(node) / samples));
    else
        fv_launch(list, kl->evaluate, grid, x, t, result, fv_slot(), n, weight);
}

static const char *const examples[] = { "kl(value)", "kl(value, target, logits=false)", NULL };

static const FvLoss kl = {
    .base = { FV_HEAD(FvLoss, Kl), .kind = FV_LOSS, .name = "kl",
              .summary = "Kullback-Leibler divergence of the target from the softmax of the scores", .options = options,
              .details =
                  "l = sum of t * (log(t) - log(q)) over all elements, where q is the softmax of x over channels "
                  "(at every pixel by itself) or, with logits=false, log(q) is x; averaged over the batch: "
                  "PyTorch's KLDivLoss with reduction=\"batchmean\", of log_softmax(x) or of x. Elements of the "
                  "target that are 0 or less count 0. Any shape.",
              .reference = "Kullback and Leibler, On information and sufficiency, 1951", .examples = examples },
    .target = FV_TARGET_VALUE,
    .build = build,
    .forward = forward,
    .link = FV_LINK_SOFTMAX, /* of logarithms, too: their exponentials add up to 1 */
};
FV_EXPORT(kl)
