/* SPDX-License-Identifier: MIT
 * attention: every position takes the mean of all positions' values, weighted by how well their keys fit its query
 * (Vaswani et al., 2017). */
#include "drop_scale.h"

#include "attention.cl.h"

#include <math.h>

enum { MOST_HEADS = 1 << 16, TURNED_AT_ONCE = 64, MOST_COPIES = 5 };

/* A convolution of the layer, whose weights are parts of parameters where there is a memory. */
typedef struct {
    FvConv conv;
    int weight, bias, weight_gradient, bias_gradient; /* scratch; -1: the parameters themselves */
} Projection;

/* A part of a parameter, and where in the weights, or the bias, of a projection it stands. */
typedef struct {
    int param, scratch, gradient; /* the last two: where its projection has it */
    int from, to, count;
} Copy;

typedef struct {
    int heads;
    gboolean causal;
    float dropout;
    gboolean bias;
    FvInit init;
    FvRef memory;
    /* set by plan and build */
    FvShape queries, keys;
    Projection in[2], out; /* of all three, or of queries, and of keys with values */
    Copy copies[MOST_COPIES];
    int copy_count;
    int projected[2], projected_gradient[2]; /* scratch: what comes of in[], [position][features] */
    int mixed, mixed_gradient;               /* scratch: what goes into out */
    int norms, slants, turned;               /* scratch: see attention.cl */
    int tile_queries, tile_keys;
    FvKernel *copy, *turn, *forward, *train, *measure, *backward, *backward_keys;
} Attention;

static const FvOption options[] = {
    FV_OPT_INT(Attention, heads, 1, 1, MOST_HEADS, "parts of the channels, each with weights of its own for positions"),
    FV_OPT_BOOL(Attention, causal, FALSE, "position i, in the order of rows, sees none behind position i"),
    FV_OPT_FLOAT(Attention, dropout, 0, 0, 0.999, "probability that a weight is set to 0 in training"),
    FV_OPT_BOOL(Attention, bias, TRUE, "the four projections add a number of its own to each output"),
    FV_OPT_INIT(Attention, init, "xavier", "how the weights of the projections begin"),
    FV_OPT_OPTIONAL_VALUE(Attention, memory, "where keys and values come from; not given: from the input itself"),
    { 0 },
};

/* --------------------------------------------------------------------- plan */

static gboolean has_memory(const Attention *layer)
{
    return layer->memory.input >= 0;
}

static int positions(FvShape shape)
{
    return shape.h * shape.w;
}

static int add_param(FvNode *node, const char *name, FvRole role, int rows, int columns, FvInit init)
{
    const FvParamSpec spec = {
        .name = name,
        .role = role,
        .rank = columns ? 2 : 1,
        .dims = { rows, columns },
        .init = init,
        .fan_in = MAX(columns, 1),
        .fan_out = rows,
    };
    return fv_node_add_param(node, &spec);
}

static int add_weight(FvNode *node, const Attention *layer, const char *name, int rows, int columns)
{
    return add_param(node, name, FV_WEIGHT, rows, columns, layer->init);
}

static int add_bias(FvNode *node, const Attention *layer, const char *name, int rows)
{
    const FvInit zeros = { .kind = FV_INIT_ZEROS };
    return layer->bias ? add_param(node, name, FV_BIAS, rows, 0, zeros) : -1;
}

static gboolean plan_projection(FvNode *node, const Attention *layer, Projection *made, FvShape in, int outputs,
                                gboolean gradient, GError **error)
{
    *made = (Projection){
        .conv = { .in = in,
                  .out = { .c = outputs },
                  .kernel = { 1, 1 },
                  .stride = { 1, 1 },
                  .dilation = { 1, 1 },
                  .groups = 1,
                  .bias = layer->bias,
                  .passes = FV_CONV_Y | FV_CONV_DW | (gradient ? FV_CONV_DX : 0) },
        .weight = -1,
        .bias = -1,
    };
    return fv_conv_plan(node, &made->conv, error);
}

