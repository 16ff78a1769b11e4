/* SPDX-License-Identifier: MIT
 * norm_sample.h: what layers share that normalise whole samples, or groups of their channels, over all pixels. */
#ifndef FOVEA_LAYERS_NORM_SAMPLE_H
#define FOVEA_LAYERS_NORM_SAMPLE_H

#include "norm_params.h"
#include "sum_rows.h"

#include "norm_sample.cl.h"

typedef enum { NORM_PLAIN, NORM_CHANNELS, NORM_ELEMENTS } NormAffine;

typedef struct {
    int groups;        /* of channels */
    gboolean mean;     /* by mean and variance; else by the Euclidean norm */
    NormAffine affine; /* whether each channel, or each element, has a weight and a bias */
    int weight, bias;  /* parameters */
    double epsilon;
    /* set by norm_sample_plan() and norm_sample_build() */
    int moments, totals, packed[2];    /* scratch: of groups; weight and bias in the order of values */
    int parts[2], columns[2];          /* scratch: two sums of each column, of parts and of whole samples */
    int pixels, span, few, part_count; /* pixels and reals of one that a work-item takes; reals of 16 pixels */
    SumRows sums;
    FvKernel *pack, *measure, *put_together, *group, *normalise, *sum, *total, *backward, *sum_params;
} NormSample;

static inline int norm_divide_up(gint64 a, gint64 b)
{
    return (int) ((a + b - 1) / b);
}

/* @norm: its first part is filled. */
static inline void norm_sample_plan(FvNode *node, NormSample *norm)
{
    /* Columns that a work-item holds, fewer where it holds 16 pixels of them; reals that it takes. */
    enum { HELD = 1024, FEW = 64, TAKEN = 32768 };
    const FvShape in = fv_node_input(node, 0);
    const int lanes = fv_node_lanes(node), pixel = in.c * lanes, area = in.h * in.w;
    const gint64 blocks = fv_node_elements(node, (FvShape){ 1, 1, 1 }) / lanes;

    fv_node_set_output(node, in);
    fv_node_set_flops(node, 5.0 * (double) fv_shape_elements(in));
    norm->span = MIN(pixel, HELD);
    norm->few = MIN(pixel, MAX(FEW, lanes));
    norm->pixels = TAKEN / norm->span;
    norm->part_count = norm_divide_up(area, norm->pixels);
    norm->moments = fv_node_add_scratch(node, 2 * blocks * norm->groups * lanes, FV_LIFE_STEP);
    if (fv_node_training(node))
        norm->totals = fv_node_add_scratch(node, 2 * blocks * norm->groups * lanes, FV_LIFE_CALL);
    for (int i = 0; i < 2 && norm->affine == NORM_ELEMENTS; i++)
        norm->packed[i] = fv_node_add_scratch(node, fv_shape_elements(in), FV_LIFE_PLAN);
    if (fv_node_workers(node) > 1)
        return;
    for (int i = 0; i < 2; i++) {
        norm->columns[i] = fv_node_add_scratch(node, blocks * pixel, FV_LIFE_CALL);
        norm->parts[i] = norm->part_count == 1
                             ? norm->columns[i]
                             : fv_node_add_scratch(node, blocks * norm->part_count * pixel, FV_LIFE_CALL);
    }
    sum_rows_plan(node, &norm->sums, in.c, 1, lanes);
}

static inline void norm_sample_build(FvNode *node, NormSample *norm)
{
    const FvShape in = fv_node_input(node, 0);
    const gboolean columns = fv_node_workers(node) == 1;
    static const char format[] =
        "#define BACKWARD %d\n#define MEAN %d\n#define AFFINE %d\n#define C %d\n#define G %d\n"
        "#define PIXELS %d\n#define SOME_PIXELS %d\n#define SPAN %d\n#define FEW %d\n";
    g_autofree char *defines = g_strdup_printf(format, 0, norm->mean, (int) norm->affine, in.c, norm->groups,
                                               in.h * in.w, norm->pixels, norm->span, norm->few);
    norm->measure = fv_node_add_tail_kernel(node, norm_sample_cl, "measure", "%s", defines);
    norm->normalise = fv_node_add_tail_kernel(node, norm_sample_cl, "normalise", "%s", defines);
    if (norm->affine == NORM_ELEMENTS)
        norm->pack = fv_node_add_tail_kernel(node, norm_sample_cl, "pack", "%s", defines);
    if (columns) {
        norm->put_together = fv_node_add_tail_kernel(node, norm_sample_cl, "put_together", "%s", defines);
        norm->group = fv_node_add_tail_kernel(node, norm_sample_cl, "group", "%s", defines);
    }
    if (!fv_node_training(node))
        return;
    g_autofree char *other = g_strdup_printf(format, 1, norm->mean, (int) norm->affine, in.c, norm->groups, in.h * in.w,
                                             norm->pixels, norm->span, norm->few);
    norm->sum = fv_node_add_gradient_kernel(node, 0, norm_sample_cl, "sum", "%s", other);
    norm->backward = fv_node_add_gradient_kernel(node, 0, norm_sample_cl, "backward", "%s", other);
    if (norm->affine == NORM_ELEMENTS)
        norm->sum_params = fv_node_add_gradient_kernel(node, 0, norm_sample_cl, "sum_elements", "%s", other);
    if (norm->affine == NORM_CHANNELS && !columns)
        norm->sum_params = fv_node_add_gradient_kernel(node, 0, norm_sample_cl, "sum_channels", "%s", other);
    if (!columns)
        return;
    norm->total = fv_node_add_gradient_kernel(node, 0, norm_sample_cl, "total", "%s", other);
    sum_rows_build(node, &norm->sums);
}

