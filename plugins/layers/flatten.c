/* SPDX-License-Identifier: MIT
 * flatten: an image becomes a vector, in the order that dense layers of other frameworks expect. */
#include <fovea/plugin.h>

#include "flatten.cl.h"

/* A work-item takes so many channels, and so many reals. */
enum { SOME_CHANNELS = 16, COPIED = 8192 };

typedef struct {
    int pixels; /* of a work-item */
    FvKernel *forward, *backward;
} Flatten;

static gboolean plan(FvNode *node, void *self, GError **error)
{
    const FvShape in = fv_node_input(node, 0);
    const gint64 elements = fv_shape_elements(in);
    if (elements > G_MAXINT) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, too long for a vector",
                    fv_node_input_name(node, 0), in.c, in.h, in.w);
        return FALSE;
    }
    fv_node_set_output(node, (FvShape){ (int) elements, 1, 1 });
    if (in.h * in.w == 1)
        fv_node_pass_through(node);
    return TRUE;
}

static FvKernel *add_kernel(FvNode *node, const Flatten *flatten, gboolean backward)
{
    const FvShape in = fv_node_input(node, 0);
    g_autofree char *defines =
        g_strdup_printf("#define C %d\n#define PIXELS %d\n#define SOME_CHANNELS %d\n#define SOME_PIXELS %d\n", in.c,
                        in.h * in.w, SOME_CHANNELS, flatten->pixels);
    return backward ? fv_node_add_gradient_kernel(node, 0, flatten_cl, "backward", "%s", defines)
                    : fv_node_add_kernel(node, flatten_cl, "forward", "%s", defines);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Flatten *flatten = self;
    flatten->pixels = COPIED / (SOME_CHANNELS * fv_node_lanes(node));
    flatten->forward = add_kernel(node, flatten, FALSE);
    if (fv_node_training(node))
        flatten->backward = add_kernel(node, flatten, TRUE);
    return TRUE;
}

static FvGrid grid(const FvNode *node, const Flatten *flatten, const FvList *list)
{
    const FvShape in = fv_node_input(node, 0);
    if (fv_node_workers(node) > 1)
        return fv_node_each(node, (size_t) (fv_shape_elements(in) * fv_node_lanes(node) * fv_list_blocks(list)));
    return FV_ITEMS((size_t) ((in.h * in.w + flatten->pixels - 1) / flatten->pixels),
                    (size_t) ((in.c + SOME_CHANNELS - 1) / SOME_CHANNELS), (size_t) fv_list_blocks(list));
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Flatten *flatten = self;
    fv_launch(list, flatten->forward, grid(node, flatten, list), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_y(node)), fv_int(fv_list_blocks(list)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Flatten *flatten = self;
    if (fv_node_dx(node, 0))
        fv_launch(list, flatten->backward, grid(node, flatten, list), fv_buffer(fv_node_dy(node)),
                  fv_buffer(fv_node_dx(node, 0)), fv_int(fv_list_blocks(list)));
}

static const FvLayer flatten = {
    .base = { FV_HEAD(FvLayer, Flatten), .kind = FV_LAYER, .name = "flatten", .summary = "an image becomes a vector",
              .details =
                  "c x h x w becomes the vector of c * h * w, in C, H, W order: all of the first channel, row by "
                  "row, then the second. A dense layer needs none before it." },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(flatten)
