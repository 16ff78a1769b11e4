/* SPDX-License-Identifier: MIT
 * flatten: an image becomes a vector, in the order that dense layers of other frameworks expect. */
#include "reshape.h"

#include "reshape.cl.h"

static gboolean plan(FvNode *node, void *self, GError **error)
{
    const FvShape in = fv_node_input(node, 0);
    const gint64 elements = fv_shape_elements(in);
    if (elements > G_MAXINT) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, too long for a vector",
                    fv_node_input_name(node, 0), in.c, in.h, in.w);
        return FALSE;
    }
    fv_node_set_output(node, (FvShape){ (int) elements, 1, 1 });
    if (in.h * in.w == 1)
        fv_node_pass_through(node);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    reshape_build(node, self, reshape_cl);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    reshape_forward(node, self, list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    reshape_backward(node, self, list);
}

static const FvLayer flatten = {
    .base = { FV_HEAD(FvLayer, Reshape), .kind = FV_LAYER, .name = "flatten", .summary = "an image becomes a vector",
              .details =
                  "c x h x w becomes the vector of c * h * w, in C, H, W order: all of the first channel, row by "
                  "row, then the second. A dense layer needs none before it.\n\n"
                  "Backward: dx is dy in the shape of x." },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(flatten)
