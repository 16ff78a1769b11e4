/* SPDX-License-Identifier: MIT
 * conv_kernels.c: writes the geometry and the tiles of a convolution as macros in front of its kernels' text. */
#include "core/plan/conv.h"

#include "conv_channels.cl.h"
#include "conv_channels_weights.cl.h"
#include "conv_lanes.cl.h"
#include "conv_lanes_weights.cl.h"
#include "conv_packed_weights.cl.h"
#include "conv_winograd.cl.h"

static void define(GString *out, const char *name, gint64 value)
{
    g_string_append_printf(out, "#define %s %" G_GINT64_FORMAT "\n", name, value);
}

static void define_size(GString *out, const char *name, FvSize size)
{
    g_string_append_printf(out, "#define %s_H %d\n#define %s_W %d\n", name, size.h, name, size.w);
}

static void define_shape(GString *out, const char *name, FvShape shape, int group)
{
    g_string_append_printf(out, "#define %s_C %d\n#define %s_H %d\n#define %s_W %d\n#define %s_G %d\n", name, shape.c,
                           name, shape.h, name, shape.w, name, group);
}

/* define_list(out, "EACH_ROW_OF(F, k)", "%d, k", 3): "#define EACH_ROW_OF(F, k) F(0, k) F(1, k) F(2, k)\n" */
static void define_list(GString *out, const char *head, const char *before, const char *after, int count)
{
    g_string_append_printf(out, "#define %s", head);
    for (int i = 0; i < count; i++)
        g_string_append_printf(out, " F(%s%d%s)", before, i, after);
    g_string_append_c(out, '\n');
}

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
    define(out, "PIXELS", pixels);
    define(out, "VECTORS", vectors);
    define(out, "WIDTH", vectors * 16);
    define_list(out, "EACH_PIXEL(F)", "", "", pixels);
    define_list(out, "EACH_VECTOR(F)", "", "", vectors);
    define_list(out, "EACH_VECTOR_OF(F, i)", "i, ", "", vectors);
}

static FvKernel *winograd_kernel(FvNode *node, const FvConvGather *gather)
{
    g_autoptr(GString) out = g_string_new(NULL);
    define(out, "BACKWARD", gather->backward);
    define(out, "BIAS", gather->bias);
    define_shape(out, "SOURCE", gather->source, gather->source_group);
    define_shape(out, "TARGET", gather->target, gather->target_group);
    define_size(out, "PAD", gather->pad);
    define(out, "TILES", gather->tiles);
    define(out, "TILES_X", gather->tiles_x);
    define(out, "TILES_Y", gather->tiles_y);
    define(out, "PANELS", gather->panels);
    define(out, "PANEL", gather->panel);
    define_tile(out, gather->pixels, gather->vectors);
    return fv_node_add_kernel(node, conv_winograd_cl, gather->backward ? "conv_input_gradient" : "conv_forward", "%s",
                              out->str);
}

FvKernel *fv_conv_gather_kernel(FvNode *node, const FvConvGather *gather)
{
    if (gather->winograd)
        return winograd_kernel(node, gather);
    g_autoptr(GString) out = begin(gather->lanes);
    define(out, "BACKWARD", gather->backward);
    define(out, "BIAS", gather->bias);
    define(out, "FLAT", gather->flat);
    define_shape(out, "SOURCE", gather->source, gather->source_group);
    define_shape(out, "TARGET", gather->target, gather->target_group);
    define_size(out, "KERNEL", gather->kernel);
    define_size(out, "STRIDE", gather->stride);
    define_size(out, "PAD", gather->pad);
    define_size(out, "DILATION", gather->dilation);
    define(out, "PANELS", gather->panels);
    define(out, "PANEL", gather->panel);
    define(out, "CHUNK", gather->chunk);
    define(out, "UNROLL", 4);
    if (gather->lanes > 1) {
        define(out, "ROWS", gather->width);
        define_list(out, "EACH_ROW(F)", "", "", gather->width);
    } else {
        define_tile(out, gather->pixels, gather->vectors);
        define(out, "STEP", gather->backward ? gather->stride.w : 1);
        define(out, "SOURCE_STEP", gather->backward ? 1 : gather->stride.w);
    }
    return fv_node_add_kernel(node, gather->lanes > 1 ? conv_lanes_cl : conv_channels_cl,
                              gather->backward ? "conv_input_gradient" : "conv_forward", "%s", out->str);
}

FvKernel *fv_conv_sum_kernel(FvNode *node, const FvConvSum *sum)
{
    const gboolean lanes = sum->in_lanes;
    g_autoptr(GString) out = begin(sum->lanes);
    define(out, "BIAS", sum->bias);
    define_shape(out, "IN", sum->in, sum->in_group);
    define_shape(out, "OUT", sum->out, sum->out_group);
    define_size(out, "KERNEL", sum->kernel);
    define_size(out, "STRIDE", sum->stride);
    define_size(out, "PAD", sum->pad);
    define_size(out, "DILATION", sum->dilation);
    define(out, "WEIGHTS", sum->weights);
    define(out, "BIAS_AT", sum->direct ? 0 : sum->bias_at);
    define(out, "ROWS", sum->rows);
    define_list(out, "EACH_ROW(F)", "", "", sum->rows);
    if (lanes) {
        define(out, "ROW_TILES", sum->row_tiles);
        define(out, "TAPS", sum->taps);
        define(out, "COLS", sum->cols);
        define(out, "COL_TILES", sum->col_tiles);
        define_list(out, "EACH_TAP(F)", "", "", sum->taps);
        define_list(out, "EACH_ROW_OF(F, k)", "", ", k", sum->rows);
        define_list(out, "EACH_TAP_OF(F, i)", "i, ", "", sum->taps);
        define_list(out, "EACH_COL(F, k)", "k, ", "", sum->cols);
        define_list(out, "EACH_COL_OF(F, i, k)", "i, k, ", "", sum->cols);
    } else {
        define(out, "OUTER", sum->outer);
        define(out, "DIRECT", sum->direct);
        define(out, "PIXELS", (gint64) sum->out.h * sum->out.w);
        define(out, "VECTORS", sum->cols);
        define(out, "VECTOR_TILES", sum->col_tiles);
        define(out, "RANGE", sum->range);
        define(out, "AT_ONCE", sum->at_once);
        define(out, "IMAGES", sum->images);
        define(out, "LINES", sum->lines);
        define_list(out, "EACH_VECTOR(F)", "", "", sum->cols);
        define_list(out, "EACH_VECTOR_OF(F, i)", "i, ", "", sum->cols);
    }
    const char *source = lanes         ? conv_lanes_weights_cl
                         : sum->packed ? conv_packed_weights_cl
                                       : conv_channels_weights_cl;
    return fv_node_add_kernel(node, source, "conv_weight_gradient", "%s", out->str);
}
