/* SPDX-License-Identifier: MIT
 * conv_transposed.c: the extents of transposed convolutions, and the gradient of their bias: that of a convolution is a
 * sum over the other side. */
#include "core/plan/conv_transposed.h"
#include "core/plan/private.h"

#include "conv_bias.cl.h"

static gboolean extent(gint64 out, gint64 kernel, gint64 stride, gint64 pad, gint64 dilation, gint64 more, int *in)
{
    const gint64 size = (out - 1) * stride - 2 * pad + dilation * (kernel - 1) + more + 1;
    *in = (int) CLAMP(size, 0, G_MAXINT32);
    return size >= 1 && size <= G_MAXINT32;
}

gboolean fv_transposed_set_extents(FvConv *conv, GError **error)
{
    const FvSize more = conv->output_pad;
    if (more.h < 0 || more.w < 0 || more.h >= MAX(conv->stride.h, conv->dilation.h) ||
        more.w >= MAX(conv->stride.w, conv->dilation.w)) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION,
                    "output_pad %dx%d must be less than the stride (%dx%d) or the dilation (%dx%d)", more.h, more.w,
                    conv->stride.h, conv->stride.w, conv->dilation.h, conv->dilation.w);
        return FALSE;
    }
    if (extent(conv->out.h, conv->kernel.h, conv->stride.h, conv->pad.h, conv->dilation.h, more.h, &conv->in.h) &&
        extent(conv->out.w, conv->kernel.w, conv->stride.w, conv->pad.w, conv->dilation.w, more.w, &conv->in.w))
        return TRUE;
    if (conv->in.h == G_MAXINT32 || conv->in.w == G_MAXINT32)
        g_set_error_literal(error, FV_ERROR, FV_ERROR_SHAPE, "the output has more pixels than can be numbered");
    else
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "pad %dx%d leaves nothing of the output of a %dx%d input",
                    conv->pad.h, conv->pad.w, conv->out.h, conv->out.w);
    return FALSE;
}

/* --------------------------------------------------------- gradient of the bias */

/* Work for all units, and no sums so long that rounding shows, or that llvmpipe ends the loop: after 65535 steps. */
static int shares_of(const FvNode *node, gint64 pixels)
{
    enum { EACH = 8, LONGEST = 512, LEAST = 64 };
    const gint64 wanted = MIN(EACH * (gint64) fv_node_units(node), pixels / LEAST);
    return (int) MAX(MAX(1, wanted), (pixels + LONGEST - 1) / LONGEST);
}

/* Lanes are no pixels of their own. */
static gint64 pixels_of(const FvConv *conv, int blocks)
{
    return (gint64) conv->in.h * conv->in.w * blocks;
}

void fv_transposed_bias_plan(FvNode *node, FvConv *conv)
{
    if (!conv->bias || !fv_conv_gives(node, conv, FV_CONV_DW))
        return;
    const gint64 pixels = fv_node_elements(node, (FvShape){ 1, conv->in.h, conv->in.w }) / fv_node_lanes(node);
    conv->bias_scratch = fv_node_add_scratch(node, (gint64) shares_of(node, pixels) * conv->in.c, FV_LIFE_CALL);
}

void fv_transposed_bias_build(FvNode *node, FvConv *conv)
{
    if (!conv->bias || !fv_conv_gives(node, conv, FV_CONV_DW))
        return;
    conv->kernels[FV_CONV_BIAS_GRADIENT] = fv_node_add_kernel(node, conv_bias_cl, "conv_bias_shares", NULL);
    conv->kernels[FV_CONV_BIAS_SUM] = fv_node_add_kernel(node, conv_bias_cl, "conv_bias_sum", NULL);
}

void fv_transposed_bias_gradient(FvNode *node, const FvConv *conv, FvList *list)
{
    enum { HELD = 64 }; /* as in conv_bias.cl */
    if (!conv->bias || !fv_conv_gives(node, conv, FV_CONV_DW))
        return;
    const FvConvOperands on = fv_conv_operands(node, conv);
    const gint64 pixels = pixels_of(conv, fv_list_blocks(list));
    const int shares = shares_of(node, pixels), workers = fv_node_workers(node);
    const int items = workers > 1 ? conv->in.c : conv->in.c * fv_node_lanes(node);
    const int each = workers > 1 ? workers : HELD;
    FvBuffer *parts = fv_node_scratch(node, conv->bias_scratch);
    fv_launch(list, conv->kernels[FV_CONV_BIAS_GRADIENT],
              fv_node_grid(node, (size_t) ((items + each - 1) / each), (size_t) shares, 1), fv_buffer(on.dy),
              fv_buffer(parts), fv_int(conv->in.c), fv_int((int) pixels),
              fv_int((int) ((pixels + shares - 1) / shares)));
    fv_launch(list, conv->kernels[FV_CONV_BIAS_SUM], fv_node_each(node, (size_t) conv->in.c), fv_buffer(parts),
              fv_buffer(on.bias_gradient), fv_int(conv->in.c), fv_int(shares));
}
