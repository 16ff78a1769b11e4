/* SPDX-License-Identifier: MIT
 * scores.h: what layers, losses and metrics share that look at one score for each class. */
#ifndef FOVEA_SCORES_H
#define FOVEA_SCORES_H

#include <fovea/plugin.h>

/* Scores that a work-item takes, a few times over; llvmpipe ends all its loops after 65535 steps together. */
enum { SCORES_TAKEN = 8192 };

/* The lanes of a block that a work-item takes, with all their scores. */
static inline int scores_lanes(const FvNode *node)
{
    int lanes = fv_node_lanes(node);
    while (lanes % 2 == 0 && (gint64) fv_node_input(node, 0).c * lanes > SCORES_TAKEN)
        lanes /= 2;
    return lanes;
}

/* For losses and metrics: the value is a vector. */
static inline gboolean scores_plan(FvNode *node, GError **error)
{
    const FvShape in = fv_node_input(node, 0);
    if (in.h == 1 && in.w == 1)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, not a vector of scores, one for each class",
                fv_node_input_name(node, 0), in.c, in.h, in.w);
    return FALSE;
}

static inline FvKernel *scores_kernel(FvNode *node, const char *source, const char *name)
{
    return fv_node_add_kernel(node, source, name, "#define C %d\n#define LANES %d\n", fv_node_input(node, 0).c,
                              scores_lanes(node));
}

/* One work-group for LANES samples. */
static inline FvGrid scores_groups(const FvNode *node, const FvList *list)
{
    return fv_node_grid(node, (size_t) fv_list_blocks(list) * (size_t) (fv_node_lanes(node) / scores_lanes(node)), 1,
                        1);
}

/* One work-item for LANES samples. */
static inline FvGrid scores_grid(const FvNode *node, const FvList *list)
{
    return FV_ITEMS((size_t) fv_list_blocks(list) * (size_t) (fv_node_lanes(node) / scores_lanes(node)));
}

#endif
