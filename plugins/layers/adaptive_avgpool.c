/* SPDX-License-Identifier: MIT
 * adaptive_avgpool: means of windows that are laid so that the output has a given extent. */
#include "pool.h"

#include "adaptive_avgpool.cl.h"

typedef struct {
    Pool pool; /* for the split of the work; its kernel is the largest window */
    FvSize size;
} AdaptivePool;

static const FvOption options[] = {
    FV_OPT_SIZE(AdaptivePool, size, 1, 1, POOL_LARGEST, "extent of the output", .unit = "px"),
    { 0 },
};

/* Pixels that a window spans at most: going backward, outputs that a pixel is in. */
static int largest(int from, int to)
{
    return from / to + 2;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    AdaptivePool *layer = self;
    Pool *pool = &layer->pool;
    const FvShape in = fv_node_input(node, 0), out = { in.c, layer->size.h, layer->size.w };
    const int window = MAX(largest(in.h, out.h) * largest(in.w, out.w), largest(out.h, in.h) * largest(out.w, in.w));
    const int pixel = in.c * fv_node_lanes(node), reals = MAX(1, POOL_STEPS / (window + 2));

    pool->span = MIN(pixel, reals);
    pool->columns = reals / pool->span;
    fv_node_set_output(node, out);
    fv_node_set_flops(node, (double) MAX(fv_shape_elements(in), fv_shape_elements(out)));
    if (fv_shape_equal(in, out))
        fv_node_pass_through(node);
    return TRUE;
}

static FvKernel *add_kernel(FvNode *node, const Pool *pool, gboolean backward)
{
    const FvShape in = fv_node_input(node, 0), out = fv_node_output(node);
    g_autofree char *defines = g_strdup_printf(
        "#define BACKWARD %d\n#define C %d\n#define H %d\n#define W %d\n"
        "#define OH %d\n#define OW %d\n#define SPAN %d\n#define COLUMNS %d\n",
        backward, in.c, in.h, in.w, out.h, out.w, pool->span, pool->columns);
    return backward ? fv_node_add_gradient_kernel(node, 0, adaptive_avgpool_cl, "backward", "%s", defines)
                    : fv_node_add_kernel(node, adaptive_avgpool_cl, "forward", "%s", defines);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Pool *pool = &((AdaptivePool *) self)->pool;
    pool->forward = add_kernel(node, pool, FALSE);
    if (fv_node_training(node))
        pool->backward = add_kernel(node, pool, TRUE);
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
              .details =
                  "c x h x w becomes c x size, whatever h and w are: output i of n along a side of h pixels is the "
                  "mean of those from i * h / n rounded down to (i + 1) * h / n rounded up, and so across. Windows "
                  "may share pixels; where n is larger than h, pixels are repeated.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(adaptive_avgpool)
