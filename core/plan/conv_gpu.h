/* SPDX-License-Identifier: MIT
 * conv_gpu.h: convolutions by kernels whose work-groups are many work-items, with tiles in local memory. */
#ifndef FOVEA_CONV_GPU_H
#define FOVEA_CONV_GPU_H

#include "core/plan/conv.h"

/** A work-group: x * y work-items, each of which makes rows x cols sums (4 or 8 of each) in registers: a tile of
 * (y * rows) x (x * cols). What is multiplied passes through local memory, `slab` products of each sum at a time. */
typedef struct {
    int x, y, rows, cols, slab;
} FvGpuTile;

/** A pass as a product of matrices: rows x depth by depth x cols, for each group of channels. */
typedef struct {
    const char *kernel; /* "conv_forward" */
    gint64 rows, depth;
    int cols, groups;
    const FvGpuTile *tile;
    int number, usual; /* of the tile, and of the model's, from 1 */
} FvGpuProduct;

/** Tells the plan of it: fv_plan_products(). */
void fv_gpu_note_product(const FvNode *node, const FvConv *conv, const FvGpuProduct *product);

/** Forward, or the gradient of the input. */
typedef struct {
    FvConvGather base; /* its geometry; tiles of the CPU's kernels are not set */
    gboolean direct;   /* groups are too narrow for tiles: a work-item for each element */
    FvGpuProduct product;
    FvSize classes; /* turned: pixels whose taps are the same ones, `stride` apart, are a product of their own */
    int width, panels;
    gint64 packed;
} FvGpuGather;

/** The gradient of the weights: sums over the pixels of the batch, in shares. */
typedef struct {
    gboolean direct;
    FvGpuProduct product;
    int in_group, out_group;
    int row_tiles, col_tiles;
    int shares;
    gint64 weights; /* reals of a share's sums: weights, then biases */
} FvGpuSum;

void fv_gpu_gather(const FvNode *node, const FvConv *conv, gboolean backward, FvGpuGather *gather);
void fv_gpu_sum(const FvNode *node, const FvConv *conv, FvGpuSum *sum);

/** What conv.c's functions of these names do, in this family. */
void fv_gpu_conv_plan(FvNode *node, FvConv *conv);
void fv_gpu_conv_build(FvNode *node, FvConv *conv);
void fv_gpu_conv_pack(FvNode *node, const FvConv *conv, gboolean backward, FvList *list);
void fv_gpu_conv_forward(FvNode *node, const FvConv *conv, FvList *list);
void fv_gpu_conv_backward(FvNode *node, const FvConv *conv, FvList *list);

/** Whether the node computes with this family. */
gboolean fv_gpu_node(const FvNode *node);

#endif
