/* SPDX-License-Identifier: MIT
 * maxpool: the largest value of each window. */
#include "pool.h"

#include "maxpool.cl.h"

static const FvOption options[] = { POOL_OPTIONS, { 0 } };

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Pool *pool = self;
    if (!pool_plan(node, pool, error))
        return FALSE;
    if (fv_node_training(node))
        pool->winners = fv_node_add_scratch(node, fv_node_elements(node, fv_node_output(node)), FV_LIFE_STEP);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Pool *pool = self;
    pool->forward = pool_kernel(node, pool, FALSE, maxpool_cl, "forward");
    if (fv_node_training(node)) {
        pool->train = pool_kernel(node, pool, FALSE, maxpool_cl, "train");
        pool->backward = pool_kernel(node, pool, TRUE, maxpool_cl, "backward");
    }
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    max_pool_forward(node, self, list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    max_pool_backward(node, self, list);
}

static const char *const examples[] = { "maxpool",
                                        "maxpool(3, stride=2, pad=1)",
                                        "maxpool(3, stride=1, pad=1)",
                                        "maxpool([2, 3], stride=[3, 1], pad=[1, 0])",
                                        "maxpool(1, stride=3)",
                                        "maxpool(3, stride=2, ceil=true)",
                                        "maxpool([4, 3], stride=[3, 2], pad=1, ceil=true)",
                                        NULL };

static const FvLayer maxpool = {
    .base = { FV_HEAD(FvLayer, Pool), .kind = FV_LAYER, .name = "maxpool",
              .summary = "the largest value of each window", .options = options,
              .details =
                  POOL_SHAPES "The margin never wins.\n\n"
                              "Backward: dx = sum of dy over the windows in which the pixel is the largest: the first "
                              "one, row by row, where several are equal.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(maxpool)
