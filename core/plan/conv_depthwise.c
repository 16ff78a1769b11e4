/* SPDX-License-Identifier: MIT
 * conv_depthwise.c: convolutions with one channel in each group: their scratch, kernels and launches. */
#include "core/plan/conv_depthwise.h"

#include "core/plan/conv_defines.h"
#include "core/plan/private.h"

#include "conv_depthwise.cl.h"
#include "conv_depthwise_pack.cl.h"
#include "conv_pack.cl.h"

gboolean fv_depthwise_node(const FvNode *node, const FvConv *conv)
{
    return node->plan->settings.family == FV_FAMILY_CPU && fv_node_lanes(node) == 1 && conv->groups > 1 &&
           conv->groups == conv->in.c && conv->groups == conv->out.c;
}

static int taps_of(const FvConv *conv)
{
    return conv->kernel.h * conv->kernel.w;
}

static int padded(const FvConv *conv)
{
    return (conv->out.c + 15) / 16 * 16;
}

/* Reals of a share of the gradients: weights, then biases. */
static int share_size(const FvConv *conv)
{
    return taps_of(conv) * padded(conv) + (fv_conv_sums_bias(conv) ? conv->out.c : 0);
}

/* Shares of the batch: work for all units, together with the blocks of channels. */
static int shares_of(const FvNode *node, const FvConv *conv)
{
    enum { GROUPS = 8 };
    const int wanted = (GROUPS * fv_node_units(node) + padded(conv) / 16 - 1) / (padded(conv) / 16);
    return MIN(wanted, fv_node_batch(node));
}

void fv_depthwise_plan(FvNode *node, FvConv *conv)
{
    /* Both passes read the same weights. */
    conv->pack_scratch[0] = fv_node_add_scratch(node, (gint64) (taps_of(conv) + 1) * padded(conv), FV_LIFE_PLAN);
    if (fv_node_training(node))
        conv->sum_scratch[0] =
            fv_node_add_scratch(node, (gint64) shares_of(node, conv) * share_size(conv), FV_LIFE_CALL);
}

/* ------------------------------------------------------------------ kernels */

static void define_kernel(GString *out, const FvConv *conv)
{
    fv_define(out, "C", conv->in.c);
    fv_define_sizes(out, conv->kernel, conv->stride, conv->pad, conv->dilation);
}

static int chunk_of(const FvNode *node, FvShape target)
{
    enum { GROUPS = 16, MOST = 16 };
    const gint64 rows = (gint64) target.h * fv_node_batch(node) / (GROUPS * fv_node_units(node));
    return (int) CLAMP(rows, 1, MIN(MOST, target.h));
}

static FvKernel *gather_kernel(FvNode *node, const FvConv *conv, gboolean backward)
{
    const gboolean turned = fv_conv_turned(conv, backward);
    const FvShape source = turned ? conv->out : conv->in, target = turned ? conv->in : conv->out;
    g_autoptr(GString) out = g_string_new(NULL);
    define_kernel(out, conv);
    fv_define(out, "BACKWARD", backward);
    fv_define(out, "TURNED", turned);
    fv_define(out, "BIAS", !backward && (conv->bias || node->may_fold));
    fv_define_size(out, "SOURCE", (FvSize){ source.h, source.w });
    fv_define_size(out, "TARGET", (FvSize){ target.h, target.w });
    fv_define(out, "CHUNK", chunk_of(node, target));
    return fv_conv_add_kernel(node, conv, !backward, conv_depthwise_cl,
                              backward ? "conv_input_gradient" : "conv_forward", out->str);
}

