/* SPDX-License-Identifier: MIT
 * conv.c: convolutions for layers: shapes and parameters, and the launches that compute them. */
#include "core/plan/conv.h"

#include "core/plan/conv_depthwise.h"
#include "core/plan/conv_gpu.h"
#include "core/plan/conv_transposed.h"
#include "core/plan/private.h"

#include "conv_pack.cl.h"
#include "conv_winograd_weights.cl.h"

/* FvConv.sum_scratch; a gather by Winograd's algorithm has its tiles and products in the last two. */
enum { SHARES, SPREAD_INPUT, SPREAD_OUTPUT };

/* -------------------------------------------------------------------- shapes */

static gboolean output_extent(gint64 in, gint64 kernel, gint64 stride, gint64 pad, gint64 dilation, int *out)
{
    gint64 reach = dilation * (kernel - 1) + 1, room = in + 2 * pad;
    if (reach > room || (room - reach) / stride + 1 > G_MAXINT32)
        return FALSE;
    *out = (int) ((room - reach) / stride + 1);
    return TRUE;
}

static gboolean too_large(const FvConv *conv, FvShape made)
{
    gint64 weights = (gint64) conv->out.c * (conv->in.c / conv->groups);
    gint64 window = (gint64) conv->kernel.h * conv->kernel.w, plane = (gint64) made.h * made.w;
    return weights > G_MAXINT32 || window > G_MAXINT32 || weights * window > G_MAXINT32 || plane > G_MAXINT32 ||
           plane * made.c > G_MAXINT32;
}

static gboolean set_extents(FvConv *conv, GError **error)
{
    if (output_extent(conv->in.h, conv->kernel.h, conv->stride.h, conv->pad.h, conv->dilation.h, &conv->out.h) &&
        output_extent(conv->in.w, conv->kernel.w, conv->stride.w, conv->pad.w, conv->dilation.w, &conv->out.w))
        return TRUE;
    g_autofree char *dilation = conv->dilation.h == 1 && conv->dilation.w == 1
                                    ? g_strdup("")
                                    : g_strdup_printf(" (dilation %dx%d)", conv->dilation.h, conv->dilation.w);
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE,
                "kernel %dx%d%s is larger than the padded input %" G_GINT64_FORMAT "x%" G_GINT64_FORMAT, conv->kernel.h,
                conv->kernel.w, dilation, (gint64) conv->in.h + 2 * (gint64) conv->pad.h,
                (gint64) conv->in.w + 2 * (gint64) conv->pad.w);
    return FALSE;
}

static gboolean set_shape(FvConv *conv, GError **error)
{
    if (fv_conv_made(conv).c < 1 || conv->kernel.h < 1 || conv->kernel.w < 1 || conv->stride.h < 1 ||
        conv->stride.w < 1 || conv->dilation.h < 1 || conv->dilation.w < 1 || conv->pad.h < 0 || conv->pad.w < 0 ||
        conv->groups < 1) {
        g_set_error_literal(error, FV_ERROR, FV_ERROR_OPTION,
                            "channels, kernel, stride, dilation and groups must be 1 or more, and pad 0 or more");
        return FALSE;
    }
    if (conv->in.c % conv->groups != 0 || conv->out.c % conv->groups != 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "groups=%d must divide the channels of input (%d) and output (%d)",
                    conv->groups, fv_conv_taken(conv).c, fv_conv_made(conv).c);
        return FALSE;
    }
    if (conv->transposed ? !fv_transposed_set_extents(conv, error) : !set_extents(conv, error))
        return FALSE;
    const FvShape made = fv_conv_made(conv);
    if (too_large(conv, made)) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE,
                    "%d to %d channels by a %dx%d kernel, %dx%d pixels: more elements than can be numbered",
                    fv_conv_taken(conv).c, made.c, conv->kernel.h, conv->kernel.w, made.h, made.w);
        return FALSE;
    }
    return TRUE;
}

