/* SPDX-License-Identifier: MIT
 * concat: two or more values behind one another, along the channels. */
#include <fovea/plugin.h>

#include "concat.cl.h"

/* A work-item copies the part of one input of so many reals of the output: of whole pixels, or of a piece of one. */
enum { COPIED = 8192 };

typedef struct {
    int span, pixels;                            /* of a work-item */
    FvKernel *forward, *backward[FV_ANY_INPUTS]; /* for each input */
} Concat;

static const FvOption options[] = {
    FV_OPT_VALUES("values", "what is put behind what comes in, in this order"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    const FvShape first = fv_node_input(node, 0);
    gint64 channels = 0;
    for (int i = 0; i < fv_node_inputs(node); i++) {
        const FvShape other = fv_node_input(node, i);
        channels += other.c;
        if (first.h == other.h && first.w == other.w && channels <= G_MAXINT)
            continue;
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, %s is %dx%dx%d", fv_node_input_name(node, 0),
                    first.c, first.h, first.w, fv_node_input_name(node, i), other.c, other.h, other.w);
        return FALSE;
    }
    fv_node_set_output(node, (FvShape){ (int) channels, first.h, first.w });
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Concat *concat = self;
    const FvShape out = fv_node_output(node);
    static const char defines[] = "#define C %d\n#define SOME_PIXELS %d\n#define SPAN %d\n";
    concat->span = MIN(out.c * fv_node_lanes(node), COPIED);
    concat->pixels = COPIED / concat->span;
    concat->forward = fv_node_add_kernel(node, concat_cl, "forward", defines, out.c, concat->pixels, concat->span);
    for (int i = 0; fv_node_training(node) && i < fv_node_inputs(node); i++)
        concat->backward[i] =
            fv_node_add_gradient_kernel(node, i, concat_cl, "backward", defines, out.c, concat->pixels, concat->span);
    return TRUE;
}

/* Pixels of this list's blocks. */
static int pixels_now(const FvNode *node, const FvList *list)
{
    return fv_node_output(node).h * fv_node_output(node).w * fv_list_blocks(list);
}

static FvGrid grid(const FvNode *node, const Concat *concat, int channels, const FvList *list)
{
    if (fv_node_workers(node) > 1)
        return fv_node_each(node, (size_t) pixels_now(node, list) * (size_t) (channels * fv_node_lanes(node)));
    return FV_ITEMS((size_t) ((pixels_now(node, list) + concat->pixels - 1) / concat->pixels),
                    (size_t) ((channels * fv_node_lanes(node) + concat->span - 1) / concat->span));
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Concat *concat = self;
    for (int i = 0, channel = 0; i < fv_node_inputs(node); i++) {
        const int channels = fv_node_input(node, i).c;
        fv_launch(list, concat->forward, grid(node, concat, channels, list), fv_buffer(fv_node_x(node, i)),
                  fv_buffer(fv_node_y(node)), fv_int(channel), fv_int(channels), fv_int(pixels_now(node, list)));
        channel += channels;
    }
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Concat *concat = self;
    for (int i = 0, channel = 0; i < fv_node_inputs(node); i++) {
        const int channels = fv_node_input(node, i).c;
        if (fv_node_dx(node, i))
            fv_launch(list, concat->backward[i], grid(node, concat, channels, list), fv_buffer(fv_node_dy(node)),
                      fv_buffer(fv_node_dx(node, i)), fv_int(channel), fv_int(channels),
                      fv_int(pixels_now(node, list)));
        channel += channels;
    }
}

static const FvLayer concat = {
    .base = { FV_HEAD(FvLayer, Concat), .kind = FV_LAYER, .name = "concat",
              .summary = "two or more values behind one another, along the channels", .options = options,
              .details = "c1 x h x w, c2 x h x w ... become (c1 + c2 + ...) x h x w: those that come in, then those "
                         "named. The same value may be named twice. Heights and widths must be equal.\n\n"
                         "Backward: dx of each value is its part of dy." },
    .min_inputs = 2,
    .max_inputs = FV_ANY_INPUTS,
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(concat)
