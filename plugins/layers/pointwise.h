/* SPDX-License-Identifier: MIT
 * pointwise.h: what layers share whose inputs and output are alike, element by element. */
#ifndef FOVEA_LAYERS_POINTWISE_H
#define FOVEA_LAYERS_POINTWISE_H

#include <fovea/plugin.h>

/* Elements of a work-group: of its one work-item, or of each where there are many. */
enum { POINTWISE_ALONE = 4096, POINTWISE_EACH = 8 };
static inline int pointwise_chunk(const FvNode *node)
{
    const int workers = fv_node_workers(node);
    return workers > 1 ? workers * POINTWISE_EACH : POINTWISE_ALONE;
}
#define POINTWISE_DEFINES(node) "#define CHUNK %d\n", pointwise_chunk(node)

/* Reals of the output, of this list's blocks. The plan has seen to it that an int can count them. */
static inline int pointwise_reals(const FvNode *node, const FvList *list)
{
    return (int) fv_shape_elements(fv_node_output(node)) * fv_node_lanes(node) * fv_list_blocks(list);
}

static inline FvGrid pointwise_grid(const FvNode *node, const FvList *list)
{
    const size_t chunk = (size_t) pointwise_chunk(node);
    return fv_node_grid(node, ((size_t) pointwise_reals(node, list) + chunk - 1) / chunk, 1, 1);
}

/* The output becomes the inputs' one shape. */
static inline gboolean pointwise_plan(FvNode *node, GError **error)
{
    const FvShape first = fv_node_input(node, 0);
    for (int i = 1; i < fv_node_inputs(node); i++) {
        const FvShape other = fv_node_input(node, i);
        if (fv_shape_equal(first, other))
            continue;
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, %s is %dx%dx%d", fv_node_input_name(node, 0),
                    first.c, first.h, first.w, fv_node_input_name(node, i), other.c, other.h, other.w);
        return FALSE;
    }
    fv_node_set_output(node, first);
    fv_node_set_flops(node, (double) fv_shape_elements(first) * (fv_node_inputs(node) - 1));
    return TRUE;
}

#endif
