/* SPDX-License-Identifier: MIT
 * conv_gpu.c: convolutions for GPUs: their kernels, and the launches that compute them. */
#include "core/plan/conv_gpu.h"

#include "core/plan/conv_defines.h"
#include "core/plan/private.h"

#include "conv_gpu.cl.h"
#include "conv_gpu_direct.cl.h"
#include "conv_gpu_pack.cl.h"
#include "conv_gpu_weights.cl.h"

static size_t divide_up(gint64 a, gint64 b)
{
    return (size_t) ((a + b - 1) / b);
}

/* So many work-groups of a tile's work-items, and so many of them again. */
static FvGrid grid_of_tiles(const FvGpuTile *tile, size_t groups, size_t again)
{
    const size_t items = (size_t) tile->x * (size_t) tile->y;
    return (FvGrid){ .global = { groups * items, again }, .local = { items, 1, 1 } };
}

/* In training one piece for what is packed before each pass, and for the shares of sums: see conv.c. */
void fv_gpu_conv_plan(FvNode *node, FvConv *conv)
{
    gint64 reals = 0;
    for (int backward = 0; backward <= 1; backward++) {
        FvGpuGather gather;
        if (!fv_conv_gathers(node, conv, backward))
            continue;
        fv_gpu_gather(node, conv, backward, &gather);
        reals = MAX(reals, gather.packed);
    }
    if (fv_conv_gives(node, conv, FV_CONV_DW)) {
        FvGpuSum sum;
        fv_gpu_sum(node, conv, &sum);
        reals = MAX(reals, sum.shares > 1 ? sum.shares * sum.weights : 0);
    }
    conv->pack_scratch[0] = fv_node_add_scratch(node, reals, fv_node_training(node) ? FV_LIFE_CALL : FV_LIFE_PLAN);
    conv->pack_scratch[1] = conv->sum_scratch[0] = conv->pack_scratch[0];
}

/* ------------------------------------------------------------------ kernels */

static int gcd(int a, int b)
{
    return b == 0 ? a : gcd(b, a % b);
}

static int fetches(int reals, int wide, const FvGpuTile *tile)
{
    return (int) divide_up(reals / wide, tile->x * tile->y);
}

/* @a_wide, @b_wide: reals that are fetched at once. */
static void define_tile(GString *out, const FvGpuTile *tile, int a_wide, int b_wide)
{
    fv_define(out, "ITEMS_X", tile->x);
    fv_define(out, "ITEMS_Y", tile->y);
    fv_define(out, "ROWS_EACH", tile->rows);
    fv_define(out, "COLS_EACH", tile->cols);
    fv_define(out, "SLAB", tile->slab);
    fv_define_list(out, "EACH_ROW(F)", "", "", tile->rows);
    fv_define_list(out, "EACH_COL_OF(F, i)", "i, ", "", tile->cols);
    fv_define_list(out, "EACH_A(F)", "", "", fetches(tile->y * tile->rows * tile->slab, a_wide, tile));
    fv_define_list(out, "EACH_B(F)", "", "", fetches(tile->x * tile->cols * tile->slab, b_wide, tile));
}

/* Four channels are fetched at once where they lie side by side; as the kernels have it. */
static int wide(const FvNode *node, int channels)
{
    return fv_node_lanes(node) == 1 && channels % 4 == 0 ? 4 : 1;
}

static FvKernel *gather_kernel(FvNode *node, const FvConv *conv, const FvGpuGather *gather)
{
    const FvConvGather *base = &gather->base;
    g_autoptr(GString) out = g_string_new(NULL);
    fv_define_gather(out, base);
    if (gather->direct) {
        fv_define(out, "GATHER", 1);
    } else {
        const FvSize period = { base->stride.h / gcd(base->stride.h, base->dilation.h),
                                base->stride.w / gcd(base->stride.w, base->dilation.w) };
        fv_define_size(out, "PERIOD", period);
        fv_define(out, "CLASSES", (gint64) gather->classes.h * gather->classes.w);
        fv_define(out, "GROUPS", base->groups);
        fv_define(out, "PANELS", gather->panels);
        fv_define(out, "PANEL", gather->packed / gather->panels / base->groups);
        fv_gpu_note_product(node, conv, &gather->product);
        define_tile(out, gather->product.tile, wide(node, base->source_group), 4);
    }
    return fv_conv_add_kernel(node, conv, !base->backward, gather->direct ? conv_gpu_direct_cl : conv_gpu_cl,
                              base->backward ? "conv_input_gradient" : "conv_forward", out->str);
}

