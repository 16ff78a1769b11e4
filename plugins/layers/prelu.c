/* SPDX-License-Identifier: MIT
 * prelu: x above zero, a learned weight times x below (He et al., 2015). */
#include "sum_rows.h"

#include "prelu.cl.h"

/* Reals of a vector; of a row that a work-item holds; that it takes in all; rows that it takes on GPUs. */
enum { VECTOR = 16, HELD = 1024, TAKEN = 32768, GPU_ROWS = 64 };

typedef struct {
    gboolean per_channel;
    float init;
    int weight, parts;
    int row, span, rows; /* reals of a row, a whole number of pixels and vectors; reals and rows of a work-item */
    SumRows sum;
    FvKernel *forward, *backward;
} Prelu;

static const FvOption options[] = {
    FV_OPT_BOOL(Prelu, per_channel, FALSE, "a weight of its own for each channel; else one for all"),
    FV_OPT_FLOAT(Prelu, init, 0.25, -10, 10, "what the weights begin as"),
    { 0 },
};

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static int reals(const FvNode *node, int blocks)
{
    return (int) fv_shape_elements(fv_node_input(node, 0)) * fv_node_lanes(node) * blocks;
}

static int parts(const FvNode *node, const Prelu *prelu, int blocks)
{
    return divide_up(divide_up(reals(node, blocks), prelu->row), prelu->rows);
}

static void split(const FvNode *node, Prelu *prelu)
{
    const int pixel = fv_node_input(node, 0).c * fv_node_lanes(node);
    int pixels = VECTOR;
    while (pixels > 1 && pixel * (pixels / 2) % VECTOR == 0)
        pixels /= 2;
    prelu->row = pixel * pixels;
    prelu->span = MIN(prelu->row, HELD);
    prelu->rows = fv_node_workers(node) > 1 ? GPU_ROWS : TAKEN / prelu->span;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Prelu *prelu = self;
    const FvShape in = fv_node_input(node, 0);
    const int weights = prelu->per_channel ? in.c : 1;

    fv_node_set_output(node, in);
    fv_node_set_flops(node, (double) fv_shape_elements(in));
    prelu->weight = fv_node_add_param(node, &(FvParamSpec){ .name = "weight",
                                                            .role = FV_BIAS,
                                                            .rank = 1,
                                                            .dims = { weights },
                                                            .init = { FV_INIT_CONSTANT, prelu->init },
                                                            .fan_in = 1,
                                                            .fan_out = 1 });
    split(node, prelu);
    if (!fv_node_training(node))
        return TRUE;
    const int most = (int) (fv_node_elements(node, in) / (fv_shape_elements(in) * fv_node_lanes(node)));
    prelu->parts = fv_node_add_scratch(node, (gint64) parts(node, prelu, most) * prelu->row, FV_LIFE_CALL);
    if (prelu->per_channel)
        sum_rows_plan(node, &prelu->sum, in.c, prelu->row / (in.c * fv_node_lanes(node)), fv_node_lanes(node));
    else
        sum_rows_plan(node, &prelu->sum, 1, 1, VECTOR);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Prelu *prelu = self;
    static const char defines[] =
        "#define BACKWARD %d\n#define DX %d\n#define C %d\n#define SHARED %d\n"
        "#define ROW %d\n#define SPAN %d\n#define ROWS %d\n";
    const int c = fv_node_input(node, 0).c, shared = !prelu->per_channel;
    prelu->forward = fv_node_add_tail_kernel(node, prelu_cl, "forward", defines, 0, 0, c, shared, prelu->row,
                                             prelu->span, prelu->rows);
    if (!fv_node_training(node))
        return TRUE;
    prelu->backward =
        fv_node_add_gradient_kernel(node, 0, prelu_cl, "backward", defines, 1, fv_node_wants_gradient(node, 0), c,
                                    shared, prelu->row, prelu->span, prelu->rows);
    sum_rows_build(node, &prelu->sum);
    return TRUE;
}

static FvGrid grid(const FvNode *node, const Prelu *prelu, int blocks)
{
    const int each = fv_node_workers(node) > 1 ? fv_node_workers(node) : prelu->span;
    return fv_node_grid(node, (size_t) divide_up(prelu->row, each), (size_t) parts(node, prelu, blocks), 1);
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Prelu *prelu = self;
    const int blocks = fv_list_blocks(list), count = reals(node, blocks);
    fv_launch(list, prelu->forward,
              fv_node_workers(node) > 1 ? fv_node_each(node, (size_t) count) : grid(node, prelu, blocks),
              fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_param(node, prelu->weight)), fv_buffer(fv_node_y(node)),
              fv_int(count));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Prelu *prelu = self;
    const int blocks = fv_list_blocks(list), rows = parts(node, prelu, blocks);
    FvBuffer *sums = fv_node_scratch(node, prelu->parts), *dx = fv_node_dx(node, 0);
    fv_launch(list, prelu->backward, grid(node, prelu, blocks), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_dy(node)), fv_buffer(fv_node_param(node, prelu->weight)), fv_buffer(dx ? dx : sums),
              fv_buffer(sums), fv_int(reals(node, blocks)));
    if (!fv_node_frozen(node, prelu->weight))
        sum_rows(node, &prelu->sum, sums, fv_node_gradient(node, prelu->weight), rows * (prelu->row / prelu->sum.width),
                 list);
}

static const char *const examples[] = { "prelu", "prelu(per_channel=true)", "prelu(true, init=-0.5)", NULL };

static const FvLayer prelu = {
    .base = { FV_HEAD(FvLayer, Prelu), .kind = FV_LAYER, .name = "prelu",
              .summary = "rectified linear unit whose slope below zero is learned", .options = options,
              .details = "y = x above zero, weight * x below. weight is one number, or with per_channel=true one for "
                         "each channel. Any shape, which stays. Penalties leave weight alone.\n\n"
                         "Backward: dx = dy above zero, weight * dy below; dweight = sum of dy * x over all that "
                         "is below zero, of the channel with per_channel=true.",
              .reference = "He et al., Delving deep into rectifiers, 2015", .examples = examples },
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_tail = TRUE,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(prelu)