static int scratch_of(FvNode *node, FvShape shape, int features, FvLife life)
{
    return fv_node_add_scratch(node, fv_node_elements(node, (FvShape){ features, shape.h, shape.w }), life);
}

/* Memory for the weights of a projection that are put together from parameters, and for their gradients. */
static void own_weights(FvNode *node, const Attention *layer, Projection *made)
{
    const gint64 weights = (gint64) made->conv.out.c * made->conv.in.c;
    made->weight = fv_node_add_scratch(node, weights, FV_LIFE_PLAN);
    if (layer->bias)
        made->bias = fv_node_add_scratch(node, made->conv.out.c, FV_LIFE_PLAN);
    if (!fv_node_training(node))
        return;
    made->weight_gradient = fv_node_add_scratch(node, weights, FV_LIFE_CALL);
    if (layer->bias)
        made->bias_gradient = fv_node_add_scratch(node, made->conv.out.c, FV_LIFE_CALL);
}

static void add_weights_copy(Attention *layer, int param, int from, const Projection *into, int to, int count)
{
    layer->copies[layer->copy_count++] = (Copy){ param, into->weight, into->weight_gradient, from, to, count };
}

static void add_bias_copy(Attention *layer, int param, int from, const Projection *into)
{
    if (layer->bias)
        layer->copies[layer->copy_count++] =
            (Copy){ param, into->bias, into->bias_gradient, from, 0, into->conv.out.c };
}

/* Parameters are PyTorch's: one matrix for all three where their inputs have as many features, else one for each. */
static void plan_params(FvNode *node, Attention *layer)
{
    const int c = layer->queries.c, memory_c = layer->keys.c;
    Projection *queries = &layer->in[0], *memory = &layer->in[1];
    if (!has_memory(layer)) {
        queries->conv.weight = add_weight(node, layer, "in_proj_weight", 3 * c, c);
        queries->conv.bias_param = add_bias(node, layer, "in_proj_bias", 3 * c);
    } else if (memory_c == c) {
        const int weight = add_weight(node, layer, "in_proj_weight", 3 * c, c);
        add_weights_copy(layer, weight, 0, queries, 0, c * c);
        add_weights_copy(layer, weight, c * c, memory, 0, 2 * c * c);
    } else {
        add_weights_copy(layer, add_weight(node, layer, "q_proj_weight", c, c), 0, queries, 0, c * c);
        add_weights_copy(layer, add_weight(node, layer, "k_proj_weight", c, memory_c), 0, memory, 0, c * memory_c);
        add_weights_copy(layer, add_weight(node, layer, "v_proj_weight", c, memory_c), 0, memory, c * memory_c,
                         c * memory_c);
    }
    if (has_memory(layer)) {
        const int bias = add_bias(node, layer, "in_proj_bias", 3 * c);
        add_bias_copy(layer, bias, 0, queries);
        add_bias_copy(layer, bias, c, memory);
    }
    layer->out.conv.weight = add_weight(node, layer, "out_proj.weight", c, c);
    layer->out.conv.bias_param = add_bias(node, layer, "out_proj.bias", c);
}

