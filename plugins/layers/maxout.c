/* SPDX-License-Identifier: MIT
 * maxout: the largest of several channels (Goodfellow et al., 2013). */
#include <fovea/plugin.h>

#include "maxout.cl.h"

/* The most pieces; reals of the input that a work-item takes. */
enum { MOST = 1024, TAKEN = 16384 };

typedef struct {
    int pieces;
    int span, pixels; /* of the output, of a work-item */
    FvKernel *forward, *backward;
} Maxout;

static const FvOption options[] = {
    FV_OPT_INT(Maxout, pieces, 2, 2, MOST, "channels of which the largest is taken"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Maxout *maxout = self;
    const FvShape in = fv_node_input(node, 0);
    if (in.c % maxout->pieces != 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d: %d channels are not %d pieces of equal size",
                    fv_node_input_name(node, 0), in.c, in.h, in.w, in.c, maxout->pieces);
        return FALSE;
    }
    const FvShape out = { in.c / maxout->pieces, in.h, in.w };
    const int pixel = out.c * fv_node_lanes(node), most = TAKEN / maxout->pieces;
    maxout->span = MIN(pixel, MAX(16, most / 16 * 16));
    maxout->pixels = MAX(1, most / maxout->span);
    fv_node_set_output(node, out);
    fv_node_set_flops(node, (double) fv_shape_elements(in));
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Maxout *maxout = self;
    static const char defines[] =
        "#define BACKWARD %d\n#define PIECES %d\n#define C %d\n#define SPAN %d\n"
        "#define SOME_PIXELS %d\n";
    const int c = fv_node_output(node).c;
    maxout->forward = fv_node_add_tail_kernel(node, maxout_cl, "forward", defines, 0, maxout->pieces, c, maxout->span,
                                              maxout->pixels);
    if (fv_node_training(node))
        maxout->backward = fv_node_add_gradient_kernel(node, 0, maxout_cl, "backward", defines, 1, maxout->pieces, c,
                                                       maxout->span, maxout->pixels);
    return TRUE;
}

/* Pixels of this list's blocks. */
static int pixels_now(const FvNode *node, const FvList *list)
{
    return fv_node_output(node).h * fv_node_output(node).w * fv_list_blocks(list);
}

static FvGrid grid(const FvNode *node, const Maxout *maxout, const FvList *list)
{
    const int pixel = fv_node_output(node).c * fv_node_lanes(node), pixels = pixels_now(node, list);
    if (fv_node_workers(node) > 1)
        return fv_node_each(node, (size_t) pixels * (size_t) pixel);
    return FV_ITEMS((size_t) ((pixels + maxout->pixels - 1) / maxout->pixels),
                    (size_t) ((pixel + maxout->span - 1) / maxout->span));
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Maxout *maxout = self;
    fv_launch(list, maxout->forward, grid(node, maxout, list), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_y(node)), fv_int(pixels_now(node, list)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Maxout *maxout = self;
    if (fv_node_dx(node, 0))
        fv_launch(list, maxout->backward, grid(node, maxout, list), fv_buffer(fv_node_x(node, 0)),
                  fv_buffer(fv_node_dy(node)), fv_buffer(fv_node_dx(node, 0)), fv_int(pixels_now(node, list)));
}

static const char *const examples[] = { "maxout", "maxout(3)", NULL };

static const FvLayer maxout = {
    .base = { FV_HEAD(FvLayer, Maxout), .kind = FV_LAYER, .name = "maxout",
              .summary = "the largest of several channels, such as of several linear functions", .options = options,
              .details =
                  "c x h x w becomes n x h x w, n = c / pieces: y[i] = the largest of x[i], x[i + n], x[i + 2 n] "
                  "..., so that dense(2 * n) -> maxout(2) is max(w1 x + b1, w2 x + b2), with the rows of w1 "
                  "above those of w2. pieces must divide the channels.\n\n"
                  "Backward: dx = dy for the largest, the first one where several are equal; 0 for the "
                  "others.",
              .reference = "Goodfellow et al., Maxout networks, 2013", .examples = examples },
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_tail = TRUE,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(maxout)