static void add_params(FvNode *node, FvConv *conv)
{
    gint64 window = (gint64) conv->kernel.h * conv->kernel.w;
    int inputs = conv->in.c / conv->groups;
    FvParamSpec weight = {
        .name = "weight",
        .role = FV_WEIGHT,
        .rank = 4,
        .dims = { conv->out.c, inputs, conv->kernel.h, conv->kernel.w },
        .init = conv->init,
        .fan_in = inputs * window,
        .fan_out = conv->out.c / conv->groups * window,
    };
    if (conv->flat) {
        weight.rank = 2;
        weight.dims[1] = (int) (inputs * window);
        weight.fan_out = conv->out.c;
    }
    if (conv->transposed) { /* an output has so many taps, on average */
        const gint64 taps = MAX(1, window / ((gint64) conv->stride.h * conv->stride.w));
        weight.fan_in = conv->out.c / conv->groups * taps;
        weight.fan_out = inputs * window;
    }
    conv->weight = fv_node_add_param(node, &weight);
    if (!conv->bias)
        return;
    FvParamSpec bias = {
        .name = "bias",
        .role = FV_BIAS,
        .rank = 1,
        .dims = { fv_conv_made(conv).c },
        .init = { .kind = FV_INIT_ZEROS },
        .fan_in = weight.fan_in,
        .fan_out = weight.fan_out,
    };
    conv->bias_param = fv_node_add_param(node, &bias);
}

/* Reals that all passes together need, each at another time. */
typedef struct {
    gint64 packed, shares; /* weights as kernels read them; sums of parts of the gradient of the weights */
    gint64 spread[2];      /* input and output as kernels read them */
} Scratch;

/* In training weights are packed for each pass, right before it: they change at every step, are several times as large
 * as what they are made of, and lie where the sums of other passes lie. Else they stay packed. */
static Scratch scratch_of(const FvNode *node, const FvConv *conv)
{
    Scratch scratch = { 0 };
    for (int backward = 0; backward <= 1; backward++) {
        FvConvGather gather;
        if (!fv_conv_gathers(node, conv, backward))
            continue;
        fv_conv_gather(node, conv, backward, &gather);
        scratch.packed = MAX(scratch.packed, gather.packed);
        for (int i = 0; i < 2; i++)
            scratch.spread[i] = MAX(scratch.spread[i], gather.work[i]);
    }
    if (fv_conv_gives(node, conv, FV_CONV_DW)) {
        FvConvSum sum;
        fv_conv_sum(node, conv, &sum);
        scratch.shares = sum.work;
        for (int i = 0; i < 2; i++)
            scratch.spread[i] = MAX(scratch.spread[i], sum.spread_work[i]);
    }
    return scratch;
}

/* What a convolution says of its node where the node is nothing else. */
static void plan_layer(FvNode *node, FvConv *conv)
{
    const FvShape made = fv_conv_made(conv);
    fv_node_set_output(node, made);

    double sums = (double) fv_shape_elements(conv->out);
    double taps = (double) (conv->in.c / conv->groups) * conv->kernel.h * conv->kernel.w;
    fv_node_set_flops(node, sums * 2 * taps + (conv->bias ? (double) fv_shape_elements(made) : 0));

    add_params(node, conv);
    fv_conv_fold_plan(node, conv);
}

gboolean fv_conv_plan(FvNode *node, FvConv *conv, GError **error)
{
    if (!set_shape(conv, error))
        return FALSE;
    if (!conv->passes)
        plan_layer(node, conv);
    if (conv->transposed)
        fv_transposed_bias_plan(node, conv);
    if (fv_gpu_node(node)) {
        fv_gpu_conv_plan(node, conv);
        return TRUE;
    }
    if (fv_depthwise_node(node, conv)) {
        fv_depthwise_plan(node, conv);
        return TRUE;
    }
    const gboolean training = fv_node_training(node);
    const Scratch scratch = scratch_of(node, conv);
    if (training)
        conv->sum_scratch[SHARES] = fv_node_add_scratch(node, MAX(scratch.shares, scratch.packed), FV_LIFE_CALL);
    conv->pack_scratch[0] =
        training ? conv->sum_scratch[SHARES] : fv_node_add_scratch(node, scratch.packed, FV_LIFE_PLAN);
    conv->pack_scratch[1] = conv->pack_scratch[0];
    conv->sum_scratch[SPREAD_INPUT] = fv_node_add_scratch(node, scratch.spread[0], FV_LIFE_CALL);
    conv->sum_scratch[SPREAD_OUTPUT] = fv_node_add_scratch(node, scratch.spread[1], FV_LIFE_CALL);
    return TRUE;
}

/* ------------------------------------------------------------------ kernels */

static FvKernel *shared_kernel(FvNode *node, const char *name)
{
    return fv_node_add_kernel(node, conv_pack_cl, name, "#define MAX_WIDTH %d\n", FV_CONV_WIDTH);
}

