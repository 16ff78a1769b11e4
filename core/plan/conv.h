/* SPDX-License-Identifier: MIT
 * conv.h: what the files of the convolution generator share: the geometry of a pass, tiles, and their kernels. */
#ifndef FOVEA_CONV_H
#define FOVEA_CONV_H

#include <fovea/plugin.h>

/* Accumulators of a tile, vectors of 16: they must fit into 32 registers, with what is multiplied. */
enum { FV_CONV_TILE = 28 };
/* The widest panel of packed weights, in channels. */
enum { FV_CONV_WIDTH = 128 };

/* For kernels that pack a bias: there is a place for one, but none. */
enum { FV_CONV_NO_BIAS = 2 };

/* FvConv.kernels */
enum {
    FV_CONV_FORWARD,
    FV_CONV_INPUT_GRADIENT,
    FV_CONV_WEIGHT_GRADIENT,
    FV_CONV_PACK,
    FV_CONV_SUM,
    FV_CONV_SUM_TURNED,
    FV_CONV_SPREAD,
    FV_CONV_PACK_WINOGRAD,
    FV_CONV_FOLD,
    FV_CONV_SPREAD_DY,
    FV_CONV_BRING_BACK,
    FV_CONV_BIAS_SHARES,
    FV_CONV_BRING_OUT,
    FV_CONV_BRING_OUT_BACKWARD,
    FV_CONV_BIAS_GRADIENT,
    FV_CONV_BIAS_SUM
};

/* Winograd's F(4x4, 3x3): pixels of a tile on a side, and numbers of it in the transformed domain. */
enum { FV_WINOGRAD_TILE = 4, FV_WINOGRAD_PLACES = 36 };

/** Whether one of FV_CONV_... will be asked for. */
static inline gboolean fv_conv_gives(const FvNode *node, const FvConv *conv, unsigned pass)
{
    if (pass != FV_CONV_Y && !fv_node_training(node))
        return FALSE;
    return conv->passes ? (conv->passes & pass) != 0 : pass != FV_CONV_DX || fv_node_wants_gradient(node, 0);
}

/** The same for a gather, forward or backward. */
static inline gboolean fv_conv_gathers(const FvNode *node, const FvConv *conv, gboolean backward)
{
    return fv_conv_gives(node, conv, backward ? FV_CONV_DX : FV_CONV_Y);
}

static inline gint64 fv_conv_weight_count(const FvConv *conv)
{
    return (gint64) conv->out.c * (conv->in.c / conv->groups) * conv->kernel.h * conv->kernel.w;
}

/* A transposed convolution runs the passes of the convolution that it is the gradient of, with values and gradients in
 * each other's place: that one's image (conv->in) is y or dy here, and its output (conv->out) x or dx. */

/** What the layer takes and makes. */
static inline FvShape fv_conv_taken(const FvConv *conv)
{
    return conv->transposed ? conv->out : conv->in;
}
static inline FvShape fv_conv_made(const FvConv *conv)
{
    return conv->transposed ? conv->in : conv->out;
}

/** Whether taps of a pass are turned round: every pixel gathers what it had a part in, as in a gradient of the input.
 */
static inline gboolean fv_conv_turned(const FvConv *conv, gboolean backward)
{
    return backward != conv->transposed;
}

/** Whether the gradient of the bias is made along with that of the weights: it is the sum of the same dy. */
static inline gboolean fv_conv_sums_bias(const FvConv *conv)
{
    return conv->bias && !conv->transposed;
}

/** What the layer is computed with. */
FvConvOperands fv_conv_operands(const FvNode *node, const FvConv *conv);
/** The same for the gradient of the weights: x is the convolution's image, dy the gradient of its output. */
FvConvOperands fv_conv_sum_operands(const FvNode *node, const FvConv *conv);