static void plan_scratch(FvNode *node, Attention *layer)
{
    const gboolean training = fv_node_training(node);
    const FvLife kept = training ? FV_LIFE_STEP : FV_LIFE_CALL;
    const FvShape places[] = { layer->queries, layer->keys };
    for (int i = 0; i <= has_memory(layer); i++) {
        const int features = layer->in[i].conv.out.c;
        layer->projected[i] = scratch_of(node, places[i], features, kept);
        if (training)
            layer->projected_gradient[i] = scratch_of(node, places[i], features, FV_LIFE_CALL);
    }
    layer->mixed = scratch_of(node, layer->queries, layer->queries.c, kept);
    layer->norms = scratch_of(node, layer->queries, layer->heads, kept);
    if (training) {
        layer->mixed_gradient = scratch_of(node, layer->queries, layer->queries.c, FV_LIFE_CALL);
        layer->slants = scratch_of(node, layer->queries, layer->heads, FV_LIFE_CALL);
    }
    /* With one lane vectors run over keys. */
    if (fv_node_workers(node) == 1 && fv_node_lanes(node) == 1) {
        const FvShape turned = { layer->queries.c, (positions(layer->keys) + 15) / 16 * 16, training ? 2 : 1 };
        layer->turned = fv_node_add_scratch(node, fv_node_elements(node, turned), FV_LIFE_CALL);
    } else {
        layer->turned = -1;
    }
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Attention *layer = self;
    const FvShape in = fv_node_input(node, 0);
    const FvShape memory = has_memory(layer) ? fv_node_input(node, layer->memory.input) : in;
    if (fv_node_inputs(node) != 1 + has_memory(layer)) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE,
                    "one value comes in, and keys and values come from it or from memory=; here %s",
                    has_memory(layer) ? "none comes in beside memory" : "two come in");
        return FALSE;
    }
    if (in.c % layer->heads != 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "heads=%d must divide the channels of %s, which is %dx%dx%d",
                    layer->heads, fv_node_input_name(node, 0), in.c, in.h, in.w);
        return FALSE;
    }
    layer->queries = in;
    layer->keys = memory;
    const int outputs[] = { has_memory(layer) ? in.c : 3 * in.c, 2 * in.c };
    for (int i = 0; i <= has_memory(layer); i++) {
        if (!plan_projection(node, layer, &layer->in[i], i ? memory : in, outputs[i], fv_node_wants_gradient(node, i),
                             error))
            return FALSE;
        if (has_memory(layer))
            own_weights(node, layer, &layer->in[i]);
    }
    if (!plan_projection(node, layer, &layer->out, in, in.c, TRUE, error))
        return FALSE;
    plan_params(node, layer);
    plan_scratch(node, layer);
    fv_node_set_output(node, in);

    const double c = in.c, at = positions(in), of = positions(memory);
    fv_node_set_flops(node, 4 * c * c * at + 4 * c * memory.c * of + 4 * c * at * of);
    return TRUE;
}

/* -------------------------------------------------------------------- build */

static void choose_tile(const FvNode *node, Attention *layer)
{
    const int keys = positions(layer->keys);
    layer->tile_queries = 32;
    layer->tile_keys = 64;
    if (fv_node_workers(node) == 1 && fv_node_lanes(node) > 1) {
        layer->tile_queries = 8;
        layer->tile_keys = 16;
    }
    layer->tile_keys = MIN(layer->tile_keys, (keys + 15) / 16 * 16);
}

