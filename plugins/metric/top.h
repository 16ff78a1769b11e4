/* SPDX-License-Identifier: MIT
 * top.h: what accuracy and topk share: whether the right class is among the highest scores. */
#ifndef FOVEA_METRIC_TOP_H
#define FOVEA_METRIC_TOP_H

#include "../scores.h"

#include "top.cl.h"

static inline FvKernel *top_kernel(FvNode *node)
{
    const FvShape in = fv_node_input(node, 0);
    return fv_node_add_kernel(node, top_cl, "evaluate", "#define C %d\n#define PIXELS %d\n#define LANES %d\n", in.c,
                              in.h * in.w, scores_lanes(node));
}

static inline void top_forward(FvNode *node, FvKernel *kernel, int top, FvList *list)
{
    fv_launch(list, kernel, scores_groups(node, list), fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_target(node)),
              fv_buffer(fv_node_result(node)), fv_slot(), fv_int(fv_list_samples(list)), fv_int(top));
}

#define TOP_DETAILS(name_)                                                                                             \
    "1 where the label is among the " name_                                                                            \
    " highest scores, else 0. Of equal scores the first is taken for the "                                             \
    "higher one. A score that is not a number, or a label that is no class, counts as wrong. The value has one score " \
    "for each class; a single score is that of class 1 beside class 0, above 0 or not. Where it has height and "       \
    "width, there is a class for each pixel, and the mean over pixels is taken."

#endif
