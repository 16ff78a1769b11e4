/* SPDX-License-Identifier: MIT
 * sum_rows.h: adds up what work-groups have summed by themselves: gradients of parameters that many elements share. */
#ifndef FOVEA_LAYERS_SUM_ROWS_H
#define FOVEA_LAYERS_SUM_ROWS_H

#include <fovea/plugin.h>

#include "sum_rows.cl.h"

typedef struct {
    int width, count; /* of a row; of the sums */
    int outer, inner; /* width = outer * count * inner; a row holds inner numbers for a sum, outer times */
    int columns;      /* scratch: one row */
    FvKernel *add_rows, *fold;
} SumRows;

/* For plan: @outer times `count` sums of `inner` numbers in each row. */
static inline void sum_rows_plan(FvNode *node, SumRows *sum, int count, int outer, int inner)
{
    *sum = (SumRows){ .width = outer * count * inner, .count = count, .outer = outer, .inner = inner };
    if (sum->width > count)
        sum->columns = fv_node_add_scratch(node, sum->width, FV_LIFE_CALL);
}

static inline void sum_rows_build(FvNode *node, SumRows *sum)
{
    sum->add_rows = fv_node_add_kernel(node, sum_rows_cl, "add_rows", NULL);
    if (sum->width > sum->count)
        sum->fold = fv_node_add_kernel(node, sum_rows_cl, "fold", NULL);
}

/* @sets times @rows rows become one for each set. */
static inline void sum_row_sets(FvNode *node, const SumRows *sum, FvBuffer *parts, FvBuffer *out, int rows, int sets,
                                FvList *list)
{
    enum { COLUMNS = 16 }; /* of a work-item that is alone */
    const int each = fv_node_workers(node) > 1 ? fv_node_workers(node) : COLUMNS;
    fv_launch(list, sum->add_rows, fv_node_grid(node, (size_t) ((sum->width + each - 1) / each), (size_t) sets, 1),
              fv_buffer(parts), fv_buffer(out), fv_int(rows), fv_int(sum->width));
}

/* All @rows rows become the sums. */
static inline void sum_rows(FvNode *node, const SumRows *sum, FvBuffer *parts, FvBuffer *out, int rows, FvList *list)
{
    const gboolean folds = sum->width > sum->count;
    FvBuffer *columns = folds ? fv_node_scratch(node, sum->columns) : out;
    sum_row_sets(node, sum, parts, columns, rows, 1, list);
    if (folds)
        fv_launch(list, sum->fold, fv_node_each(node, (size_t) sum->count), fv_buffer(columns), fv_buffer(out),
                  fv_int(sum->count), fv_int(sum->outer), fv_int(sum->inner));
}

#endif