static void build_winograd_sum(FvNode *node, FvConv *conv)
{
    static const struct {
        int place;
        const char *name;
    } kernels[] = { { FV_CONV_SPREAD, "winograd_spread_x" },
                    { FV_CONV_SPREAD_DY, "winograd_spread_dy" },
                    { FV_CONV_WEIGHT_GRADIENT, "conv_weight_gradient" },
                    { FV_CONV_BRING_BACK, "winograd_bring_back" } };
    for (guint i = 0; i < G_N_ELEMENTS(kernels); i++)
        conv->kernels[kernels[i].place] = fv_node_add_kernel(node, conv_winograd_weights_cl, kernels[i].name, NULL);
    if (fv_conv_sums_bias(conv)) {
        conv->kernels[FV_CONV_SUM] = shared_kernel(node, "conv_sum");
        conv->kernels[FV_CONV_BIAS_SHARES] =
            fv_node_add_kernel(node, conv_winograd_weights_cl, "conv_bias_shares", NULL);
    }
}

gboolean fv_conv_build(FvNode *node, FvConv *conv, GError **error)
{
    fv_conv_fold_build(node, conv);
    if (conv->transposed)
        fv_transposed_bias_build(node, conv);
    if (fv_gpu_node(node)) {
        fv_gpu_conv_build(node, conv);
        return TRUE;
    }
    if (fv_depthwise_node(node, conv)) {
        fv_depthwise_build(node, conv);
        return TRUE;
    }
    for (int backward = 0; backward <= 1; backward++) {
        FvConvGather gather;
        if (!fv_conv_gathers(node, conv, backward))
            continue;
        fv_conv_gather(node, conv, backward, &gather);
        conv->kernels[backward ? FV_CONV_INPUT_GRADIENT : FV_CONV_FORWARD] = fv_conv_gather_kernel(node, conv, &gather);
        if (gather.room > 0) {
            conv->kernels[FV_CONV_SPREAD] =
                fv_node_add_kernel(node, conv_winograd_weights_cl, "winograd_spread_x", NULL);
            conv->kernels[backward ? FV_CONV_BRING_OUT_BACKWARD : FV_CONV_BRING_OUT] =
                fv_conv_bring_out_kernel(node, conv, &gather);
        }
        if (gather.winograd)
            conv->kernels[FV_CONV_PACK_WINOGRAD] = shared_kernel(node, "conv_pack_winograd");
        else
            conv->kernels[FV_CONV_PACK] = shared_kernel(node, "conv_pack");
    }
    if (!fv_conv_gives(node, conv, FV_CONV_DW))
        return TRUE;
    FvConvSum sum;
    fv_conv_sum(node, conv, &sum);
    if (sum.winograd) {
        build_winograd_sum(node, conv);
        return TRUE;
    }
    conv->kernels[FV_CONV_WEIGHT_GRADIENT] = fv_conv_sum_kernel(node, &sum);
    if (!sum.direct && (sum.bias || sum.in_lanes))
        conv->kernels[FV_CONV_SUM] = shared_kernel(node, "conv_sum");
    if (!sum.direct && !sum.in_lanes)
        conv->kernels[FV_CONV_SUM_TURNED] = shared_kernel(node, "conv_sum_turned");
    if (sum.spread)
        conv->kernels[FV_CONV_SPREAD] = shared_kernel(node, "conv_spread");
    return TRUE;
}

/* ----------------------------------------------------------------- launches */

static void pack(FvNode *node, const FvConv *conv, gboolean backward, FvList *list)
{
    FvConvGather gather;
    fv_conv_gather(node, conv, backward, &gather);
    const FvConvWeights weights = fv_conv_weights(node, conv, backward, list);
    FvBuffer *weight = weights.weight, *bias = weights.bias ? weights.bias : weight;
    const int with_bias = !gather.bias ? 0 : weights.bias ? 1 : FV_CONV_NO_BIAS;
    size_t panels = (size_t) gather.groups * (size_t) gather.panels;

    if (gather.winograd) {
        enum { CHUNK = 16 };
        fv_launch(list, conv->kernels[FV_CONV_PACK_WINOGRAD],
                  FV_ITEMS((size_t) (gather.source.c + CHUNK - 1) / CHUNK, panels), fv_buffer(weight), fv_buffer(bias),
                  fv_buffer(fv_node_scratch(node, conv->pack_scratch[backward])), fv_int(gather.width),
                  fv_int(gather.target.c), fv_int(gather.source.c), fv_int(CHUNK), fv_int(gather.row_step),
                  fv_int(gather.channel_step), fv_int(gather.turned), fv_int(with_bias));
        return;
    }

    fv_launch(list, conv->kernels[FV_CONV_PACK], FV_ITEMS(panels), fv_buffer(weight), fv_buffer(bias),
              fv_buffer(fv_node_scratch(node, conv->pack_scratch[backward])), fv_int(gather.panels),
              fv_int(gather.width), fv_int(gather.target_group), fv_int(gather.pack_channels), fv_int(gather.taps),
              fv_int(gather.zeros), fv_int(with_bias), fv_int(gather.group_step), fv_int(gather.row_split),
              fv_int(gather.row_step), fv_int(gather.split_step), fv_int(gather.channel_step));
}