static inline void norm_sample_pack(FvNode *node, const NormSample *norm, FvList *list)
{
    const int params[] = { norm->weight, norm->bias };
    const FvShape in = fv_node_input(node, 0);
    const FvGrid grid = fv_node_workers(node) > 1 ? fv_node_each(node, (size_t) fv_shape_elements(in))
                                                  : FV_ITEMS((size_t) norm_divide_up((gint64) in.h * in.w, 16));
    for (int i = 0; i < 2 && norm->affine == NORM_ELEMENTS; i++)
        fv_launch(list, norm->pack, grid, fv_buffer(fv_node_param(node, params[i])),
                  fv_buffer(fv_node_scratch(node, norm->packed[i])));
}

/* Weight (0) or bias (1) as kernels read it; x in its place where there is none. */
static inline FvArg norm_sample_param(const FvNode *node, const NormSample *norm, int i)
{
    if (norm->affine == NORM_PLAIN)
        return fv_buffer(fv_node_x(node, 0));
    if (norm->affine == NORM_ELEMENTS)
        return fv_buffer(fv_node_scratch(node, norm->packed[i]));
    return fv_buffer(fv_node_param(node, i == 0 ? norm->weight : norm->bias));
}

/* Over parts, blocks, and spans of columns; on GPUs over reals and blocks. */
static inline FvGrid norm_sample_grid(const FvNode *node, const NormSample *norm, FvList *list)
{
    const FvShape in = fv_node_input(node, 0);
    const int pixel = in.c * fv_node_lanes(node), workers = fv_node_workers(node);
    const size_t blocks = (size_t) fv_list_blocks(list);
    if (workers > 1)
        return fv_node_grid(node, (size_t) norm_divide_up((gint64) pixel * in.h * in.w, workers), blocks, 1);
    return FV_ITEMS((size_t) norm->part_count, blocks, (size_t) norm_divide_up(pixel, norm->span));
}

/* Over groups and blocks, and there over vectors of lanes; on GPUs groups stand in as many lanes. */
static inline FvGrid norm_sample_group_grid(const FvNode *node, const NormSample *norm, FvList *list)
{
    const size_t lanes = (size_t) fv_node_lanes(node), blocks = (size_t) fv_list_blocks(list);
    if (fv_node_workers(node) > 1)
        return fv_node_grid(node, (size_t) norm->groups * lanes, blocks, 1);
    return FV_ITEMS((size_t) norm->groups, blocks, (lanes + 15) / 16);
}

static inline void norm_sample_measure(FvNode *node, const NormSample *norm, FvList *list)
{
    FvArg x = fv_buffer(fv_node_x(node, 0)), moments = fv_buffer(fv_node_scratch(node, norm->moments));
    if (fv_node_workers(node) > 1) {
        fv_launch(list, norm->measure, norm_sample_group_grid(node, norm, list), x, moments, fv_real(norm->epsilon));
        return;
    }
    const int pixel = fv_node_input(node, 0).c * fv_node_lanes(node);
    FvArg parts[2], columns[2];
    for (int i = 0; i < 2; i++) {
        parts[i] = fv_buffer(fv_node_scratch(node, norm->parts[i]));
        columns[i] = fv_buffer(fv_node_scratch(node, norm->columns[i]));
    }
    fv_launch(list, norm->measure, norm_sample_grid(node, norm, list), x, parts[0], parts[1]);
    if (norm->part_count > 1)
        fv_launch(list, norm->put_together, FV_ITEMS((size_t) norm_divide_up(pixel, 16), (size_t) fv_list_blocks(list)),
                  parts[0], parts[1], columns[0], columns[1]);
    fv_launch(list, norm->group, norm_sample_group_grid(node, norm, list), columns[0], columns[1], moments,
              fv_real(norm->epsilon));
}