static char *defines_of(const FvNode *node, const Attention *layer)
{
    const int width = layer->queries.c / layer->heads, c = layer->queries.c;
    const gboolean memory = has_memory(layer);
    g_autofree char *drop = drop_defines(node, layer->dropout, SCALE_IN_TRAINING);
    char scale[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(scale, sizeof scale, "%.17e", 1 / sqrt((double) width));
    return g_strdup_printf(
        "%s#define QUERIES %d\n#define KEYS %d\n#define HEADS %d\n#define WIDTH %d\n"
        "#define Q_STEP %d\n#define KV_STEP %d\n#define Q_AT 0\n#define K_AT %d\n#define V_AT %d\n"
        "#define CAUSAL %d\n#define QK_SCALE ((real) %s)\n#define BQ %d\n#define BK %d\n"
        "#define TURNED_AT_ONCE %d\n",
        drop, positions(layer->queries), positions(layer->keys), layer->heads, width, memory ? c : 3 * c,
        memory ? 2 * c : 3 * c, memory ? 0 : c, memory ? c : 2 * c, layer->causal, scale, layer->tile_queries,
        layer->tile_keys, TURNED_AT_ONCE);
}

/* Whether one work-group makes all tiles of a head in the derivative. That saves two of seven products, but leaves
 * fewer work-groups; and llvmpipe ends all loops of a work-item after 65535 steps together. */
static gboolean whole_heads(const FvNode *node, const Attention *layer)
{
    enum { PRODUCTS = 5, MOST_STEPS = 50000 };
    const int sums_at_once = fv_node_lanes(node) > 1 ? 16 : 256; /* of a step of a product's innermost loop */
    const gint64 scores = (gint64) positions(layer->queries) * positions(layer->keys);
    return fv_node_workers(node) == 1 &&
           scores / sums_at_once * PRODUCTS * (layer->queries.c / layer->heads) <= MOST_STEPS;
}

static FvKernel *backward_kernel(FvNode *node, const char *name, const char *defines, gboolean queries, gboolean keys)
{
    return fv_node_add_kernel(node, attention_cl, name,
                              "%s#define BACKWARD 1\n#define QUERIES_OUT %d\n#define KEYS_OUT %d\n", defines, queries,
                              keys);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Attention *layer = self;
    for (int i = 0; i <= has_memory(layer); i++)
        if (!fv_conv_build(node, &layer->in[i].conv, error))
            return FALSE;
    if (!fv_conv_build(node, &layer->out.conv, error))
        return FALSE;
    choose_tile(node, layer);
    g_autofree char *numbers = defines_of(node, layer);
    g_autofree char *plain = g_strconcat(numbers, "#define DROP 0\n#define BACKWARD 0\n", NULL);
    layer->forward = fv_node_add_kernel(node, attention_cl, "forward", "%s", plain);
    if (layer->turned >= 0)
        layer->turn = fv_node_add_kernel(node, attention_cl, "turn", "%s", plain);
    if (has_memory(layer))
        layer->copy = fv_node_add_kernel(node, attention_cl, "copy", "%s", plain);
    if (!fv_node_training(node))
        return TRUE;
    g_autofree char *trained = g_strdup_printf("%s#define DROP %d\n", numbers, layer->dropout > 0);
    layer->train = layer->dropout > 0
                       ? fv_node_add_kernel(node, attention_cl, "forward", "%s#define BACKWARD 0\n", trained)
                       : layer->forward;
    const gboolean whole = whole_heads(node, layer);
    layer->backward = backward_kernel(node, "backward", trained, TRUE, whole);
    layer->backward_keys = whole ? NULL : backward_kernel(node, "backward", trained, FALSE, TRUE);
    layer->measure = backward_kernel(node, "measure", trained, TRUE, whole);
    return TRUE;
}

/* ----------------------------------------------------------------- launches */

static FvBuffer *scratch(const FvNode *node, int i)
{
    return i >= 0 ? fv_node_scratch(node, i) : NULL;
}

/* The convolution of this list; @on is what it is computed with, and gets its weights. */
static FvConv projection(const FvNode *node, const Projection *of, FvConvOperands *on)
{
    FvConv conv = of->conv;
    const gboolean own = of->weight >= 0, training = fv_node_training(node);
    on->weight = own ? scratch(node, of->weight) : fv_node_param(node, conv.weight);
    if (training)
        on->weight_gradient = own ? scratch(node, of->weight_gradient) : fv_node_gradient(node, conv.weight);
    if (conv.bias) {
        on->bias = own ? scratch(node, of->bias) : fv_node_param(node, conv.bias_param);
        if (training)
            on->bias_gradient = own ? scratch(node, of->bias_gradient) : fv_node_gradient(node, conv.bias_param);
    }
    conv.on = on;
    return conv;
}

static FvConv projection_in(const FvNode *node, const Attention *layer, int i, FvConvOperands *on)
{
    *on = (FvConvOperands){ .x = fv_node_x(node, i), .y = scratch(node, layer->projected[i]) };
    if (fv_node_training(node)) {
        on->dy = scratch(node, layer->projected_gradient[i]);
        on->dx = fv_node_dx(node, i);
    }
    return projection(node, &layer->in[i], on);
}

static FvConv projection_out(const FvNode *node, const Attention *layer, FvConvOperands *on)
{
    *on = (FvConvOperands){ .x = scratch(node, layer->mixed), .y = fv_node_y(node) };
    if (fv_node_training(node)) {
        on->dy = fv_node_dy(node);
        on->dx = scratch(node, layer->mixed_gradient);
    }
    return projection(node, &layer->out, on);
}

static void launch_copy(FvNode *node, const Attention *layer, FvBuffer *from, int from_at, FvBuffer *to, int to_at,
                        int count, FvList *list)
{
    enum { SOME = 4096 };
    fv_launch(list, layer->copy, fv_node_grid(node, (size_t) (count + SOME - 1) / SOME, 1, 1), fv_buffer(from),
              fv_buffer(to), fv_int(from_at), fv_int(to_at), fv_int(count), fv_int(SOME));
}

static void pack(FvNode *node, const void *self, FvList *list)
{
    const Attention *layer = self;
    FvConvOperands on;
    for (int i = 0; i < layer->copy_count; i++) {
        const Copy *copy = &layer->copies[i];
        launch_copy(node, layer, fv_node_param(node, copy->param), copy->from, scratch(node, copy->scratch), copy->to,
                    copy->count, list);
    }
    for (int i = 0; i <= has_memory(layer); i++) {
        const FvConv conv = projection_in(node, layer, i, &on);
        fv_conv_pack(node, &conv, list);
    }
    const FvConv conv = projection_out(node, layer, &on);
    fv_conv_pack(node, &conv, list);
}

/* Samples, or blocks of them, that have a work-group each. */
static size_t groups_of(const FvNode *node, const FvList *list)
{
    return (size_t) fv_list_blocks(list) * (size_t) (fv_node_workers(node) > 1 ? fv_node_lanes(node) : 1);
}

static FvGrid grid(const FvNode *node, const Attention *layer, const FvList *list, int count, int tile)
{
    return fv_node_grid(node, groups_of(node, list), (size_t) layer->heads, (size_t) ((count + tile - 1) / tile));
}

static FvBuffer *keys_of(const FvNode *node, const Attention *layer)
{
    return scratch(node, layer->projected[has_memory(layer)]);
}

/* @each: 1 for keys alone, 2 for values, too. Returns what kernels are given where nothing is turned, too. */
static FvBuffer *turn(FvNode *node, const Attention *layer, int each, FvList *list)
{
    FvBuffer *keys = keys_of(node, layer);
    if (layer->turned < 0)
        return keys;
    FvBuffer *turned = scratch(node, layer->turned);
    const int parts = (positions(layer->keys) + TURNED_AT_ONCE - 1) / TURNED_AT_ONCE;
    fv_launch(list, layer->turn, grid(node, layer, list, parts * each, 1), fv_buffer(keys), fv_buffer(turned),
              fv_int(each));
    return turned;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Attention *layer = self;
    FvConvOperands on;
    for (int i = 0; i <= has_memory(layer); i++) {
        const FvConv conv = projection_in(node, layer, i, &on);
        fv_conv_forward(node, &conv, list);
    }
    FvBuffer *turned = turn(node, layer, 1, list);
    fv_launch(list, fv_list_training(list) ? layer->train : layer->forward,
              grid(node, layer, list, positions(layer->queries), layer->tile_queries),
              fv_buffer(scratch(node, layer->projected[0])), fv_buffer(keys_of(node, layer)), fv_buffer(turned),
              fv_buffer(scratch(node, layer->mixed)), fv_buffer(scratch(node, layer->norms)), fv_step(), fv_seed());
    const FvConv conv = projection_out(node, layer, &on);
    fv_conv_forward(node, &conv, list);
}

static void launch_backward(FvNode *node, const Attention *layer, FvKernel *kernel, FvGrid grid, FvBuffer *turned,
                            FvList *list)
{
    fv_launch(list, kernel, grid, fv_buffer(scratch(node, layer->projected[0])), fv_buffer(keys_of(node, layer)),
              fv_buffer(turned), fv_buffer(scratch(node, layer->mixed_gradient)),
              fv_buffer(scratch(node, layer->norms)), fv_buffer(scratch(node, layer->slants)),
              fv_buffer(scratch(node, layer->projected_gradient[0])),
              fv_buffer(scratch(node, layer->projected_gradient[has_memory(layer)])), fv_step(), fv_seed());
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Attention *layer = self;
    FvConvOperands on;
    const FvConv out = projection_out(node, layer, &on);
    fv_conv_backward(node, &out, list);

    FvBuffer *turned = turn(node, layer, 2, list);
    fv_launch(list, layer->measure, grid(node, layer, list, 1, 1), fv_buffer(scratch(node, layer->mixed)),
              fv_buffer(scratch(node, layer->mixed_gradient)), fv_buffer(scratch(node, layer->slants)));
    if (layer->backward_keys)
        launch_backward(node, layer, layer->backward_keys,
                        grid(node, layer, list, positions(layer->keys), layer->tile_keys), turned, list);
    launch_backward(node, layer, layer->backward,
                    grid(node, layer, list, layer->backward_keys ? positions(layer->queries) : 1, layer->tile_queries),
                    turned, list);

    for (int i = 0; i <= has_memory(layer); i++) {
        const FvConv conv = projection_in(node, layer, i, &on);
        fv_conv_backward(node, &conv, list);
    }
    for (int i = 0; i < layer->copy_count; i++) {
        const Copy *copy = &layer->copies[i];
        launch_copy(node, layer, scratch(node, copy->gradient), copy->to, fv_node_gradient(node, copy->param),
                    copy->from, copy->count, list);
    }
}

static const char *const examples[] = { "attention(2, causal=true, bias=false)",
                                        "attention(heads=3, dropout=0.3, init=gaussian(0.5))",
                                        "attention(2, memory=other)", NULL };

static const FvLayer attention = {
    .base = { FV_HEAD(FvLayer, Attention), .kind = FV_LAYER, .name = "attention",
              .summary = "multi-head attention: a mean over all positions, weighted by how well they fit",
              .options = options,
              .details =
                  "y[i] = W_o concat over heads of (sum over j of a[i, j] * v[j]) + b_o, a[i, j] = exp(q[i] . k[j] / "
                  "sqrt(d)) / sum over j' of exp(q[i] . k[j'] / sqrt(d)), with q = W_q x + b_q, k = W_k m + b_k and "
                  "v = W_v m + b_v at each position, and d = c / heads of the c numbers of q, k and v for each "
                  "head.\n\n"
                  "A value c x h x w is a sequence of h * w positions, row by row, with c features each: the sequence "
                  "of n tokens is c x n x 1 or c x 1 x n. Without memory m is x itself (self-attention); else it may "
                  "have other extents and other channels, and y has the positions of x (cross-attention): a decoder of "
                  "captions, say, looks at an image. heads must divide c; the shape stays. With causal position i sees "
                  "positions 0 to i alone. Dropout is of the weights a; what is dropped follows from the seed, the "
                  "step, the layer, and the places of sample, head, query and key: it is the same on every device.\n\n"
                  "Parameters are those of PyTorch's MultiheadAttention: in_proj_weight, 3c x c, has W_q, W_k and W_v "
                  "one below the other, in_proj_bias their biases; out_proj.weight and out_proj.bias are W_o and b_o. "
                  "Where memory has other channels than x, q_proj_weight, k_proj_weight and v_proj_weight take the "
                  "place of in_proj_weight. All scores of a head are never in memory together: they are made tile by "
                  "tile, and in the backward pass once more.\n\n"
                  "Backward: dv[j] = sum over i of a[i, j] * do[i]; ds[i, j] = a[i, j] * (do[i] . v[j] - sum over j' "
                  "of "
                  "a[i, j'] * do[i] . v[j']); dq[i] = sum over j of ds[i, j] * k[j] / sqrt(d); dk[j] = sum over i of "
                  "ds[i, j] * q[i] / sqrt(d), do being W_o^T dy; then through the projections, as in dense.",
              .reference = "Vaswani et al., Attention is all you need, 2017; tiles: Dao et al., FlashAttention: fast "
                           "and memory-efficient exact attention with IO-awareness, 2022",
              .examples = examples },
    .min_inputs = 1,
    .max_inputs = 2,
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .pack = pack,
    .forward = forward,
    .backward = backward,
};
FV_EXPORT(attention)
