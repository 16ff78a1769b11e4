/* SPDX-License-Identifier: MIT
 * conv_kernels.c: writes the geometry and the tiles of a convolution as macros in front of its kernels' text. */
#include "core/plan/conv.h"
#include "core/plan/conv_defines.h"
#include "core/plan/private.h"

#include "conv_channels.cl.h"
#include "conv_channels_weights.cl.h"
#include "conv_lanes.cl.h"
#include "conv_lanes_weights.cl.h"
#include "conv_packed_weights.cl.h"
#include "conv_winograd.cl.h"
#include "conv_winograd_multiply.cl.h"

static GString *begin(int lanes)
{
    GString *out = g_string_new(NULL);
    int vector = MIN(lanes, 16);
    if (lanes > 1)
        g_string_append_printf(out,
                               "#define VECTOR %d\n#define realv real%d\n#define FV_LOAD vload%d\n"
                               "#define FV_STORE vstore%d\n",
                               vector, vector, vector, vector);
    return out;
}

/* Tiles of `pixels` x `vectors`. */
static void define_tile(GString *out, int pixels, int vectors)
{
    fv_define(out, "PIXELS", pixels);
    fv_define(out, "VECTORS", vectors);
    fv_define(out, "WIDTH", vectors * 16);
    fv_define_list(out, "EACH_PIXEL(F)", "", "", pixels);
    fv_define_list(out, "EACH_VECTOR(F)", "", "", vectors);
    fv_define_list(out, "EACH_VECTOR_OF(F, i)", "i, ", "", vectors);
}

FvKernel *fv_conv_add_kernel(FvNode *node, const FvConv *conv, gboolean forward, const char *source, const char *name,
                             const char *defines)
{
    return conv->passes ? fv_tail_add_plain_kernel(node, source, name, defines)
                        : fv_tail_add_kernel(node, forward, source, name, defines);
}

static FvKernel *winograd_kernel(FvNode *node, const FvConv *conv, const FvConvGather *gather, const char *name)
{
    g_autoptr(GString) out = g_string_new(NULL);
    fv_define_gather(out, gather);
    fv_define(out, "TILES", gather->tiles);
    fv_define(out, "TILES_X", gather->tiles_x);
    fv_define(out, "TILES_Y", gather->tiles_y);
    fv_define(out, "PANELS", gather->panels);
    fv_define(out, "PANEL", gather->panel);
    fv_define(out, "ROOM", gather->room);
    define_tile(out, gather->pixels, gather->vectors);
    return fv_conv_add_kernel(node, conv, !gather->backward, conv_winograd_cl, name, out->str);
}

FvKernel *fv_conv_bring_out_kernel(FvNode *node, const FvConv *conv, const FvConvGather *gather)
{
    return winograd_kernel(node, conv, gather, "winograd_bring_out");
}

FvKernel *fv_conv_gather_kernel(FvNode *node, const FvConv *conv, const FvConvGather *gather)
{
    const char *name = gather->backward ? "conv_input_gradient" : "conv_forward";
    if (gather->room > 0)
        return fv_node_add_kernel(node, conv_winograd_multiply_cl, name, NULL);
    if (gather->winograd)
        return winograd_kernel(node, conv, gather, name);
    g_autoptr(GString) out = begin(gather->lanes);
    fv_define_gather(out, gather);
    fv_define(out, "FLAT", gather->flat);
    fv_define(out, "PANELS", gather->panels);
    fv_define(out, "PANEL", gather->panel);
    fv_define(out, "CHUNK", gather->chunk);
    fv_define(out, "UNROLL", 4);
    if (gather->lanes > 1) {
        fv_define(out, "ROWS", gather->width);
        fv_define_list(out, "EACH_ROW(F)", "", "", gather->width);
    } else {
        define_tile(out, gather->pixels, gather->vectors);
        fv_define(out, "STEP", gather->turned ? gather->stride.w : 1);
        fv_define(out, "SOURCE_STEP", gather->turned ? 1 : gather->stride.w);
    }
    return fv_conv_add_kernel(node, conv, !gather->backward, gather->lanes > 1 ? conv_lanes_cl : conv_channels_cl, name,
                              out->str);
}

FvKernel *fv_conv_sum_kernel(FvNode *node, const FvConvSum *sum)
{
    const gboolean lanes = sum->in_lanes;
    g_autoptr(GString) out = begin(sum->lanes);
    fv_define(out, "BIAS", sum->bias);
    fv_define_shape(out, "IN", sum->in, sum->in_group);
    fv_define_shape(out, "OUT", sum->out, sum->out_group);
    fv_define_sizes(out, sum->kernel, sum->stride, sum->pad, sum->dilation);
    fv_define(out, "WEIGHTS", sum->weights);
    fv_define(out, "BIAS_AT", sum->direct ? 0 : sum->bias_at);
    fv_define(out, "ROWS", sum->rows);
    fv_define_list(out, "EACH_ROW(F)", "", "", sum->rows);
    if (lanes) {
        fv_define(out, "ROW_TILES", sum->row_tiles);
        fv_define(out, "TAPS", sum->taps);
        fv_define(out, "COLS", sum->cols);
        fv_define(out, "COL_TILES", sum->col_tiles);
        fv_define_list(out, "EACH_TAP(F)", "", "", sum->taps);
        fv_define_list(out, "EACH_ROW_OF(F, k)", "", ", k", sum->rows);
        fv_define_list(out, "EACH_TAP_OF(F, i)", "i, ", "", sum->taps);
        fv_define_list(out, "EACH_COL(F, k)", "k, ", "", sum->cols);
        fv_define_list(out, "EACH_COL_OF(F, i, k)", "i, k, ", "", sum->cols);
    } else {
        fv_define(out, "OUTER", sum->outer);
        fv_define(out, "SPREAD_STEP", sum->spread_step);
        fv_define(out, "DIRECT", sum->direct);
        fv_define(out, "PIXELS", (gint64) sum->out.h * sum->out.w);
        fv_define(out, "VECTORS", sum->cols);
        fv_define(out, "VECTOR_TILES", sum->col_tiles);
        fv_define(out, "RANGE", sum->range);
        fv_define(out, "AT_ONCE", sum->at_once);
        fv_define(out, "IMAGES", sum->images);
        fv_define(out, "LINES", sum->lines);
        fv_define_list(out, "EACH_VECTOR(F)", "", "", sum->cols);
        fv_define_list(out, "EACH_VECTOR_OF(F, i)", "i, ", "", sum->cols);
    }
    const char *source = lanes         ? conv_lanes_weights_cl
                         : sum->packed ? conv_packed_weights_cl
                                       : conv_channels_weights_cl;
    return fv_node_add_kernel(node, source, "conv_weight_gradient", "%s", out->str);
}
