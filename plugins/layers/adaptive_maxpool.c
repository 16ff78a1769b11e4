/* SPDX-License-Identifier: MIT
 * adaptive_maxpool: the largest value of windows that are laid so that the output has a given extent. */
#include "adaptive.h"

#include "adaptive_maxpool.cl.h"

static const FvOption options[] = { ADAPTIVE_OPTIONS, { 0 } };

enum { LARGEST_WINDOW = 1 << 24 }; /* places in it are kept as reals: floats count so far */

static gboolean plan(FvNode *node, void *self, GError **error)
{
    AdaptivePool *layer = self;
    const FvShape in = fv_node_input(node, 0);
    if ((gint64) adaptive_largest(in.h, layer->size.h) * adaptive_largest(in.w, layer->size.w) > LARGEST_WINDOW) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d: windows of more than %d pixels",
                    fv_node_input_name(node, 0), in.c, in.h, in.w, LARGEST_WINDOW);
        return FALSE;
    }
    adaptive_plan(node, layer);
    if (fv_node_training(node))
        layer->pool.winners = fv_node_add_scratch(node, fv_node_elements(node, fv_node_output(node)), FV_LIFE_STEP);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Pool *pool = &((AdaptivePool *) self)->pool;
    pool->forward = adaptive_kernel(node, pool, FALSE, adaptive_maxpool_cl, "forward");
    if (fv_node_training(node)) {
        pool->train = adaptive_kernel(node, pool, FALSE, adaptive_maxpool_cl, "train");
        pool->backward = adaptive_kernel(node, pool, TRUE, adaptive_maxpool_cl, "backward");
    }
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    max_pool_forward(node, &((const AdaptivePool *) self)->pool, list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    max_pool_backward(node, &((const AdaptivePool *) self)->pool, list);
}

static const char *const examples[] = { "adaptive_maxpool", "adaptive_maxpool(2)", "adaptive_maxpool([3, 11])", NULL };

static const FvLayer adaptive_maxpool = {
    .base = { FV_HEAD(FvLayer, AdaptivePool), .kind = FV_LAYER, .name = "adaptive_maxpool",
              .summary = "the largest value of windows that are laid so that the output has a given extent",
              .options = options,
              .details =
                  "c x h x w becomes c x size, whatever h and w are: y[i] of n along a side of h pixels is the largest "
                  "of " ADAPTIVE_SHAPES "\n\n"
                  "Backward: dx = sum of dy over the windows in which the pixel is the largest; the first one, row by "
                  "row, where several are equal.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(adaptive_maxpool)
