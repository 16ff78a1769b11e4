/* SPDX-License-Identifier: MIT
 * norm_pixel.h: what layers share that normalise every pixel by itself, over its channels. */
#ifndef FOVEA_LAYERS_NORM_PIXEL_H
#define FOVEA_LAYERS_NORM_PIXEL_H

#include "norm_params.h"
#include "sum_rows.h"

#include "norm_pixel.cl.h"

typedef struct {
    gboolean mean;    /* by mean and variance; else by the Euclidean norm */
    int weight, bias; /* parameters; below 0: there are none */
    double epsilon;
    /* set by norm_pixel_plan() and norm_pixel_build() */
    int moments, weight_parts, bias_parts; /* scratch */
    int pixels, span, rows;                /* pixels that a work-item takes; reals and pixels that it sums up */
    SumRows sums;
    FvKernel *forward, *backward, *sum;
} NormPixel;

static inline int norm_pixel_count(const FvNode *node, int blocks)
{
    return fv_node_input(node, 0).h * fv_node_input(node, 0).w * blocks;
}

static inline int norm_pixel_parts(const NormPixel *norm, int pixels)
{
    return (pixels + norm->rows - 1) / norm->rows;
}

/* @norm: its first part is filled. */
static inline void norm_pixel_plan(FvNode *node, NormPixel *norm)
{
    /* Reals that a work-item takes; that it sums up side by side, and in all; pixels of a sum on GPUs. */
    enum { TAKEN = 16384, HELD = 1024, SUMMED = 65536, GPU_ROWS = 64 };
    const FvShape in = fv_node_input(node, 0);
    const int lanes = fv_node_lanes(node), pixel = in.c * lanes;
    const gint64 pixels = fv_node_elements(node, (FvShape){ 1, in.h, in.w }) / lanes;

    fv_node_set_output(node, in);
    fv_node_set_flops(node, 5.0 * (double) fv_shape_elements(in));
    norm->pixels = MAX(1, TAKEN / pixel);
    norm->span = MIN(pixel, HELD);
    norm->rows = fv_node_workers(node) > 1 ? GPU_ROWS : SUMMED / norm->span;
    if (!fv_node_training(node))
        return;
    norm->moments = fv_node_add_scratch(node, 2 * pixels * lanes, FV_LIFE_STEP);
    if (norm->weight < 0)
        return;
    const gint64 parts = norm_pixel_parts(norm, (int) pixels);
    norm->weight_parts = fv_node_add_scratch(node, parts * pixel, FV_LIFE_CALL);
    norm->bias_parts = fv_node_add_scratch(node, parts * pixel, FV_LIFE_CALL);
    sum_rows_plan(node, &norm->sums, in.c, 1, lanes);
}

static inline void norm_pixel_build(FvNode *node, NormPixel *norm)
{
    static const char format[] =
        "#define BACKWARD %d\n#define KEEP %d\n#define MEAN %d\n#define AFFINE %d\n"
        "#define C %d\n#define SOME_PIXELS %d\n#define SPAN %d\n#define ROWS %d\n";
    const gboolean training = fv_node_training(node);
    const int c = fv_node_input(node, 0).c, affine = norm->weight >= 0;
    norm->forward = fv_node_add_tail_kernel(node, norm_pixel_cl, "forward", format, 0, training, norm->mean, affine, c,
                                            norm->pixels, norm->span, norm->rows);
    if (!training)
        return;
    g_autofree char *defines =
        g_strdup_printf(format, 1, 1, norm->mean, affine, c, norm->pixels, norm->span, norm->rows);
    norm->backward = fv_node_add_gradient_kernel(node, 0, norm_pixel_cl, "backward", "%s", defines);
    if (!affine)
        return;
    norm->sum = fv_node_add_gradient_kernel(node, 0, norm_pixel_cl, "sum", "%s", defines);
    sum_rows_build(node, &norm->sums);
}

/* Groups of pixels, and of lanes. */
static inline FvGrid norm_pixel_grid(const FvNode *node, const NormPixel *norm, int pixels)
{
    const int lanes = fv_node_lanes(node);
    if (fv_node_workers(node) > 1)
        return fv_node_grid(node, (size_t) pixels, (size_t) lanes, 1);
    return FV_ITEMS((size_t) ((pixels + norm->pixels - 1) / norm->pixels), (size_t) MAX(1, lanes / 16));
}

/* The parameter, or a buffer in its place where there is none. */
static inline FvArg norm_param(const FvNode *node, int param)
{
    return fv_buffer(param < 0 ? fv_node_x(node, 0) : fv_node_param(node, param));
}

static inline void norm_pixel_forward(FvNode *node, const NormPixel *norm, FvList *list)
{
    const int pixels = norm_pixel_count(node, fv_list_blocks(list));
    FvBuffer *y = fv_node_y(node), *moments = fv_node_training(node) ? fv_node_scratch(node, norm->moments) : y;
    fv_launch(list, norm->forward, norm_pixel_grid(node, norm, pixels), fv_buffer(fv_node_x(node, 0)),
              norm_param(node, norm->weight), norm_param(node, norm->bias), fv_buffer(y), fv_buffer(moments),
              fv_int(pixels), fv_real(norm->epsilon));
}

static inline void norm_pixel_param_gradients(FvNode *node, const NormPixel *norm, FvList *list)
{
    const int pixels = norm_pixel_count(node, fv_list_blocks(list)), parts = norm_pixel_parts(norm, pixels);
    const int pixel = norm->sums.width, each = fv_node_workers(node) > 1 ? fv_node_workers(node) : norm->span;
    FvBuffer *weight_parts = fv_node_scratch(node, norm->weight_parts);
    FvBuffer *bias_parts = fv_node_scratch(node, norm->bias_parts);
    fv_launch(list, norm->sum, fv_node_grid(node, (size_t) ((pixel + each - 1) / each), (size_t) parts, 1),
              fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_dy(node)),
              fv_buffer(fv_node_scratch(node, norm->moments)), fv_buffer(weight_parts), fv_buffer(bias_parts),
              fv_int(pixels));
    sum_rows(node, &norm->sums, weight_parts, fv_node_gradient(node, norm->weight), parts, list);
    sum_rows(node, &norm->sums, bias_parts, fv_node_gradient(node, norm->bias), parts, list);
}

static inline void norm_pixel_backward(FvNode *node, const NormPixel *norm, FvList *list)
{
    const int pixels = norm_pixel_count(node, fv_list_blocks(list));
    if (norm->weight >= 0 && !norm_params_frozen(node, norm->weight, norm->bias))
        norm_pixel_param_gradients(node, norm, list);
    if (fv_node_dx(node, 0))
        fv_launch(list, norm->backward, norm_pixel_grid(node, norm, pixels), fv_buffer(fv_node_x(node, 0)),
                  fv_buffer(fv_node_dy(node)), norm_param(node, norm->weight),
                  fv_buffer(fv_node_scratch(node, norm->moments)), fv_buffer(fv_node_dx(node, 0)), fv_int(pixels),
                  fv_real(norm->epsilon));
}

#endif
