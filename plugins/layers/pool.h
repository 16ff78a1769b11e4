/* SPDX-License-Identifier: MIT
 * pool.h: what pools share: options, the windows' geometry, and how those of largest values run. */
#ifndef FOVEA_LAYERS_POOL_H
#define FOVEA_LAYERS_POOL_H

#include <fovea/plugin.h>

typedef struct {
    FvSize kernel, stride, pad;
    gboolean ceil, count_include_pad;
    int winners;       /* of largest values: scratch */
    int span, columns; /* reals of a pixel, and pixels of a row, that a work-item takes */
    FvKernel *forward, *train, *backward;
} Pool;

enum { POOL_LARGEST = 1024 };
/* Steps of a work-item's innermost loops. llvmpipe ends all loops of a work-item after 65535 steps together. */
enum { POOL_STEPS = 16384 };

#define POOL_OPTIONS                                                                                                  \
    FV_OPT_SIZE(Pool, kernel, 2, 1, POOL_LARGEST, "extent of the window", .unit = "px"),                              \
        FV_OPT_SIZE(Pool, stride, 0, 0, POOL_LARGEST, "step from window to window; 0: the kernel's extent",           \
                    .unit = "px"),                                                                                    \
        FV_OPT_SIZE(Pool, pad, 0, 0, POOL_LARGEST / 2, "margin on each side, at most half the kernel", .unit = "px"), \
        FV_OPT_BOOL(Pool, ceil, FALSE, "round the output's extent up: what is left over has a window, too")

#define POOL_SHAPES                                                                                                    \
    "c x h x w becomes c x oh x ow, oh = (h + 2 pad - kernel) / stride + 1 rounded down, and ow likewise; what is "    \
    "left over on the right and below is not looked at. With ceil it is rounded up, as long as the last window still " \
    "begins within the image or the margin before it. "

/* Windows along an axis; 0 where there is none. With @ceil the last one may reach over the end of the margin, but must
 * begin in the image or in the margin before it. */
static inline int pool_extent(int in, int kernel, int stride, int pad, gboolean ceil)
{
    const int over = in + 2 * pad - kernel + (ceil ? stride - 1 : 0);
    if (over < 0)
        return 0;
    const int out = over / stride + 1;
    return ceil && (out - 1) * stride >= in + pad ? out - 1 : out;
}

/* Sets the output, fills in the stride, and splits the work. */
static inline gboolean pool_plan(FvNode *node, Pool *pool, GError **error)
{
    const FvShape in = fv_node_input(node, 0);
    const FvSize kernel = pool->kernel, pad = pool->pad;

    if (pool->stride.h == 0)
        pool->stride.h = kernel.h;
    if (pool->stride.w == 0)
        pool->stride.w = kernel.w;
    if (pad.h > kernel.h / 2 || pad.w > kernel.w / 2) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "a pad of %dx%d is more than half the kernel of %dx%d", pad.h,
                    pad.w, kernel.h, kernel.w);
        return FALSE;
    }
    const FvShape out = { in.c, pool_extent(in.h, kernel.h, pool->stride.h, pad.h, pool->ceil),
                          pool_extent(in.w, kernel.w, pool->stride.w, pad.w, pool->ceil) };
    if (out.h == 0 || out.w == 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, with its margin less than the kernel of %dx%d",
                    fv_node_input_name(node, 0), in.c, in.h, in.w, kernel.h, kernel.w);
        return FALSE;
    }
    const int pixel = in.c * fv_node_lanes(node), reals = MAX(1, POOL_STEPS / (kernel.h * kernel.w + 2));
    pool->span = MIN(pixel, reals);
    pool->columns = reals / pool->span;
    fv_node_set_output(node, out);
    fv_node_set_flops(node, (double) fv_shape_elements(out) * kernel.h * kernel.w);
    return TRUE;
}

/* Adds a kernel that writes y or dx, with the geometry as constants. */
static inline FvKernel *pool_kernel(FvNode *node, const Pool *pool, gboolean backward, const char *source,
                                    const char *name)
{
    const FvShape in = fv_node_input(node, 0), out = fv_node_output(node);
    g_autofree char *defines = g_strdup_printf(
        "#define BACKWARD %d\n#define C %d\n#define H %d\n#define W %d\n#define OH %d\n#define OW %d\n"
        "#define KH %d\n#define KW %d\n#define SH %d\n#define SW %d\n"
        "#define PH %d\n#define PW %d\n#define COUNT_PAD %d\n#define SPAN %d\n#define COLUMNS %d\n",
        backward, in.c, in.h, in.w, out.h, out.w, pool->kernel.h, pool->kernel.w, pool->stride.h, pool->stride.w,
        pool->pad.h, pool->pad.w, pool->count_include_pad, pool->span, pool->columns);
    return backward ? fv_node_add_gradient_kernel(node, 0, source, name, "%s", defines)
                    : fv_node_add_kernel(node, source, name, "%s", defines);
}

/* Over the columns, rows, and spans of blocks of the output (forward) or the input (backward); on GPUs over all reals.
 */
static inline FvGrid pool_grid(const FvNode *node, const Pool *pool, FvShape shape, const FvList *list)
{
    if (fv_node_workers(node) > 1)
        return fv_node_each(node, (size_t) (fv_shape_elements(shape) * fv_node_lanes(node) * fv_list_blocks(list)));
    const int spans = (shape.c * fv_node_lanes(node) + pool->span - 1) / pool->span;
    return FV_ITEMS((size_t) ((shape.w + pool->columns - 1) / pool->columns), (size_t) shape.h,
                    (size_t) spans * (size_t) fv_list_blocks(list));
}

/* Pools of largest values: in training, forward notes the place of each window's winner, for backward to ask. */
static inline void max_pool_forward(FvNode *node, const Pool *pool, FvList *list)
{
    const FvGrid grid = pool_grid(node, pool, fv_node_output(node), list);
    FvArg x = fv_buffer(fv_node_x(node, 0)), y = fv_buffer(fv_node_y(node)), blocks = fv_int(fv_list_blocks(list));

    if (fv_list_training(list))
        fv_launch(list, pool->train, grid, x, y, fv_buffer(fv_node_scratch(node, pool->winners)), blocks);
    else
        fv_launch(list, pool->forward, grid, x, y, blocks);
}

static inline void max_pool_backward(FvNode *node, const Pool *pool, FvList *list)
{
    if (!fv_node_dx(node, 0))
        return;
    fv_launch(list, pool->backward, pool_grid(node, pool, fv_node_input(node, 0), list),
              fv_buffer(fv_node_scratch(node, pool->winners)), fv_buffer(fv_node_dy(node)),
              fv_buffer(fv_node_dx(node, 0)), fv_int(fv_list_blocks(list)));
}

#endif
