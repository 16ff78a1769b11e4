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
    const Pool *pool = self;
    const FvGrid grid = pool_grid(node, pool, fv_node_output(node), list);
    FvArg x = fv_buffer(fv_node_x(node, 0)), y = fv_buffer(fv_node_y(node)), blocks = fv_int(fv_list_blocks(list));

    if (fv_list_training(list))
        fv_launch(list, pool->train, grid, x, y, fv_buffer(fv_node_scratch(node, pool->winners)), blocks);
    else
        fv_launch(list, pool->forward, grid, x, y, blocks);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Pool *pool = self;
    if (!fv_node_dx(node, 0))
        return;
    fv_launch(list, pool->backward, pool_grid(node, pool, fv_node_input(node, 0), list),
              fv_buffer(fv_node_scratch(node, pool->winners)), fv_buffer(fv_node_dy(node)),
              fv_buffer(fv_node_dx(node, 0)), fv_int(fv_list_blocks(list)));
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
              .details = POOL_SHAPES
              "The margin never wins. "
              "The gradient goes to the largest value of the window, to the first one, row by row, where "
              "several are equal.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(maxpool)
