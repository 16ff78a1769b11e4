/* SPDX-License-Identifier: MIT
 * conv_fold.c: the weights that a convolution packs, and the normalisation that goes into them outside of training. */
#include "core/plan/conv.h"
#include "core/plan/private.h"

#include "conv_fold.cl.h"

void fv_conv_fold_plan(FvNode *node, FvConv *conv)
{
    node->may_fold = fv_fuse_may_fold(node);
    if (!node->may_fold)
        return;
    conv->fold_scratch[0] = fv_node_add_scratch(node, fv_conv_weight_count(conv), FV_LIFE_CALL);
    conv->fold_scratch[1] = fv_node_add_scratch(node, fv_conv_made(conv).c, FV_LIFE_CALL);
}

void fv_conv_fold_build(FvNode *node, FvConv *conv)
{
    if (fv_fuse_folded(node))
        conv->kernels[FV_CONV_FOLD] = fv_node_add_kernel(node, conv_fold_cl, "conv_fold", NULL);
}

/* Where the weights of an output channel are: see conv_fold.cl. */
typedef struct {
    int count, run, apart, split, group_step;
} Runs;

static Runs runs_of(const FvConv *conv)
{
    const int window = conv->kernel.h * conv->kernel.w, step = conv->in.c / conv->groups * window;
    if (!conv->transposed)
        return (Runs){ .count = 1, .run = step, .split = 1, .group_step = step };
    const int inputs = conv->out.c / conv->groups;
    return (Runs){
        .count = inputs, .run = window, .apart = step, .split = conv->in.c / conv->groups, .group_step = inputs * step
    };
}

FvConvWeights fv_conv_weights(FvNode *node, const FvConv *conv, gboolean backward, FvList *list)
{
    const FvNode *norm = backward || conv->passes ? NULL : fv_fuse_folded(node);
    const FvConvOperands on = fv_conv_operands(node, conv);
    const FvConvWeights weights = { on.weight, conv->bias && !backward ? on.bias : NULL };
    if (!norm)
        return weights;
    FvFold fold = { .epsilon = 0 };
    fv_node_layer(norm)->fold(norm, norm->self, &fold);
    const FvConvWeights folded = { fv_node_scratch(node, conv->fold_scratch[0]),
                                   fv_node_scratch(node, conv->fold_scratch[1]) };
    const Runs runs = runs_of(conv);
    fv_launch(list, conv->kernels[FV_CONV_FOLD], fv_node_grid(node, (size_t) fv_conv_made(conv).c, 1, 1),
              fv_buffer(weights.weight), fv_buffer(weights.bias ? weights.bias : weights.weight),
              fv_buffer(fv_node_param(norm, fold.weight)), fv_buffer(fv_node_param(norm, fold.bias)),
              fv_buffer(fv_node_param(norm, fold.mean)), fv_buffer(fv_node_param(norm, fold.var)),
              fv_buffer(folded.weight), fv_buffer(folded.bias), fv_int(runs.count), fv_int(runs.run),
              fv_int(runs.apart), fv_int(runs.split), fv_int(runs.group_step), fv_int(weights.bias != NULL),
              fv_real(fold.epsilon));
    return folded;
}
