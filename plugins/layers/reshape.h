/* SPDX-License-Identifier: MIT
 * reshape.h: what flatten and reshape share: the same numbers, in C, H, W order, as a value of another shape. */
#ifndef FOVEA_LAYERS_RESHAPE_H
#define FOVEA_LAYERS_RESHAPE_H

#include <fovea/plugin.h>

/* A work-item takes so many channels, and so many reals. */
enum { RESHAPE_CHANNELS = 16, RESHAPE_REALS = 8192 };

typedef struct {
    FvKernel *forward, *backward;
} Reshape;

/* Work is split by the shape that has more pixels: a run of its channels lies together, and so do, in the other shape,
 * those of its pixels. */
static inline FvShape reshape_tiled(const FvNode *node)
{
    const FvShape in = fv_node_input(node, 0), out = fv_node_output(node);
    return in.h * in.w >= out.h * out.w ? in : out;
}

static inline int reshape_pixels(const FvNode *node)
{
    return MAX(1, RESHAPE_REALS / (RESHAPE_CHANNELS * fv_node_lanes(node)));
}

static inline FvKernel *reshape_kernel(FvNode *node, const char *source, gboolean backward)
{
    const FvShape in = fv_node_input(node, 0), out = fv_node_output(node);
    const FvShape from = backward ? out : in, to = backward ? in : out;
    g_autofree char *defines = g_strdup_printf(
        "#define BACKWARD %d\n#define FROM_C %d\n#define FROM_PIXELS %d\n#define TO_C %d\n"
        "#define TO_PIXELS %d\n#define SOME_CHANNELS %d\n#define SOME_PIXELS %d\n",
        backward, from.c, from.h * from.w, to.c, to.h * to.w, RESHAPE_CHANNELS, reshape_pixels(node));
    return backward ? fv_node_add_gradient_kernel(node, 0, source, "backward", "%s", defines)
                    : fv_node_add_kernel(node, source, "forward", "%s", defines);
}

static inline void reshape_build(FvNode *node, Reshape *reshape, const char *source)
{
    reshape->forward = reshape_kernel(node, source, FALSE);
    if (fv_node_training(node))
        reshape->backward = reshape_kernel(node, source, TRUE);
}

static inline void reshape_launch(FvNode *node, FvKernel *kernel, FvBuffer *from, FvBuffer *to, FvList *list)
{
    const FvShape tiled = reshape_tiled(node);
    const int pixels = reshape_pixels(node);
    FvGrid grid;
    if (fv_node_workers(node) > 1)
        grid = fv_node_each(node, (size_t) (fv_shape_elements(tiled) * fv_node_lanes(node) * fv_list_blocks(list)));
    else
        grid = FV_ITEMS((size_t) ((tiled.h * tiled.w + pixels - 1) / pixels),
                        (size_t) ((tiled.c + RESHAPE_CHANNELS - 1) / RESHAPE_CHANNELS), (size_t) fv_list_blocks(list));
    fv_launch(list, kernel, grid, fv_buffer(from), fv_buffer(to), fv_int(fv_list_blocks(list)));
}

static inline void reshape_forward(FvNode *node, const Reshape *reshape, FvList *list)
{
    reshape_launch(node, reshape->forward, fv_node_x(node, 0), fv_node_y(node), list);
}

static inline void reshape_backward(FvNode *node, const Reshape *reshape, FvList *list)
{
    if (fv_node_dx(node, 0))
        reshape_launch(node, reshape->backward, fv_node_dy(node), fv_node_dx(node, 0), list);
}

#endif