void fv_conv_pack(FvNode *node, const FvConv *conv, FvList *list)
{
    if (fv_depthwise_node(node, conv))
        fv_depthwise_pack(node, conv, list);
    else if (fv_node_training(node))
        return; /* each pass does, before it begins */
    else if (fv_gpu_node(node))
        fv_gpu_conv_pack(node, conv, FALSE, list);
    else
        pack(node, conv, FALSE, list);
}

/* What of images from `first` on is brought into Winograd's transformed domain: tiles begin `pad` before every fourth
 * pixel. */
typedef struct {
    FvBuffer *values;
    FvShape shape;
    FvSize pad;
    int tiles_y, tiles_x, room;
} Spread;

static void spread_tiles(FvNode *node, const FvConv *conv, const Spread *spread, int kernel, int first, int images,
                         FvList *list)
{
    const int scratch = kernel == FV_CONV_SPREAD_DY ? SPREAD_OUTPUT : SPREAD_INPUT;
    fv_launch(list, conv->kernels[kernel], FV_ITEMS((size_t) (images * spread->tiles_y)), fv_buffer(spread->values),
              fv_buffer(fv_node_scratch(node, conv->sum_scratch[scratch])), fv_int(first), fv_int(spread->shape.h),
              fv_int(spread->shape.w), fv_int(spread->shape.c), fv_int(spread->pad.h), fv_int(spread->pad.w),
              fv_int(spread->tiles_y), fv_int(spread->tiles_x), fv_int(spread->room));
}

/* In three steps for some images at a time, so that each weight comes from memory once for all of them. */
static void gather_unfused(FvNode *node, const FvConv *conv, const FvConvGather *gather, FvBuffer *from, FvBuffer *to,
                           FvList *list)
{
    const gboolean backward = gather->backward;
    const Spread spread = { from, gather->source, gather->pad, gather->tiles_y, gather->tiles_x, gather->room };
    FvBuffer *packed = fv_node_scratch(node, conv->pack_scratch[backward]);
    FvBuffer *tiles = fv_node_scratch(node, conv->sum_scratch[SPREAD_INPUT]);
    FvBuffer *products = fv_node_scratch(node, conv->sum_scratch[SPREAD_OUTPUT]);
    const int samples = fv_list_samples(list);
    for (int first = 0; first < samples; first += gather->images) {
        const int images = MIN(gather->images, samples - first);
        spread_tiles(node, conv, &spread, FV_CONV_SPREAD, first, images, list);
        fv_launch(list, conv->kernels[backward ? FV_CONV_INPUT_GRADIENT : FV_CONV_FORWARD],
                  FV_ITEMS((size_t) gather->panels, FV_WINOGRAD_PLACES), fv_buffer(tiles), fv_buffer(packed),
                  fv_buffer(products), fv_int(gather->source.c), fv_int(images * gather->tiles_y * gather->tiles_x),
                  fv_int(gather->room), fv_int(gather->bias * gather->width));
        fv_launch(list, conv->kernels[backward ? FV_CONV_BRING_OUT_BACKWARD : FV_CONV_BRING_OUT],
                  FV_ITEMS((size_t) (images * gather->tiles_y)), fv_buffer(products), fv_buffer(packed), fv_buffer(to),
                  fv_int(first));
    }
}