/** Forward, or the gradient of the input: every pixel of the target gathers taps x channels of the source. */
typedef struct {
    gboolean backward; /* the layer's pass */
    gboolean turned;
    gboolean bias;
    gboolean flat;          /* 1x1: pixels of the whole batch are one row, source and target alike */
    FvShape source, target; /* all channels; flat: h = 1, w = pixels of one sample */
    FvSize kernel, stride, pad, dilation;
    int groups, source_group, target_group; /* channels of a group */
    int lanes;
    int pixels, vectors;         /* of a tile, lanes 1 */
    int width, panels;           /* channels of a panel of packed weights, panels of a group */
    gint64 panel;                /* its reals */
    gint64 packed;               /* reals of all of them, and of the zeros behind them */
    int zeros;                   /* reals behind them: a pixel outside the source */
    int chunk;                   /* rows (flat: pixels) of the target that a work-group takes */
    gboolean winograd;           /* by tiles of 4x4 pixels; pads are then those of a plain convolution, backward too */
    int tiles, tiles_x, tiles_y; /* of a work-group; of an image */
    int images, room;            /* above 0: transformed at once, through scratch with room for so many tiles */
    gint64 work[2];              /* reals of scratch: tiles of the source, and products */
    /* for conv_pack: where weights are, see there */
    int pack_channels, taps, group_step, row_split, row_step, split_step, channel_step;
} FvConvGather;

/** The gradient of the weights. */
typedef struct {
    gboolean bias;
    gboolean packed;   /* through local memory */
    gboolean in_lanes; /* vectors over the batch */
    gboolean outer;    /* dense: a product of matrices, vectors over inputs */
    gboolean spread;   /* outer: x is brought to [sample][input] first */
    int spread_step;   /* reals from sample to sample then */
    FvShape in, out;   /* outer: h = 1, w = pixels of one sample */
    FvSize kernel, stride, pad, dilation;
    int groups, in_group, out_group;
    int lanes;
    int rows, taps, cols; /* of a tile; vectors over channels: taps = 1, cols in vectors of 16 */
    int row_tiles, col_tiles;
    int range;                   /* vectors over channels: column tiles of a work-group */
    int at_once;                 /* pixels (dense with lanes: blocks) of which all its tiles are made at once */
    int images, lines;           /* of the output, for the same */
    gboolean direct;             /* one share, straight to the gradients */
    int shares;                  /* sets of partial sums */
    gint64 weights;              /* reals of one set */
    gint64 bias_at;              /* of the bias in a set */
    gboolean winograd;           /* images are then those that are transformed at once */
    int tiles_y, tiles_x;        /* of an image */
    int room;                    /* for tiles that are transformed at once */
    gint64 work, spread_work[2]; /* reals of scratch: sums; x spread, and dy */
} FvConvSum;

/** What a node's convolution comes to; everything follows from its state and the node. */
void fv_conv_gather(const FvNode *node, const FvConv *conv, gboolean backward, FvConvGather *gather);
void fv_conv_sum(const FvNode *node, const FvConv *conv, FvConvSum *sum);

/** The weights that are to be packed; launches what makes them where a normalisation goes into them. bias: NULL
 * where there is none. */
typedef struct {
    FvBuffer *weight, *bias;
} FvConvWeights;
void fv_conv_fold_plan(FvNode *node, FvConv *conv);
void fv_conv_fold_build(FvNode *node, FvConv *conv);
FvConvWeights fv_conv_weights(FvNode *node, const FvConv *conv, gboolean backward, FvList *list);

/** Adds the kernel that does it. */
FvKernel *fv_conv_gather_kernel(FvNode *node, const FvConv *conv, const FvConvGather *gather);
FvKernel *fv_conv_bring_out_kernel(FvNode *node, const FvConv *conv, const FvConvGather *gather);
/** The same of any source: with what is fused, where the layer is this convolution. */
FvKernel *fv_conv_add_kernel(FvNode *node, const FvConv *conv, gboolean forward, const char *source, const char *name,
                             const char *defines);
FvKernel *fv_conv_sum_kernel(FvNode *node, const FvConvSum *sum);

#endif
