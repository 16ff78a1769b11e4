/* SPDX-License-Identifier: MIT
 * pad: margins round an image. */
#include "window.h"

#include "pad.cl.h"
#include "window.cl.h"

enum { LARGEST = 65500 };
/* Steps of a work-item's innermost loops: llvmpipe ends all loops of a work-item after 65535 steps together. */
enum { STEPS = 16384, MOST_COPIES = 65000 };

typedef struct {
    FvFloats margin;
    int fill;
    float value;
    Window window; /* the image, in what comes out */
    int span;      /* with edge and reflect: reals of a row that a work-item takes */
    FvKernel *forward, *backward;
} Pad;

static const FvOption options[] = {
    FV_OPT_FLOATS(Pad, margin, 1, 0, LARGEST,
                  "one for all sides, [vertical, horizontal] or [top, left, bottom, right]; whole numbers",
                  .unit = "px"),
    FV_OPT_CHOICE(Pad, fill, FV_FILL_CONSTANT, fv_fill_names,
                  "what stands there: value, the image's edge, or the image mirrored at its outermost pixels"),
    FV_OPT_FLOAT(Pad, value, 0, -1e30, 1e30, "what stands there with fill=constant"),
    { 0 },
};

typedef struct {
    int before, after;
} Sides;

/* @axis: 0 along the height, 1 along the width. */
static Sides sides(const Pad *pad, int axis)
{
    const float *m = pad->margin.values;
    const int n = pad->margin.count;
    return (Sides){ (int) m[axis % n], (int) m[(axis + 2) % n] };
}

static gboolean check_margin(const Pad *pad, GError **error)
{
    const FvFloats *margin = &pad->margin;
    if (margin->count != 1 && margin->count != 2 && margin->count != 4) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "margin: 1, 2 or 4 numbers are wanted, not %d", margin->count);
        return FALSE;
    }
    for (int i = 0; i < margin->count; i++)
        if ((float) (int) margin->values[i] != margin->values[i]) {
            g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "margin: %g is not a whole number of pixels",
                        (double) margin->values[i]);
            return FALSE;
        }
    if (pad->value == 0 || pad->fill == FV_FILL_CONSTANT)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "value is for fill=constant alone");
    return FALSE;
}

/* Of how many pixels of a row or column one is the source, at most. */
static gint64 copies(const Pad *pad, Sides side, int extent)
{
    if (pad->fill == FV_FILL_REFLECT)
        return 3;
    return extent == 1 ? 1 + side.before + side.after : 1 + MAX(side.before, side.after);
}

static gboolean check_image(const FvNode *node, const Pad *pad, Sides high, Sides wide, GError **error)
{
    const FvShape in = fv_node_input(node, 0);
    if (pad->fill == FV_FILL_REFLECT &&
        (MAX(high.before, high.after) >= in.h || MAX(wide.before, wide.after) >= in.w)) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE,
                    "%s is %dx%dx%d, too small to be mirrored: a margin with fill=reflect must be less than the extent",
                    fv_node_input_name(node, 0), in.c, in.h, in.w);
        return FALSE;
    }
    if (pad->fill == FV_FILL_EDGE && copies(pad, high, in.h) * copies(pad, wide, in.w) > MOST_COPIES) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "margins with fill=edge repeat one pixel more than %d times",
                    MOST_COPIES);
        return FALSE;
    }
    return TRUE;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Pad *pad = self;
    const FvShape in = fv_node_input(node, 0);
    if (!check_margin(pad, error))
        return FALSE;
    const Sides high = sides(pad, 0), wide = sides(pad, 1);
    if (!check_image(node, pad, high, wide, error))
        return FALSE;
    const gint64 h = (gint64) in.h + high.before + high.after, w = (gint64) in.w + wide.before + wide.after;
    if (h > G_MAXINT || w > G_MAXINT) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, too large for such margins",
                    fv_node_input_name(node, 0), in.c, in.h, in.w);
        return FALSE;
    }
    const FvShape out = { in.c, (int) h, (int) w };
    pad->window = (Window){ .large = out, .window = in, .top = high.before, .left = wide.before };
    const gint64 most = pad->fill == FV_FILL_CONSTANT ? 1 : copies(pad, high, in.h) * copies(pad, wide, in.w);
    pad->span = (int) MAX(16, STEPS / most / 16 * 16);
    fv_node_set_output(node, out);
    if (fv_shape_equal(in, out))
        fv_node_pass_through(node);
    return TRUE;
}