static void gather_pass(FvNode *node, const FvConv *conv, gboolean backward, FvList *list)
{
    FvConvGather gather;
    fv_conv_gather(node, conv, backward, &gather);
    const FvConvOperands on = fv_conv_operands(node, conv);
    FvBuffer *from = backward ? on.dy : on.x, *to = backward ? on.dx : on.y;
    FvBuffer *packed = fv_node_scratch(node, conv->pack_scratch[backward]);
    FvKernel *kernel = conv->kernels[backward ? FV_CONV_INPUT_GRADIENT : FV_CONV_FORWARD];
    int blocks = fv_list_blocks(list), count = gather.flat ? blocks * gather.target.w : gather.target.h;

    if (fv_node_training(node))
        pack(node, conv, backward, list);
    if (gather.room > 0) {
        gather_unfused(node, conv, &gather, from, to, list);
        return;
    }
    if (gather.winograd) {
        count = blocks * gather.tiles_x * gather.tiles_y;
        fv_launch(list, kernel, FV_ITEMS((size_t) ((count + gather.tiles - 1) / gather.tiles)), fv_buffer(from),
                  fv_buffer(packed), fv_buffer(to), fv_int(count));
        return;
    }
    /* Panels first: what of the source they share is then still in the cache. */
    FvGrid grid =
        FV_ITEMS((size_t) gather.groups * (size_t) gather.panels,
                 (size_t) (count + gather.chunk - 1) / (size_t) gather.chunk, gather.flat ? 1 : (size_t) blocks);

    fv_launch(list, kernel, grid, fv_buffer(from), fv_buffer(packed), fv_buffer(to), fv_int(count));
}

void fv_conv_forward(FvNode *node, const FvConv *conv, FvList *list)
{
    if (fv_gpu_node(node))
        fv_gpu_conv_forward(node, conv, list);
    else if (fv_depthwise_node(node, conv))
        fv_depthwise_forward(node, conv, list);
    else
        gather_pass(node, conv, FALSE, list);
}

static void add_shares(FvNode *node, const FvConv *conv, const FvConvSum *sum, FvBuffer *to, gint64 offset,
                       gint64 count, FvList *list)
{
    enum { CHUNK = 2048 };
    fv_launch(list, conv->kernels[FV_CONV_SUM], FV_ITEMS((size_t) (count + CHUNK - 1) / CHUNK),
              fv_buffer(fv_node_scratch(node, conv->sum_scratch[SHARES])), fv_buffer(to), fv_int((int) offset),
              fv_int((int) sum->weights), fv_int(sum->shares), fv_int((int) count), fv_int(CHUNK));
}

/* The same for weights that lie in rows of whole vectors. */
static void add_turned_shares(FvNode *node, const FvConv *conv, const FvConvSum *sum, FvList *list)
{
    enum { CHUNK = 8 };
    const int taps = sum->kernel.h * sum->kernel.w;
    const int rows = sum->outer ? sum->out_group : sum->in_group, cols = sum->outer ? sum->in_group : sum->out_group;
    const FvGrid grid = FV_ITEMS((size_t) (cols + 15) / 16, (size_t) (rows + CHUNK - 1) / CHUNK, (size_t) sum->groups);
    fv_launch(list, conv->kernels[FV_CONV_SUM_TURNED], grid,
              fv_buffer(fv_node_scratch(node, conv->sum_scratch[SHARES])),
              fv_buffer(fv_conv_operands(node, conv).weight_gradient), fv_int((int) sum->weights), fv_int(sum->shares),
              fv_int(taps), fv_int(rows), fv_int(cols), fv_int(sum->outer ? cols : taps),
              fv_int(sum->outer ? 1 : rows * taps), fv_int(CHUNK));
}

static FvBuffer *spread_input(FvNode *node, const FvConv *conv, const FvConvSum *sum, FvList *list)
{
    enum { CHUNK = 8 };
    FvBuffer *spread = fv_node_scratch(node, conv->sum_scratch[SPREAD_INPUT]);
    fv_launch(list, conv->kernels[FV_CONV_SPREAD],
              FV_ITEMS((size_t) (conv->in.c + CHUNK - 1) / CHUNK, (size_t) fv_list_blocks(list)),
              fv_buffer(fv_conv_sum_operands(node, conv).x), fv_buffer(spread), fv_int(conv->in.c),
              fv_int(conv->in.h * conv->in.w), fv_int(sum->spread_step), fv_int(CHUNK));
    return spread;
}