static inline void norm_sample_forward(FvNode *node, const NormSample *norm, FvList *list)
{
    norm_sample_measure(node, norm, list);
    fv_launch(list, norm->normalise, norm_sample_grid(node, norm, list), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_scratch(node, norm->moments)), norm_sample_param(node, norm, 0),
              norm_sample_param(node, norm, 1), fv_buffer(fv_node_y(node)));
}

/* Sums of columns; of them what groups take from dx, and the gradients of channels. */
static inline void norm_sample_sum(FvNode *node, const NormSample *norm, FvList *list)
{
    const int blocks = fv_list_blocks(list), c = fv_node_input(node, 0).c;
    FvArg x = fv_buffer(fv_node_x(node, 0)), dy = fv_buffer(fv_node_dy(node));
    FvArg moments = fv_buffer(fv_node_scratch(node, norm->moments));
    FvArg totals = fv_buffer(fv_node_scratch(node, norm->totals)), weight = norm_sample_param(node, norm, 0);
    FvArg epsilon = fv_real(norm->epsilon);
    FvBuffer *gradients[2] = { NULL, NULL };
    const gboolean frozen = norm->affine != NORM_PLAIN && norm_params_frozen(node, norm->weight, norm->bias);
    if (norm->affine == NORM_CHANNELS && !frozen) {
        gradients[0] = fv_node_gradient(node, norm->bias);
        gradients[1] = fv_node_gradient(node, norm->weight);
    }
    if (fv_node_workers(node) > 1) {
        fv_launch(list, norm->sum, norm_sample_group_grid(node, norm, list), x, dy, moments, weight, totals, epsilon);
        if (norm->affine == NORM_CHANNELS && !frozen)
            fv_launch(list, norm->sum_params, fv_node_grid(node, (size_t) c, 1, 1), x, dy, moments,
                      fv_buffer(gradients[1]), fv_buffer(gradients[0]), fv_int(blocks));
        return;
    }
    FvBuffer *parts[2], *columns[2];
    for (int i = 0; i < 2; i++) {
        parts[i] = fv_node_scratch(node, norm->parts[i]);
        columns[i] = fv_node_scratch(node, norm->columns[i]);
    }
    fv_launch(list, norm->sum, norm_sample_grid(node, norm, list), x, dy, moments, weight, fv_buffer(parts[0]),
              fv_buffer(parts[1]));
    for (int i = 0; i < 2; i++) {
        if (norm->part_count > 1)
            sum_row_sets(node, &norm->sums, parts[i], columns[i], norm->part_count, blocks, list);
        if (gradients[i])
            sum_rows(node, &norm->sums, columns[i], gradients[i], blocks, list);
    }
    fv_launch(list, norm->total, norm_sample_group_grid(node, norm, list), fv_buffer(columns[0]), fv_buffer(columns[1]),
              moments, weight, totals, epsilon);
}

static inline void norm_sample_backward(FvNode *node, const NormSample *norm, FvList *list)
{
    const FvShape in = fv_node_input(node, 0);
    FvArg x = fv_buffer(fv_node_x(node, 0)), dy = fv_buffer(fv_node_dy(node));
    FvArg moments = fv_buffer(fv_node_scratch(node, norm->moments));
    norm_sample_sum(node, norm, list);
    if (norm->affine == NORM_ELEMENTS && !norm_params_frozen(node, norm->weight, norm->bias)) {
        const int pixel = in.c * fv_node_lanes(node);
        const FvGrid grid = fv_node_workers(node) > 1 ? fv_node_each(node, (size_t) fv_shape_elements(in))
                                                      : FV_ITEMS((size_t) norm_divide_up((gint64) in.h * in.w, 16),
                                                                 (size_t) norm_divide_up(pixel, norm->few));
        fv_launch(list, norm->sum_params, grid, x, dy, moments, fv_buffer(fv_node_gradient(node, norm->weight)),
                  fv_buffer(fv_node_gradient(node, norm->bias)), fv_int(fv_list_blocks(list)));
    }
    if (fv_node_dx(node, 0))
        fv_launch(list, norm->backward, norm_sample_grid(node, norm, list), x, dy, moments,
                  fv_buffer(fv_node_scratch(node, norm->totals)), norm_sample_param(node, norm, 0),
                  fv_buffer(fv_node_dx(node, 0)));
}

#endif
