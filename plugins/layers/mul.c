/* SPDX-License-Identifier: MIT
 * mul: the product of two or more values of the same shape. */
#include "pointwise.h"

#include "mul.cl.h"

typedef struct {
    FvKernel *product, *more;
} Mul;

static const FvOption options[] = {
    FV_OPT_VALUES("values", "what is multiplied, with what comes in"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    return pointwise_plan(node, error);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Mul *mul = self;
    mul->product = fv_node_add_kernel(node, mul_cl, "product", POINTWISE_DEFINES(node));
    mul->more = fv_node_add_kernel(node, mul_cl, "more", POINTWISE_DEFINES(node));
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Mul *mul = self;
    const FvGrid grid = pointwise_grid(node, list);
    FvArg y = fv_buffer(fv_node_y(node)), count = fv_int(pointwise_reals(node, list));

    fv_launch(list, mul->product, grid, fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_x(node, 1)), y, count);
    for (int i = 2; i < fv_node_inputs(node); i++)
        fv_launch(list, mul->more, grid, fv_buffer(fv_node_x(node, i)), y, count);
}

/* dy times all other inputs; not y / x, which has no answer where x is 0. */
static void backward(FvNode *node, const void *self, FvList *list)
{
    const Mul *mul = self;
    const FvGrid grid = pointwise_grid(node, list);
    FvArg dy = fv_buffer(fv_node_dy(node)), count = fv_int(pointwise_reals(node, list));

    for (int i = 0; i < fv_node_inputs(node); i++) {
        const int first = i == 0 ? 1 : 0;
        if (!fv_node_dx(node, i))
            continue;
        FvArg dx = fv_buffer(fv_node_dx(node, i));
        fv_launch(list, mul->product, grid, dy, fv_buffer(fv_node_x(node, first)), dx, count);
        for (int j = first + 1; j < fv_node_inputs(node); j++)
            if (j != i)
                fv_launch(list, mul->more, grid, fv_buffer(fv_node_x(node, j)), dx, count);
    }
}

static const FvLayer mul = {
    .base = { FV_HEAD(FvLayer, Mul), .kind = FV_LAYER, .name = "mul",
              .summary = "the product of two or more values of the same shape", .options = options,
              .details = "y = product of all inputs, element by element: those that come in and those named. The same "
                         "value may be named twice. The shape stays.\n\n"
                         "Backward: dx of an input is dy times all other inputs." },
    .min_inputs = 2,
    .max_inputs = FV_ANY_INPUTS,
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
};
FV_EXPORT(mul)