static void winograd_weight_gradient(FvNode *node, const FvConv *conv, const FvConvSum *sum, FvList *list)
{
    enum { ROWS = 8 };
    const int in = (conv->in.c + 15) / 16, out = (conv->out.c + 15) / 16, tiles = sum->tiles_y * sum->tiles_x;
    const int samples = fv_list_samples(list);
    const FvConvOperands on = fv_conv_sum_operands(node, conv);
    const Spread x = { on.x, conv->in, conv->pad, sum->tiles_y, sum->tiles_x, sum->room };
    const Spread dy = { on.dy, conv->out, { 0, 0 }, sum->tiles_y, sum->tiles_x, sum->room };
    FvBuffer *sums = fv_node_scratch(node, conv->sum_scratch[SHARES]);
    for (int first = 0; first < samples; first += sum->images) {
        const int images = MIN(sum->images, samples - first);
        spread_tiles(node, conv, &x, FV_CONV_SPREAD, first, images, list);
        spread_tiles(node, conv, &dy, FV_CONV_SPREAD_DY, first, images, list);
        fv_launch(list, conv->kernels[FV_CONV_WEIGHT_GRADIENT], FV_ITEMS((size_t) (out + 1) / 2, FV_WINOGRAD_PLACES),
                  fv_buffer(fv_node_scratch(node, conv->sum_scratch[SPREAD_INPUT])),
                  fv_buffer(fv_node_scratch(node, conv->sum_scratch[SPREAD_OUTPUT])), fv_buffer(sums), fv_int(in),
                  fv_int(out), fv_int(images * tiles), fv_int(sum->room), fv_int(first == 0));
    }
    fv_launch(list, conv->kernels[FV_CONV_BRING_BACK], FV_ITEMS((size_t) out, (size_t) (conv->in.c + ROWS - 1) / ROWS),
              fv_buffer(sums), fv_buffer(on.weight_gradient), fv_int(conv->in.c), fv_int(conv->out.c));
    if (!sum->bias)
        return;
    const int pixels = samples * conv->out.h * conv->out.w, share = (pixels + sum->shares - 1) / sum->shares;
    fv_launch(list, conv->kernels[FV_CONV_BIAS_SHARES], FV_ITEMS((size_t) sum->shares), fv_buffer(on.dy),
              fv_buffer(sums), fv_int(conv->out.c), fv_int(pixels), fv_int(share));
    add_shares(node, conv, sum, on.bias_gradient, 0, conv->out.c, list);
}

static void weight_gradient(FvNode *node, const FvConv *conv, FvList *list)
{
    FvConvSum sum;
    fv_conv_sum(node, conv, &sum);
    if (sum.winograd) {
        winograd_weight_gradient(node, conv, &sum, list);
        return;
    }
    const FvConvOperands on = fv_conv_sum_operands(node, conv);
    FvBuffer *x = sum.spread ? spread_input(node, conv, &sum, list) : on.x;
    FvBuffer *dw = on.weight_gradient, *db = sum.bias ? on.bias_gradient : dw;
    int blocks = fv_list_blocks(list), share = (blocks + sum.shares - 1) / sum.shares;

    if (!sum.direct)
        dw = db = fv_node_scratch(node, conv->sum_scratch[SHARES]);
    FvGrid grid = sum.in_lanes ? FV_ITEMS((size_t) sum.kernel.h * (size_t) (sum.kernel.w / sum.taps),
                                          (size_t) sum.groups * (size_t) sum.row_tiles * (size_t) sum.col_tiles,
                                          (size_t) sum.shares)
                               : FV_ITEMS((size_t) ((sum.col_tiles + sum.range - 1) / sum.range), (size_t) sum.groups,
                                          (size_t) sum.shares);
    fv_launch(list, conv->kernels[FV_CONV_WEIGHT_GRADIENT], grid, fv_buffer(x), fv_buffer(on.dy), fv_buffer(dw),
              fv_buffer(db), fv_int(blocks), fv_int(share));
    if (sum.direct)
        return;
    if (sum.in_lanes)
        add_shares(node, conv, &sum, on.weight_gradient, 0, sum.bias_at, list);
    else
        add_turned_shares(node, conv, &sum, list);
    if (sum.bias)
        add_shares(node, conv, &sum, on.bias_gradient, sum.bias_at, conv->out.c, list);
}

void fv_conv_backward(FvNode *node, const FvConv *conv, FvList *list)
{
    if (conv->transposed)
        fv_transposed_bias_gradient(node, conv, list);
    if (fv_gpu_node(node)) {
        fv_gpu_conv_backward(node, conv, list);
        return;
    }
    if (fv_depthwise_node(node, conv)) {
        fv_depthwise_backward(node, conv, list);
        return;
    }
    if (fv_conv_gives(node, conv, FV_CONV_DW))
        weight_gradient(node, conv, list);
    if (fv_conv_gives(node, conv, FV_CONV_DX) && fv_conv_operands(node, conv).dx)
        gather_pass(node, conv, TRUE, list);
}
