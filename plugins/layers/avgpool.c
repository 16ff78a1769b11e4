/* SPDX-License-Identifier: MIT
 * avgpool: the mean of each window. */
#include "pool.h"

#include "avgpool.cl.h"

static const FvOption options[] = {
    POOL_OPTIONS,
    FV_OPT_BOOL(Pool, count_include_pad, TRUE, "the margin counts as zeros; false: the mean of the image's own values"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    return pool_plan(node, self, error);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Pool *pool = self;
    pool->forward = pool_kernel(node, pool, FALSE, avgpool_cl, "forward");
    if (fv_node_training(node))
        pool->backward = pool_kernel(node, pool, TRUE, avgpool_cl, "backward");
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Pool *pool = self;
    fv_launch(list, pool->forward, pool_grid(node, pool, fv_node_output(node), list), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_y(node)), fv_int(fv_list_blocks(list)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Pool *pool = self;
    if (!fv_node_dx(node, 0))
        return;
    fv_launch(list, pool->backward, pool_grid(node, pool, fv_node_input(node, 0), list), fv_buffer(fv_node_dy(node)),
              fv_buffer(fv_node_dx(node, 0)), fv_int(fv_list_blocks(list)));
}

static const char *const examples[] = { "avgpool",
                                        "avgpool(3, stride=2, pad=1)",
                                        "avgpool(3, stride=1, pad=1)",
                                        "avgpool([2, 3], stride=[3, 1], pad=[1, 0])",
                                        "avgpool(1, stride=3)",
                                        "avgpool(3, stride=2, ceil=true)",
                                        "avgpool([4, 3], stride=[3, 2], pad=1, ceil=true)",
                                        "avgpool(3, stride=2, pad=1, count_include_pad=false)",
                                        NULL };

static const FvLayer avgpool = {
    .base = { FV_HEAD(FvLayer, Pool), .kind = FV_LAYER, .name = "avgpool", .summary = "the mean of each window",
              .options = options,
              .details = POOL_SHAPES
              "The margin counts as zeros: the sum is divided by the extent of the whole window, as far as it "
              "lies in the image and its margin; with count_include_pad=false by that of the "
              "part in the image.\n\n"
              "Backward: dx = sum of dy / that number of pixels over the windows that the pixel is in.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(avgpool)
