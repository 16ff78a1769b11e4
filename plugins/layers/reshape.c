/* SPDX-License-Identifier: MIT
 * reshape: the same numbers as a value of another shape. */
#include "reshape.h"

#include "reshape.cl.h"

enum { LARGEST = G_MAXINT };

typedef struct {
    Reshape kernels;
    int channels, height, width;
} ReshapeTo;

static const FvOption options[] = {
    FV_OPT_INT(ReshapeTo, channels, 0, -1, LARGEST, "channels of the output; -1: as many as there are numbers for",
               .flags = FV_REQUIRED),
    FV_OPT_INT(ReshapeTo, height, 1, -1, LARGEST, "rows of the output; -1: the same", .unit = "px"),
    FV_OPT_INT(ReshapeTo, width, 1, -1, LARGEST, "columns of the output; -1: the same", .unit = "px"),
    { 0 },
};

/* The shape, with what is -1 filled in; FALSE where it has another number of elements. */
static gboolean fill_in(const ReshapeTo *to, gint64 elements, FvShape *shape)
{
    int sides[] = { to->channels, to->height, to->width };
    gint64 known = 1;
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        if (sides[i] > 0 && known > elements / sides[i])
            return FALSE;
        known *= sides[i] > 0 ? sides[i] : 1;
    }
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        if (sides[i] > 0)
            continue;
        if (elements % known != 0 || elements / known > G_MAXINT)
            return FALSE;
        sides[i] = (int) (elements / known);
    }
    *shape = (FvShape){ sides[0], sides[1], sides[2] };
    return fv_shape_elements(*shape) == elements;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    const ReshapeTo *to = self;
    const FvShape in = fv_node_input(node, 0);
    FvShape out;
    if (to->channels == 0 || to->height == 0 || to->width == 0 ||
        (to->channels < 0) + (to->height < 0) + (to->width < 0) > 1) {
        g_set_error_literal(error, FV_ERROR, FV_ERROR_OPTION,
                            "channels, height and width must be 1 or more, or one of them -1");
        return FALSE;
    }
    if (!fill_in(to, fv_shape_elements(in), &out)) {
        g_set_error(
            error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, %" G_GINT64_FORMAT " numbers, which do not make %dx%dx%d",
            fv_node_input_name(node, 0), in.c, in.h, in.w, fv_shape_elements(in), to->channels, to->height, to->width);
        return FALSE;
    }
    fv_node_set_output(node, out);
    if (fv_shape_equal(in, out))
        fv_node_pass_through(node);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    reshape_build(node, &((ReshapeTo *) self)->kernels, reshape_cl);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    reshape_forward(node, &((const ReshapeTo *) self)->kernels, list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    reshape_backward(node, &((const ReshapeTo *) self)->kernels, list);
}

static const char *const examples[] = { "reshape(-1)", "reshape(-1, 1, 3)", "reshape(1, height=-1)",
                                        "reshape(1, 1, width=-1)", NULL };

static const FvLayer reshape = {
    .base = { FV_HEAD(FvLayer, ReshapeTo), .kind = FV_LAYER, .name = "reshape",
              .summary = "the same numbers as a value of another shape", .options = options,
              .details =
                  "y[(c * height + i) * width + j] = x at the same place in C, H, W order, as PyTorch reshapes and "
                  "unflattens: all of the first channel, row by row, then the second. reshape(64, 7, 7) makes an image "
                  "of the 3136 numbers of a dense layer. The number of elements stays; one of the three may be -1 and "
                  "is then what the others leave.\n\n"
                  "Backward: dx is dy in the shape of x.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(reshape)
