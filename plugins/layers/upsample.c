/* SPDX-License-Identifier: MIT
 * upsample: an image enlarged by whole factors, pixels repeated or bilinear between them. */
#include <fovea/plugin.h>

#include "upsample.cl.h"

/* Steps of a work-item's innermost loops, and the largest factor: llvmpipe ends all loops of a work-item after 65535
 * steps together, and a pixel hears from 3 * factor rows and columns. */
enum { STEPS = 16384, LARGEST = 64 };

typedef enum { NEAREST, BILINEAR } Mode;

typedef struct {
    FvSize factor;
    int mode;
    gboolean align_corners;
    int span, columns; /* reals of a pixel, and pixels of a row, that a work-group takes */
    FvKernel *forward, *backward;
} Upsample;

static const char *const modes[] = { "nearest", "bilinear", NULL };

static const FvOption options[] = {
    FV_OPT_SIZE(Upsample, factor, 2, 1, LARGEST, "how many times as high and as wide"),
    FV_OPT_CHOICE(Upsample, mode, NEAREST, modes, "repeat pixels, or interpolate between the four nearest"),
    FV_OPT_BOOL(Upsample, align_corners, FALSE,
                "with bilinear: the centers of the corner pixels stay at the corners, instead of the image's edges"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Upsample *up = self;
    const FvShape in = fv_node_input(node, 0);
    const gint64 h = (gint64) in.h * up->factor.h, w = (gint64) in.w * up->factor.w;

    if (up->align_corners && up->mode != BILINEAR) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "align_corners is for mode=bilinear alone");
        return FALSE;
    }
    if (h > G_MAXINT || w > G_MAXINT) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d, too large to be enlarged %dx%d times",
                    fv_node_input_name(node, 0), in.c, in.h, in.w, up->factor.h, up->factor.w);
        return FALSE;
    }
    const FvShape out = { in.c, (int) h, (int) w };
    const int pixel = in.c * fv_node_lanes(node), reach = up->mode == BILINEAR ? 9 : 1;
    const int reals = MAX(16, STEPS / (reach * up->factor.h * up->factor.w) / 16 * 16);
    up->span = MIN(pixel, reals);
    up->columns = reals / up->span;
    fv_node_set_output(node, out);
    fv_node_set_flops(node, (double) fv_shape_elements(out) * (up->mode == BILINEAR ? 7 : 0));
    if (up->factor.h == 1 && up->factor.w == 1)
        fv_node_pass_through(node);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Upsample *up = self;
    const FvShape in = fv_node_input(node, 0);
    g_autofree char *defines = g_strdup_printf(
        "#define C %d\n#define H %d\n#define W %d\n#define FH %d\n#define FW %d\n#define BILINEAR %d\n"
        "#define ALIGN_CORNERS %d\n#define SPAN %d\n#define COLUMNS %d\n",
        in.c, in.h, in.w, up->factor.h, up->factor.w, up->mode == BILINEAR, up->align_corners, up->span, up->columns);
    up->forward = fv_node_add_kernel(node, upsample_cl, "forward", "%s", defines);
    if (fv_node_training(node))
        up->backward = fv_node_add_gradient_kernel(node, 0, upsample_cl, "backward", "%s", defines);
    return TRUE;
}

/* Over runs of columns, rows, and spans of blocks of the output (forward) or the input (backward); on GPUs over all
 * reals. */
static FvGrid grid(const FvNode *node, const Upsample *up, FvShape shape, const FvList *list)
{
    if (fv_node_workers(node) > 1)
        return fv_node_each(node, (size_t) (fv_shape_elements(shape) * fv_node_lanes(node) * fv_list_blocks(list)));
    const int spans = (shape.c * fv_node_lanes(node) + up->span - 1) / up->span;
    return FV_ITEMS((size_t) ((shape.w + up->columns - 1) / up->columns), (size_t) shape.h,
                    (size_t) spans * (size_t) fv_list_blocks(list));
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Upsample *up = self;
    fv_launch(list, up->forward, grid(node, up, fv_node_output(node), list), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_y(node)), fv_int(fv_list_blocks(list)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Upsample *up = self;
    if (fv_node_dx(node, 0))
        fv_launch(list, up->backward, grid(node, up, fv_node_input(node, 0), list), fv_buffer(fv_node_dy(node)),
                  fv_buffer(fv_node_dx(node, 0)), fv_int(fv_list_blocks(list)));
}

static const char *const examples[] = { "upsample", "upsample([3, 1])", "upsample([2, 3], mode=bilinear)",
                                        "upsample(2, mode=bilinear, align_corners=true)", NULL };

static const FvLayer upsample = {
    .base = { FV_HEAD(FvLayer, Upsample), .kind = FV_LAYER, .name = "upsample",
              .summary = "an image enlarged by whole factors", .options = options,
              .details =
                  "c x h x w becomes c x (h * factor) x (w * factor). With nearest y[i, j] = x[i / factor, j / "
                  "factor], "
                  "rounded down. With bilinear row i of the output lies at row (i + 0.5) / factor - 0.5 of the input, "
                  "not before the first, or with align_corners at i * (h - 1) / (h * factor - 1); columns likewise. It "
                  "is the mean of the four pixels around, weighted by nearness; the last row and column are "
                  "repeated.\n\n"
                  "Backward: dx[i, j] = sum of dy over the outputs that the pixel has a part in, times that "
                  "part.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(upsample)
