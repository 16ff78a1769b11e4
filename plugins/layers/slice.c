/* SPDX-License-Identifier: MIT
 * slice: a range of channels, rows and columns. */
#include "window.h"

#include "window.cl.h"

enum { LARGEST = 1 << 24 };

typedef struct {
    int channel, channels, row, rows, column, columns;
    Window window;
    FvKernel *forward, *backward;
} Slice;

static const FvOption options[] = {
    FV_OPT_INT(Slice, channel, 0, -LARGEST, LARGEST, "the first channel; below 0: counted from the end"),
    FV_OPT_INT(Slice, channels, 0, 0, LARGEST, "how many; 0: all that follow"),
    FV_OPT_INT(Slice, row, 0, -LARGEST, LARGEST, "the first row; below 0: counted from the end"),
    FV_OPT_INT(Slice, rows, 0, 0, LARGEST, "how many; 0: all that follow"),
    FV_OPT_INT(Slice, column, 0, -LARGEST, LARGEST, "the first column; below 0: counted from the end"),
    FV_OPT_INT(Slice, columns, 0, 0, LARGEST, "how many; 0: all that follow"),
    { 0 },
};

/* Makes numbers of the options; FALSE where there are not so many. */
static gboolean range(int all, int wanted, int wanted_count, int *first, int *count)
{
    *first = wanted < 0 ? all + wanted : wanted;
    *count = wanted_count == 0 ? all - *first : wanted_count;
    return *first >= 0 && *count > 0 && *count <= all - *first;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Slice *slice = self;
    Window *window = &slice->window;
    const FvShape in = fv_node_input(node, 0);
    *window = (Window){ .large = in };
    const struct {
        const char *what, *option;
        int all, first, count, *from, *to;
    } axes[] = {
        { "channels", "channel", in.c, slice->channel, slice->channels, &window->channel, &window->window.c },
        { "rows", "row", in.h, slice->row, slice->rows, &window->top, &window->window.h },
        { "columns", "column", in.w, slice->column, slice->columns, &window->left, &window->window.w },
    };
    for (guint i = 0; i < G_N_ELEMENTS(axes); i++) {
        if (range(axes[i].all, axes[i].first, axes[i].count, axes[i].from, axes[i].to))
            continue;
        g_autofree char *count = axes[i].count > 0 ? g_strdup_printf(", %s=%d", axes[i].what, axes[i].count) : NULL;
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s is %dx%dx%d: %s=%d%s is not within its %d %s",
                    fv_node_input_name(node, 0), in.c, in.h, in.w, axes[i].option, axes[i].first, count ? count : "",
                    axes[i].all, axes[i].what);
        return FALSE;
    }
    fv_node_set_output(node, window->window);
    if (fv_shape_equal(in, window->window))
        fv_node_pass_through(node);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Slice *slice = self;
    slice->forward = window_kernel(node, &slice->window, window_cl, FALSE, FALSE);
    if (fv_node_training(node))
        slice->backward = window_kernel(node, &slice->window, window_cl, TRUE, TRUE);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Slice *slice = self;
    window_cut(node, &slice->window, slice->forward, fv_node_x(node, 0), fv_node_y(node), list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Slice *slice = self;
    if (fv_node_dx(node, 0))
        window_frame(node, &slice->window, slice->backward, fv_node_dy(node), fv_node_dx(node, 0), 0, list);
}

static const char *const examples[] = { "slice(1)",
                                        "slice(channels=2)",
                                        "slice(-2, 1)",
                                        "slice(row=1, rows=2)",
                                        "slice(row=-2, column=1, columns=2)",
                                        "slice(channel=1, row=1, column=-2)",
                                        NULL };

static const FvLayer slice = {
    .base = { FV_HEAD(FvLayer, Slice), .kind = FV_LAYER, .name = "slice",
              .summary = "a range of channels, rows and columns", .options = options,
              .details =
                  "y[c, i, j] = x[channel + c, row + i, column + j]. What comes in becomes channels x rows x columns "
                  "of "
                  "it, as PyTorch's narrow and ONNX's Slice make them: slice(channels=8) are the first eight channels, "
                  "slice(8) those after them, slice(-8) the last eight, slice(row=1, rows=5, column=1, columns=5) is a "
                  "crop. concat puts parts together again.\n\n"
                  "Backward: dx[channel + c, row + i, column + j] = dy[c, i, j], and 0 outside of the range.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_tail = TRUE,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(slice)
