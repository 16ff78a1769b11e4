/* SPDX-License-Identifier: MIT
 * adaptive.h: what adaptive_avgpool and adaptive_maxpool share: windows that are laid so that the output has a given
 * extent. */
#ifndef FOVEA_LAYERS_ADAPTIVE_H
#define FOVEA_LAYERS_ADAPTIVE_H

#include "pool.h"

typedef struct {
    Pool pool; /* for the split of the work */
    FvSize size;
} AdaptivePool;

#define ADAPTIVE_OPTIONS FV_OPT_SIZE(AdaptivePool, size, 1, 1, POOL_LARGEST, "extent of the output", .unit = "px")

#define ADAPTIVE_SHAPES                                                                                          \
    "those from i * h / n rounded down to (i + 1) * h / n rounded up, and so across. Windows may share pixels; " \
    "where n is larger than h, pixels are repeated."

/* Pixels that a window spans at most: going backward, outputs that a pixel is in. */
static inline int adaptive_largest(int from, int to)
{
    return from / to + 2;
}

/* Sets the output, and splits the work. */
static inline void adaptive_plan(FvNode *node, AdaptivePool *layer)
{
    Pool *pool = &layer->pool;
    const FvShape in = fv_node_input(node, 0), out = { in.c, layer->size.h, layer->size.w };
    const int window = MAX(adaptive_largest(in.h, out.h) * adaptive_largest(in.w, out.w),
                           adaptive_largest(out.h, in.h) * adaptive_largest(out.w, in.w));
    const int pixel = in.c * fv_node_lanes(node), reals = MAX(1, POOL_STEPS / (window + 2));

    pool->span = MIN(pixel, reals);
    pool->columns = reals / pool->span;
    fv_node_set_output(node, out);
    fv_node_set_flops(node, (double) MAX(fv_shape_elements(in), fv_shape_elements(out)));
    if (fv_shape_equal(in, out))
        fv_node_pass_through(node);
}

/* Adds a kernel that writes y or dx, with the geometry as constants. BEGIN, END: the window of place o among `to`
 * places over `from` others. It is its own inverse: the outputs whose windows hold a pixel of the input are those of
 * that pixel's window over the output. */
static inline FvKernel *adaptive_kernel(FvNode *node, const Pool *pool, gboolean backward, const char *source,
                                        const char *name)
{
    const FvShape in = fv_node_input(node, 0), out = fv_node_output(node);
    g_autofree char *defines = g_strdup_printf(
        "#define BACKWARD %d\n#define C %d\n#define H %d\n#define W %d\n"
        "#define OH %d\n#define OW %d\n#define SPAN %d\n#define COLUMNS %d\n"
        "#define BEGIN(o, from, to) ((o) * (from) / (to))\n"
        "#define END(o, from, to) ((((o) + 1) * (from) + (to) - 1) / (to))\n"
        "#define EXTENT(o, from, to) (END(o, from, to) - BEGIN(o, from, to))\n",
        backward, in.c, in.h, in.w, out.h, out.w, pool->span, pool->columns);
    return backward ? fv_node_add_gradient_kernel(node, 0, source, name, "%s", defines)
                    : fv_node_add_kernel(node, source, name, "%s", defines);
}

#endif
