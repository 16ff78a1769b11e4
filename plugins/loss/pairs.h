/* SPDX-License-Identifier: MIT
 * pairs.h: what losses share that compare all samples of a batch with each other, by their distances. */
#ifndef FOVEA_LOSS_PAIRS_H
#define FOVEA_LOSS_PAIRS_H

#include <fovea/plugin.h>

#include "pairs.cl.h"

/* Kernels and scratch: kept in the loss's state. */
typedef struct {
    int distance, slope; /* scratch, N x N */
    FvKernel *distances, *factors, *gradient;
} Pairs;

static inline void pairs_plan(FvNode *node, Pairs *pairs)
{
    const gint64 batch = fv_node_batch(node);
    pairs->distance = fv_node_add_scratch(node, batch * batch, FV_LIFE_CALL);
    if (fv_node_training(node))
        pairs->slope = fv_node_add_scratch(node, batch * batch, FV_LIFE_CALL);
}

static inline FvKernel *pairs_kernel(FvNode *node, const char *name, gboolean squared)
{
    return fv_node_add_kernel(node, pairs_cl, name, "#define ELEMENTS %d\n#define SQUARED %d\n",
                              (int) fv_shape_elements(fv_node_input(node, 0)), squared);
}

static inline void pairs_build(FvNode *node, Pairs *pairs, gboolean squared)
{
    pairs->distances = pairs_kernel(node, "distances", squared);
    if (!fv_node_training(node))
        return;
    pairs->factors = pairs_kernel(node, "factors", squared);
    pairs->gradient = pairs_kernel(node, "gradient", squared);
}

static inline gboolean pairs_training(const FvNode *node, const FvList *list)
{
    return fv_list_training(list) && fv_node_dx(node, 0);
}

/* Distances of all pairs, which are in pairs->distance then: row by row for each sample. */
static inline void pairs_measure(FvNode *node, const Pairs *pairs, FvList *list)
{
    fv_launch(list, pairs->distances, fv_node_grid(node, (size_t) fv_list_blocks(list), 1, 1),
              fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_scratch(node, pairs->distance)),
              fv_int(fv_list_samples(list)));
}

/* The loss's own kernel, a work-group for each sample: writes its loss and, in training, into pairs->slope the
 * derivatives of that loss by its distances from the others.
 * Parameters: distance, label, result, slot, n, weight, margin, and in training slope. */
static inline void pairs_judge(FvNode *node, const Pairs *pairs, FvList *list, FvKernel *evaluate, FvKernel *train,
                               double margin)
{
    const int samples = fv_list_samples(list);
    const FvGrid grid = fv_node_grid(node, (size_t) samples, 1, 1);
    FvArg distance = fv_buffer(fv_node_scratch(node, pairs->distance)), label = fv_buffer(fv_node_target(node));
    FvArg result = fv_buffer(fv_node_result(node)), n = fv_int(samples), weight = fv_real(fv_node_weight(node));

    if (pairs_training(node, list))
        fv_launch(list, train, grid, distance, label, result, fv_slot(), n, weight, fv_real(margin),
                  fv_buffer(fv_node_scratch(node, pairs->slope)));
    else
        fv_launch(list, evaluate, grid, distance, label, result, fv_slot(), n, weight, fv_real(margin));
}

/* dx of the slopes. What is in pairs->distance is used up. */
static inline void pairs_backward(FvNode *node, const Pairs *pairs, FvList *list)
{
    const int samples = fv_list_samples(list);
    FvArg distance = fv_buffer(fv_node_scratch(node, pairs->distance)), n = fv_int(samples);

    if (!pairs_training(node, list))
        return;
    fv_launch(list, pairs->factors, fv_node_grid(node, (size_t) samples, 1, 1),
              fv_buffer(fv_node_scratch(node, pairs->slope)), distance, n, fv_real(fv_node_weight(node) / samples));
    fv_launch(list, pairs->gradient, fv_node_grid(node, (size_t) fv_list_blocks(list), 1, 1),
              fv_buffer(fv_node_x(node, 0)), distance, fv_buffer(fv_node_dx(node, 0)), n);
}

#endif