static FvKernel *add_kernel(FvNode *node, const Pad *pad, gboolean backward)
{
    const FvShape in = pad->window.window, out = pad->window.large;
    if (pad->fill == FV_FILL_CONSTANT)
        return window_kernel(node, &pad->window, window_cl, !backward, backward);
    g_autofree char *defines = g_strdup_printf(
        "#define C %d\n#define H %d\n#define W %d\n#define OH %d\n#define OW %d\n#define TOP %d\n"
        "#define LEFT %d\n#define REFLECT %d\n#define SPAN %d\n",
        in.c, in.h, in.w, out.h, out.w, pad->window.top, pad->window.left, pad->fill == FV_FILL_REFLECT, pad->span);
    return backward ? fv_node_add_gradient_kernel(node, 0, pad_cl, "backward", "%s", defines)
                    : fv_node_add_tail_kernel(node, pad_cl, "forward", "%s", defines);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Pad *pad = self;
    pad->forward = add_kernel(node, pad, FALSE);
    if (fv_node_training(node))
        pad->backward = add_kernel(node, pad, TRUE);
    return TRUE;
}

/* Over pieces of rows of the output (forward) or the input (backward); on GPUs over all reals. */
static FvGrid grid(const FvNode *node, const Pad *pad, FvShape shape, const FvList *list)
{
    const int row = shape.w * shape.c * fv_node_lanes(node), rows = shape.h * fv_list_blocks(list);
    if (fv_node_workers(node) > 1)
        return fv_node_each(node, (size_t) row * (size_t) rows);
    return FV_ITEMS((size_t) ((row + pad->span - 1) / pad->span), (size_t) rows);
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Pad *pad = self;
    FvBuffer *x = fv_node_x(node, 0), *y = fv_node_y(node);
    if (pad->fill == FV_FILL_CONSTANT)
        window_frame(node, &pad->window, pad->forward, x, y, pad->value, list);
    else
        fv_launch(list, pad->forward, grid(node, pad, pad->window.large, list), fv_buffer(x), fv_buffer(y),
                  fv_int(fv_list_blocks(list)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Pad *pad = self;
    FvBuffer *dy = fv_node_dy(node), *dx = fv_node_dx(node, 0);
    if (!dx)
        return;
    if (pad->fill == FV_FILL_CONSTANT)
        window_cut(node, &pad->window, pad->backward, dy, dx, list);
    else
        fv_launch(list, pad->backward, grid(node, pad, pad->window.window, list), fv_buffer(dy), fv_buffer(dx),
                  fv_int(fv_list_blocks(list)));
}

static const char *const examples[] = { "pad",
                                        "pad([2, 1], value=0.5)",
                                        "pad([0, 2, 1, 0])",
                                        "pad(1, fill=edge)",
                                        "pad([3, 0, 2, 4], fill=edge)",
                                        "pad(2, fill=reflect)",
                                        "pad([1, 0, 2, 1], fill=reflect)",
                                        NULL };

static const FvLayer pad = {
    .base = { FV_HEAD(FvLayer, Pad), .kind = FV_LAYER, .name = "pad", .summary = "margins round an image",
              .options = options,
              .details =
                  "y[c, top + i, left + j] = x[c, i, j], and round it what fill says. c x h x w becomes c x (top + h + "
                  "bottom) x (left + w + right). fill=edge, which PyTorch calls replicate, repeats the pixel at the "
                  "edge that is nearest; fill=reflect mirrors the image at its outermost pixels, which are not "
                  "repeated: 3 2 | 1 2 3 | 2 1; a margin must then be less than the extent. To take margins away, "
                  "see slice. For zeros round the input of a convolution or a pool, their own pad is faster.\n\n"
                  "Backward: dx[c, i, j] = sum of dy over all pixels that are copies of x[c, i, j]; of a constant "
                  "there "
                  "is none.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_tail = TRUE,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(pad)