void fv_depthwise_build(FvNode *node, FvConv *conv)
{
    conv->kernels[FV_CONV_FORWARD] = gather_kernel(node, conv, FALSE);
    conv->kernels[FV_CONV_PACK] = fv_node_add_kernel(node, conv_depthwise_pack_cl, "conv_pack_depthwise", NULL);
    if (fv_conv_gathers(node, conv, TRUE))
        conv->kernels[FV_CONV_INPUT_GRADIENT] = gather_kernel(node, conv, TRUE);
    if (!fv_node_training(node))
        return;
    g_autoptr(GString) out = g_string_new(NULL);
    define_kernel(out, conv);
    fv_define(out, "BIAS", fv_conv_sums_bias(conv));
    fv_define_size(out, "IN", (FvSize){ conv->in.h, conv->in.w });
    fv_define_size(out, "OUT", (FvSize){ conv->out.h, conv->out.w });
    conv->kernels[FV_CONV_WEIGHT_GRADIENT] =
        fv_node_add_kernel(node, conv_depthwise_cl, "conv_weight_gradient", "%s", out->str);
    conv->kernels[FV_CONV_SUM_TURNED] =
        fv_node_add_kernel(node, conv_pack_cl, "conv_sum_turned", "#define MAX_WIDTH %d\n", FV_CONV_WIDTH);
    if (fv_conv_sums_bias(conv))
        conv->kernels[FV_CONV_SUM] =
            fv_node_add_kernel(node, conv_pack_cl, "conv_sum", "#define MAX_WIDTH %d\n", FV_CONV_WIDTH);
}

/* ----------------------------------------------------------------- launches */

void fv_depthwise_pack(FvNode *node, const FvConv *conv, FvList *list)
{
    const FvConvWeights weights = fv_conv_weights(node, conv, FALSE, list);
    fv_launch(list, conv->kernels[FV_CONV_PACK], FV_ITEMS((size_t) padded(conv) / 16), fv_buffer(weights.weight),
              fv_buffer(weights.bias ? weights.bias : weights.weight),
              fv_buffer(fv_node_scratch(node, conv->pack_scratch[0])), fv_int(conv->out.c), fv_int(taps_of(conv)),
              fv_int(weights.bias != NULL));
}

static void gather(FvNode *node, const FvConv *conv, gboolean backward, FvList *list)
{
    const FvShape target = fv_conv_turned(conv, backward) ? conv->in : conv->out;
    const int chunk = chunk_of(node, target);
    const FvConvOperands on = fv_conv_operands(node, conv);
    fv_launch(list, conv->kernels[backward ? FV_CONV_INPUT_GRADIENT : FV_CONV_FORWARD],
              FV_ITEMS((size_t) (target.h + chunk - 1) / (size_t) chunk, (size_t) fv_list_blocks(list)),
              fv_buffer(backward ? on.dy : on.x), fv_buffer(fv_node_scratch(node, conv->pack_scratch[0])),
              fv_buffer(backward ? on.dx : on.y), fv_int(fv_list_blocks(list)));
}

void fv_depthwise_forward(FvNode *node, const FvConv *conv, FvList *list)
{
    gather(node, conv, FALSE, list);
}

void fv_depthwise_backward(FvNode *node, const FvConv *conv, FvList *list)
{
    enum { CHUNK = 2048 };
    const int shares = shares_of(node, conv), samples = fv_list_samples(list), taps = taps_of(conv), c = conv->out.c;
    const FvConvOperands on = fv_conv_sum_operands(node, conv);
    FvArg parts = fv_buffer(fv_node_scratch(node, conv->sum_scratch[0]));
    fv_launch(list, conv->kernels[FV_CONV_WEIGHT_GRADIENT], FV_ITEMS((size_t) padded(conv) / 16, (size_t) shares),
              fv_buffer(on.x), fv_buffer(on.dy), parts, fv_int(samples), fv_int((samples + shares - 1) / shares));
    fv_launch(list, conv->kernels[FV_CONV_SUM_TURNED], FV_ITEMS((size_t) padded(conv) / 16, 1, 1), parts,
              fv_buffer(on.weight_gradient), fv_int(share_size(conv)), fv_int(shares), fv_int(taps), fv_int(1),
              fv_int(c), fv_int(taps), fv_int(taps), fv_int(1));
    if (fv_conv_sums_bias(conv))
        fv_launch(list, conv->kernels[FV_CONV_SUM], FV_ITEMS((size_t) (c + CHUNK - 1) / CHUNK), parts,
                  fv_buffer(on.bias_gradient), fv_int(taps * padded(conv)), fv_int(share_size(conv)), fv_int(shares),
                  fv_int(c), fv_int(CHUNK));
    if (on.dx)
        gather(node, conv, TRUE, list);
}