static FvKernel *sum_kernel(FvNode *node, const FvConv *conv, const FvGpuSum *sum)
{
    g_autoptr(GString) out = g_string_new(NULL);
    fv_define(out, "BIAS", fv_conv_sums_bias(conv));
    fv_define_shape(out, "IN", conv->in, sum->in_group);
    fv_define_shape(out, "OUT", conv->out, sum->out_group);
    fv_define_sizes(out, conv->kernel, conv->stride, conv->pad, conv->dilation);
    fv_define(out, "WEIGHTS", sum->weights);
    fv_define(out, "BIAS_AT", fv_conv_sums_bias(conv) && sum->shares > 1 ? sum->weights - conv->out.c : 0);
    if (sum->direct) {
        fv_define(out, "GATHER", 0);
    } else {
        fv_define(out, "ROW_TILES", sum->row_tiles);
        fv_define(out, "COL_TILES", sum->col_tiles);
        fv_gpu_note_product(node, conv, &sum->product);
        define_tile(out, sum->product.tile, wide(node, sum->out_group), wide(node, sum->in_group));
    }
    return fv_node_add_kernel(node, sum->direct ? conv_gpu_direct_cl : conv_gpu_weights_cl, "conv_weight_gradient",
                              "%s", out->str);
}

void fv_gpu_conv_build(FvNode *node, FvConv *conv)
{
    for (int backward = 0; backward <= 1; backward++) {
        FvGpuGather gather;
        if (!fv_conv_gathers(node, conv, backward))
            continue;
        fv_gpu_gather(node, conv, backward, &gather);
        conv->kernels[backward ? FV_CONV_INPUT_GRADIENT : FV_CONV_FORWARD] = gather_kernel(node, conv, &gather);
        conv->kernels[FV_CONV_PACK] =
            fv_node_add_kernel(node, conv_gpu_pack_cl, gather.direct ? "conv_pack_direct" : "conv_pack", NULL);
    }
    if (!fv_conv_gives(node, conv, FV_CONV_DW))
        return;
    FvGpuSum sum;
    fv_gpu_sum(node, conv, &sum);
    conv->kernels[FV_CONV_WEIGHT_GRADIENT] = sum_kernel(node, conv, &sum);
    if (sum.shares > 1)
        conv->kernels[FV_CONV_SUM] = fv_node_add_kernel(node, conv_gpu_pack_cl, "conv_sum", NULL);
}

/* ----------------------------------------------------------------- launches */

void fv_gpu_conv_pack(FvNode *node, const FvConv *conv, gboolean backward, FvList *list)
{
    FvGpuGather gather;
    fv_gpu_gather(node, conv, backward, &gather);
    const FvConvGather *base = &gather.base;
    const FvConvWeights weights = fv_conv_weights(node, conv, backward, list);
    FvArg weight = fv_buffer(weights.weight), bias = weights.bias ? fv_buffer(weights.bias) : weight;
    FvArg with_bias = fv_int(!base->bias ? 0 : weights.bias ? 1 : FV_CONV_NO_BIAS);
    FvArg packed = fv_buffer(fv_node_scratch(node, conv->pack_scratch[backward]));

    if (gather.direct) {
        fv_launch(list, conv->kernels[FV_CONV_PACK], fv_node_each(node, (size_t) gather.packed), weight, bias, packed,
                  fv_int(gather.width), fv_int(base->target_group), fv_int(base->pack_channels), fv_int(base->taps),
                  with_bias, fv_int(base->group_step), fv_int(base->row_step), fv_int(base->channel_step));
        return;
    }
    fv_launch(list, conv->kernels[FV_CONV_PACK], fv_node_each(node, (size_t) gather.packed), weight, bias, packed,
              fv_int(base->groups * gather.panels), fv_int(gather.panels), fv_int(gather.width),
              fv_int(gather.product.tile->x), fv_int(base->target_group), fv_int(base->pack_channels),
              fv_int(base->taps), with_bias, fv_int(base->group_step), fv_int(base->row_split), fv_int(base->row_step),
              fv_int(base->split_step), fv_int(base->channel_step));
}

