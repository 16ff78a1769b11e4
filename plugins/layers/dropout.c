/* SPDX-License-Identifier: MIT
 * dropout: sets randomly chosen values to 0 in training (Srivastava et al., 2014). */
#include "dropout.h"

typedef struct {
    float rate;
    int scale;
    FvKernel *apply, *copy, *apply_to_gradient;
} Dropout;

static const FvOption options[] = {
    FV_OPT_FLOAT(Dropout, rate, 0.5, 0, 0.999, "probability that a value is set to 0"),
    DROP_SCALE_OPTION(Dropout),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    const Dropout *dropout = self;
    if (drop_passes(node, dropout->rate, dropout->scale))
        fv_node_pass_through(node);
    return TRUE;
}

static FvKernel *add_kernel(FvNode *node, const Dropout *dropout, gboolean backward, const char *name)
{
    g_autofree char *defines =
        dropout_defines((unsigned) fv_node_index(node), fv_node_input(node, 0), dropout->rate, dropout->scale);
    return backward ? fv_node_add_gradient_kernel(node, 0, dropout_cl, name, "%s", defines)
                    : fv_node_add_kernel(node, dropout_cl, name, "%s", defines);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Dropout *dropout = self;
    dropout->apply = add_kernel(node, dropout, FALSE, "apply");
    dropout->copy = add_kernel(node, dropout, FALSE, "copy");
    if (fv_node_training(node))
        dropout->apply_to_gradient = add_kernel(node, dropout, TRUE, "apply");
    return TRUE;
}

static FvGrid grid(const FvNode *node, const FvList *list)
{
    return dropout_grid(node, fv_node_input(node, 0), list);
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Dropout *dropout = self;
    FvArg x = fv_buffer(fv_node_x(node, 0)), y = fv_buffer(fv_node_y(node));
    if (fv_list_training(list))
        fv_launch(list, dropout->apply, grid(node, list), x, y, fv_step(), fv_seed(), fv_int(fv_list_blocks(list)));
    else
        fv_launch(list, dropout->copy, grid(node, list), x, y, fv_int(fv_list_blocks(list)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Dropout *dropout = self;
    if (fv_node_dx(node, 0))
        fv_launch(list, dropout->apply_to_gradient, grid(node, list), fv_buffer(fv_node_dy(node)),
                  fv_buffer(fv_node_dx(node, 0)), fv_step(), fv_seed(), fv_int(fv_list_blocks(list)));
}

static const char *const examples[] = { "dropout", "dropout(0.2)", "dropout(0.3, scale=test)", "dropout(0)", NULL };

static const FvLayer dropout = {
    .base = { FV_HEAD(FvLayer, Dropout), .kind = FV_LAYER, .name = "dropout",
              .summary = "sets randomly chosen values to 0 in training", .options = options,
              .details = "In training y = 0 with probability rate, else x / (1 - rate), so that the mean stays; "
                         "otherwise y = x. With scale=test, the form of the paper and of the course, y = x for what is "
                         "kept in training, and y = (1 - rate) * x otherwise. Any shape, which stays. What is dropped "
                         "follows from the seed, the step, "
                         "the layer, the sample's place in the batch and the element's place in C, H, W order: it is "
                         "the same on every device.\n\n"
                         "Backward: dx = dy times what x was multiplied by.",
              .reference = "Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting, 2014",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(dropout)
