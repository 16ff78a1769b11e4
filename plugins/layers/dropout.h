/* SPDX-License-Identifier: MIT
 * dropout.h: the kernels of dropout.cl, for layers that are dropout, or have it between their parts. */
#ifndef FOVEA_LAYERS_DROPOUT_H
#define FOVEA_LAYERS_DROPOUT_H

#include "drop_scale.h"

#include "dropout.cl.h"

/* Groups of four elements, which share the words of one call of the generator, that a work-item takes: a multiple of
 * the groups that it takes at once. */
enum { DROPOUT_GROUPS = 64 };

/** Of values of @shape; @stream tells random streams apart. g_free() it. */
static inline char *dropout_defines(unsigned stream, FvShape shape, float rate, int scale)
{
    g_autofree char *chance = drop_stream_defines(stream, rate, scale);
    return g_strdup_printf("%s#define C %d\n#define PIXELS %d\n#define SOME_GROUPS %d\n", chance, shape.c,
                           shape.h * shape.w, DROPOUT_GROUPS);
}

static inline FvGrid dropout_grid(const FvNode *node, FvShape shape, const FvList *list)
{
    if (fv_node_workers(node) > 1)
        return fv_node_each(node, (size_t) (fv_shape_elements(shape) * fv_node_lanes(node) * fv_list_blocks(list)));
    const size_t groups = ((size_t) fv_shape_elements(shape) + 3) / 4;
    return FV_ITEMS((groups + DROPOUT_GROUPS - 1) / DROPOUT_GROUPS, (size_t) fv_list_blocks(list));
}

#endif
