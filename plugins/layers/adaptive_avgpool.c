/* SPDX-License-Identifier: MIT
 * adaptive_avgpool: means of windows that are laid so that the output has a given extent. */
#include "adaptive.h"

#include "adaptive_avgpool.cl.h"

static const FvOption options[] = { ADAPTIVE_OPTIONS, { 0 } };

static gboolean plan(FvNode *node, void *self, GError **error)
{
    adaptive_plan(node, self);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Pool *pool = &((AdaptivePool *) self)->pool;
    pool->forward = adaptive_kernel(node, pool, FALSE, adaptive_avgpool_cl, "forward");
    if (fv_node_training(node))
        pool->backward = adaptive_kernel(node, pool, TRUE, adaptive_avgpool_cl, "backward");
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Pool *pool = &((const AdaptivePool *) self)->pool;
    fv_launch(list, pool->forward, pool_grid(node, pool, fv_node_output(node), list), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_y(node)), fv_int(fv_list_blocks(list)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Pool *pool = &((const AdaptivePool *) self)->pool;
    if (!fv_node_dx(node, 0))
        return;
    fv_launch(list, pool->backward, pool_grid(node, pool, fv_node_input(node, 0), list), fv_buffer(fv_node_dy(node)),
              fv_buffer(fv_node_dx(node, 0)), fv_int(fv_list_blocks(list)));
}

static const char *const examples[] = { "adaptive_avgpool", "adaptive_avgpool(2)", "adaptive_avgpool([3, 11])", NULL };

static const FvLayer adaptive_avgpool = {
    .base = { FV_HEAD(FvLayer, AdaptivePool), .kind = FV_LAYER, .name = "adaptive_avgpool",
              .summary = "means of windows that are laid so that the output has a given extent", .options = options,
              .details = "c x h x w becomes c x size, whatever h and w are: y[i] of n along a side of h pixels is the "
                         "mean of " ADAPTIVE_SHAPES "\n\n"
                         "Backward: dx = sum of dy / the pixels of its window, over the windows that hold the pixel.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(adaptive_avgpool)
