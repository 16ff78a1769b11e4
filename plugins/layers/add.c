/* SPDX-License-Identifier: MIT
 * add: the sum of two or more values of the same shape. */
#include "pointwise.h"

#include "add.cl.h"

typedef struct {
    FvKernel *sum, *more, *copy;
} Add;

static const FvOption options[] = {
    FV_OPT_VALUES("values", "what is added up, with what comes in"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    return pointwise_plan(node, error);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Add *add = self;
    add->sum = fv_node_add_kernel(node, add_cl, "sum", POINTWISE_DEFINES(node));
    add->more = fv_node_add_kernel(node, add_cl, "more", POINTWISE_DEFINES(node));
    add->copy = fv_node_add_kernel(node, add_cl, "copy", POINTWISE_DEFINES(node));
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Add *add = self;
    const FvGrid grid = pointwise_grid(node, list);
    FvArg y = fv_buffer(fv_node_y(node)), count = fv_int(pointwise_reals(node, list));

    fv_launch(list, add->sum, grid, fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_x(node, 1)), y, count);
    for (int i = 2; i < fv_node_inputs(node); i++)
        fv_launch(list, add->more, grid, fv_buffer(fv_node_x(node, i)), y, count);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Add *add = self;
    for (int i = 0; i < fv_node_inputs(node); i++)
        if (fv_node_dx(node, i))
            fv_launch(list, add->copy, pointwise_grid(node, list), fv_buffer(fv_node_dy(node)),
                      fv_buffer(fv_node_dx(node, i)), fv_int(pointwise_reals(node, list)));
}

static const FvLayer add = {
    .base = { FV_HEAD(FvLayer, Add), .kind = FV_LAYER, .name = "add",
              .summary = "the sum of two or more values of the same shape", .options = options,
              .details = "y = sum of all inputs, element by element: those that come in and those named. The same "
                         "value may be named twice. The shape stays.\n\n"
                         "Backward: dx of every input is dy." },
    .min_inputs = 2,
    .max_inputs = FV_ANY_INPUTS,
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .sums = TRUE,
};
FV_EXPORT(add)