static void gather_pass(FvNode *node, const FvConv *conv, gboolean backward, FvList *list)
{
    FvGpuGather gather;
    fv_gpu_gather(node, conv, backward, &gather);
    const FvConvOperands on = fv_conv_operands(node, conv);
    const FvConvGather *base = &gather.base;
    const FvGpuTile *tile = gather.product.tile;
    const gint64 samples = (gint64) fv_list_blocks(list) * fv_node_lanes(node);
    FvGrid grid;

    if (fv_node_training(node))
        fv_gpu_conv_pack(node, conv, backward, list);
    if (gather.direct) {
        grid = fv_node_each(node, (size_t) (samples * fv_shape_elements(base->target)));
    } else {
        /* Columns first: what of the source they share is then still in the cache. All in one dimension, since drivers
         * allow few groups in the others. */
        const gint64 rows = samples * (gint64) divide_up(base->target.h, gather.classes.h) *
                            (gint64) divide_up(base->target.w, gather.classes.w);
        const size_t groups = (size_t) base->groups * (size_t) gather.panels * divide_up(rows, tile->y * tile->rows);
        grid = grid_of_tiles(tile, groups, (size_t) gather.classes.h * (size_t) gather.classes.w);
    }
    fv_launch(list, conv->kernels[backward ? FV_CONV_INPUT_GRADIENT : FV_CONV_FORWARD], grid,
              fv_buffer(backward ? on.dy : on.x), fv_buffer(fv_node_scratch(node, conv->pack_scratch[backward])),
              fv_buffer(backward ? on.dx : on.y), fv_int(fv_list_blocks(list)));
}

void fv_gpu_conv_forward(FvNode *node, const FvConv *conv, FvList *list)
{
    gather_pass(node, conv, FALSE, list);
}

static void add_shares(FvNode *node, const FvConv *conv, const FvGpuSum *sum, FvBuffer *to, gint64 offset, gint64 count,
                       FvList *list)
{
    fv_launch(list, conv->kernels[FV_CONV_SUM], fv_node_each(node, (size_t) count),
              fv_buffer(fv_node_scratch(node, conv->sum_scratch[0])), fv_buffer(to), fv_int((int) offset),
              fv_int((int) sum->weights), fv_int(sum->shares), fv_int((int) count));
}

static void weight_gradient(FvNode *node, const FvConv *conv, FvList *list)
{
    FvGpuSum sum;
    fv_gpu_sum(node, conv, &sum);
    const FvConvOperands on = fv_conv_sum_operands(node, conv);
    const gboolean bias = fv_conv_sums_bias(conv);
    FvBuffer *dw = on.weight_gradient, *db = bias ? on.bias_gradient : dw;
    const gint64 weights = sum.weights - (bias ? conv->out.c : 0);
    const int blocks = fv_list_blocks(list);
    const size_t shares = (size_t) sum.shares;
    FvGrid grid;
    int all;

    if (sum.shares > 1)
        dw = db = fv_node_scratch(node, conv->sum_scratch[0]);
    if (sum.direct) {
        const gint64 items = (gint64) conv->out.c * sum.in_group * (conv->kernel.h * conv->kernel.w + bias);
        all = blocks * conv->out.h;
        grid = fv_node_grid(node, divide_up(items, fv_node_workers(node)), shares, 1);
    } else {
        const size_t tiles = (size_t) conv->groups * (size_t) sum.row_tiles * (size_t) sum.col_tiles;
        all = blocks * fv_node_lanes(node) * conv->out.h * conv->out.w;
        grid = grid_of_tiles(sum.product.tile, tiles, shares);
    }
    fv_launch(list, conv->kernels[FV_CONV_WEIGHT_GRADIENT], grid, fv_buffer(on.x), fv_buffer(on.dy), fv_buffer(dw),
              fv_buffer(db), fv_int(all), fv_int((int) divide_up(all, sum.shares)));
    if (sum.shares == 1)
        return;
    add_shares(node, conv, &sum, on.weight_gradient, 0, weights, list);
    if (bias)
        add_shares(node, conv, &sum, on.bias_gradient, weights, conv->out.c, list);
}

void fv_gpu_conv_backward(FvNode *node, const FvConv *conv, FvList *list)
{
    if (fv_conv_gives(node, conv, FV_CONV_DW))
        weight_gradient(node, conv, list);
    if (fv_conv_gives(node, conv, FV_CONV_DX) && fv_conv_operands(node, conv).dx)
        gather_pass(node, conv, TRUE, list);
}

char *fv_plan_tiles_digest(void)
{
    g_autoptr(GString) all = g_string_new(conv_gpu_cl);
    g_autofree char *tile = NULL;
    g_string_append(all, conv_gpu_weights_cl);
    for (int number = 1; (tile = fv_plan_tile_text(number)); number++) {
        g_string_append(all, tile);
        g_clear_pointer(&tile, g_free);
    }
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, all->str, (gssize) all->len);
}
