/* SPDX-License-Identifier: MIT
 * embedding: a table of vectors, one for each number: words, classes, grey values (Bengio et al., 2003). */
#include <fovea/plugin.h>

#include "embedding.cl.h"

/* Reals that a work-group writes, and columns that it adds to; the same for GPUs, rows. */
enum { WRITTEN = 8192, WIDE = 64, WIDE_LANES = 16, GPU_ROWS = 64 };
/* Steps of a work-item's loops: llvmpipe ends them after 65535 together. */
enum { STEPS = 57344 };
/* The largest whole number up to which floats hold all of them. */
enum { MOST_WORDS = 1 << 24 };

typedef struct {
    int vocabulary, dim, padding;
    int weight;     /* number of the parameter */
    int wide, rows; /* columns and rows of the gradient that a work-group has to itself */
    int at_once;    /* numbers of each lane that it looks at in one launch */
    FvKernel *forward, *clear, *add;
} Embedding;

static const FvOption options[] = {
    FV_OPT_INT(Embedding, vocabulary, 0, 1, MOST_WORDS, "numbers that have a vector: 0, 1, ... up to this less 1",
               .flags = FV_REQUIRED),
    FV_OPT_INT(Embedding, dim, 0, 1, 1 << 16, "length of a vector", .flags = FV_REQUIRED),
    FV_OPT_INT(Embedding, padding, -1, -1, MOST_WORDS, "the number that stands for nothing: zeros; -1: there is none"),
    { 0 },
};

static int divide_up(gint64 a, gint64 b)
{
    return (int) ((a + b - 1) / b);
}

/* Work-groups for all units to end at about the same time. */
static void split(const FvNode *node, Embedding *table)
{
    const int lanes = fv_node_lanes(node), workers = fv_node_workers(node);
    if (workers > 1) {
        table->wide = workers;
        table->rows = GPU_ROWS;
        table->at_once = STEPS / lanes;
        return;
    }
    table->wide = MIN(table->dim, lanes > 1 ? WIDE_LANES : WIDE);
    const int ranges = divide_up(4 * (gint64) fv_node_units(node), divide_up(table->dim, table->wide));
    table->rows = divide_up(table->vocabulary, ranges);
    table->at_once = MAX(1, STEPS / (lanes * (table->wide + 1)));
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Embedding *table = self;
    const FvShape in = fv_node_input(node, 0);
    const gint64 channels = (gint64) in.c * table->dim;
    if (table->padding >= table->vocabulary) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "padding is %d, and the vocabulary ends at %d", table->padding,
                    table->vocabulary - 1);
        return FALSE;
    }
    if ((gint64) table->vocabulary * table->dim > G_MAXINT32 || channels > G_MAXINT32) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%d vectors of %d: more elements than can be numbered",
                    table->vocabulary, table->dim);
        return FALSE;
    }
    fv_node_set_output(node, (FvShape){ (int) channels, in.h, in.w });
    table->weight = fv_node_add_param(node, &(FvParamSpec){ .name = "weight",
                                                            .role = FV_WEIGHT,
                                                            .rank = 2,
                                                            .dims = { table->vocabulary, table->dim },
                                                            .init = { FV_INIT_GAUSSIAN, 1 },
                                                            .fan_in = 1,
                                                            .fan_out = table->dim });
    split(node, table);
    return TRUE;
}

/* Numbers of each lane that a work-group of `forward` takes. */
static int some(const FvNode *node, const Embedding *table)
{
    return MAX(1, WRITTEN / (table->dim * fv_node_lanes(node)));
}

static FvKernel *add_kernel(FvNode *node, const Embedding *table, const char *name)
{
    return fv_node_add_kernel(node, embedding_cl, name,
                              "#define VOCABULARY %d\n#define DIM %d\n#define PADDING %d\n#define SPAN %d\n"
                              "#define SOME %d\n#define WIDE %d\n#define ROWS %d\n",
                              table->vocabulary, table->dim, table->padding, WRITTEN, some(node, table), table->wide,
                              table->rows);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Embedding *table = self;
    table->forward = add_kernel(node, table, "forward");
    if (!fv_node_training(node))
        return TRUE;
    table->clear = add_kernel(node, table, "clear");
    table->add = add_kernel(node, table, "add");
    return TRUE;
}

static int numbers(const FvNode *node, const FvList *list)
{
    return (int) fv_shape_elements(fv_node_input(node, 0)) * fv_list_blocks(list);
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Embedding *table = self;
    const int count = numbers(node, list);
    const FvGrid grid = fv_node_workers(node) > 1
                            ? fv_node_each(node, (size_t) count * (size_t) table->dim * (size_t) fv_node_lanes(node))
                            : fv_node_grid(node, (size_t) divide_up(count, some(node, table)), 1, 1);
    fv_launch(list, table->forward, grid, fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_param(node, table->weight)),
              fv_buffer(fv_node_y(node)), fv_int(count));
}

static void clear(const FvNode *node, const Embedding *table, FvBuffer *buffer, gint64 count, FvList *list)
{
    fv_launch(list, table->clear, fv_node_grid(node, (size_t) divide_up(count, WRITTEN), 1, 1), fv_buffer(buffer),
              fv_int((int) count));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Embedding *table = self;
    FvBuffer *gradient = fv_node_gradient(node, table->weight), *dx = fv_node_dx(node, 0);
    const int count = numbers(node, list);
    const FvGrid grid = fv_node_grid(node, (size_t) divide_up(table->dim, table->wide),
                                     (size_t) divide_up(table->vocabulary, table->rows), 1);
    clear(node, table, gradient, (gint64) table->vocabulary * table->dim, list);
    for (int begin = 0; begin < count; begin += table->at_once)
        fv_launch(list, table->add, grid, fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_dy(node)),
                  fv_buffer(gradient), fv_int(begin), fv_int(MIN(begin + table->at_once, count)));
    if (dx)
        clear(node, table, dx, (gint64) count * fv_node_lanes(node), list);
}

static const char *const examples[] = { "embedding(3, 20)", "embedding(vocabulary=5, dim=3, padding=1)", NULL };

static const FvLayer embedding = {
    .base = { FV_HEAD(FvLayer, Embedding), .kind = FV_LAYER, .name = "embedding",
              .summary = "looks numbers up in a table of vectors, which are trained", .options = options,
              .details =
                  "y[d, i, j] = weight[x[i, j], d]: 1 x h x w becomes dim x h x w. x holds whole numbers, as "
                  "floats, and is rounded to the nearest. Texts are 1 x 1 x positions; several channels are looked "
                  "up in the same table, and stand one after the other, c * dim x h x w. A number that is not in "
                  "the vocabulary (below 0, vocabulary or more, not a number) gives zeros, and so does padding; no "
                  "row learns of these. weight is vocabulary x dim, as torch.nn.Embedding has it, and begins with "
                  "normal numbers of deviation 1.\n\n"
                  "Backward: dweight[v, d] = sum over the i, j, and samples, where x[i, j] = v, of dy[d, i, j]. dx "
                  "= 0: nothing before it can be trained through it.",
              .reference = "Bengio et al., A neural probabilistic language model, 2003", .examples = examples },
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
};
FV_EXPORT(embedding)
