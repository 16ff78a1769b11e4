/* SPDX-License-Identifier: MIT
 * softmax: shares that add up to 1, over the channels. */
#include "../scores.h"

#include "softmax.cl.h"

typedef struct {
    int pixels; /* of a work-item */
    FvKernel *forward, *backward;
} Softmax;

static gboolean plan(FvNode *node, void *self, GError **error)
{
    fv_node_set_flops(node, 4.0 * (double) fv_shape_elements(fv_node_input(node, 0)));
    return TRUE;
}

static FvKernel *add_kernel(FvNode *node, const Softmax *softmax, gboolean backward)
{
    g_autofree char *defines = g_strdup_printf("#define C %d\n#define LANES %d\n#define SOME_PIXELS %d\n",
                                               fv_node_input(node, 0).c, scores_lanes(node), softmax->pixels);
    return backward ? fv_node_add_gradient_kernel(node, 0, softmax_cl, "backward", "%s", defines)
                    : fv_node_add_kernel(node, softmax_cl, "forward", "%s", defines);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Softmax *softmax = self;
    softmax->pixels = MAX(1, SCORES_TAKEN / (fv_node_input(node, 0).c * scores_lanes(node)));
    softmax->forward = add_kernel(node, softmax, FALSE);
    if (fv_node_training(node))
        softmax->backward = add_kernel(node, softmax, TRUE);
    return TRUE;
}

/* Pixels of this list's blocks. */
static int pixels_now(const FvNode *node, const FvList *list)
{
    return fv_node_output(node).h * fv_node_output(node).w * fv_list_blocks(list);
}

static FvGrid grid(const FvNode *node, const Softmax *softmax, const FvList *list)
{
    return FV_ITEMS((size_t) ((pixels_now(node, list) + softmax->pixels - 1) / softmax->pixels),
                    (size_t) (fv_node_lanes(node) / scores_lanes(node)));
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Softmax *softmax = self;
    fv_launch(list, softmax->forward, grid(node, softmax, list), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_y(node)), fv_int(pixels_now(node, list)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Softmax *softmax = self;
    if (fv_node_dx(node, 0))
        fv_launch(list, softmax->backward, grid(node, softmax, list), fv_buffer(fv_node_y(node)),
                  fv_buffer(fv_node_dy(node)), fv_buffer(fv_node_dx(node, 0)), fv_int(pixels_now(node, list)));
}

static const FvLayer softmax = {
    .base = { FV_HEAD(FvLayer, Softmax), .kind = FV_LAYER, .name = "softmax",
              .summary = "shares that add up to 1, over the channels",
              .details = "y[c] = exp(x[c]) / sum of exp(x[j]) over all channels j, at every pixel by itself. Any "
                         "shape, which stays. To train a classifier take the loss of this name, which looks at the "
                         "values before softmax.\n\n"
                         "Backward: dx[c] = y[c] * (dy[c] - sum over j of dy[j] * y[j])." },
    .backward_reads = FV_READS_Y,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(softmax)
