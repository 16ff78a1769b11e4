/* SPDX-License-Identifier: MIT
 * lstm: long short-term memory, stacked, in one or both directions (Hochreiter and Schmidhuber, 1997). */
#include "lstm_steps.h"

#include "lstm.cl.h"

static const char *const returns[] = { "sequence", "last", NULL };

static const FvOption options[] = {
    FV_OPT_INT(Lstm, hidden, 0, 1, LSTM_MOST_UNITS, "units: numbers of a direction's state", .flags = FV_REQUIRED),
    FV_OPT_INT(Lstm, layers, 1, 1, LSTM_MOST_LAYERS, "layers, each reading the outputs of the one before"),
    FV_OPT_BOOL(Lstm, bidirectional, FALSE,
                "a second one reads the sequence from its end, and stands beside the first"),
    { .name = "return",
      .type = FV_TYPE_CHOICE,
      .offset = FV_FIELD(Lstm, returns, int),
      .choices = returns,
      .help = "what comes out: the outputs at all positions, or the last one of each direction" },
    FV_OPT_BOOL(Lstm, bias, TRUE, "add numbers of its own to each gate"),
    FV_OPT_FLOAT(Lstm, dropout, 0, 0, 0.999, "probability that an output of a layer below another is set to 0"),
    FV_OPT_OPTIONAL_VALUE(Lstm, h0, "outputs before the first step, layers * directions * hidden numbers; else 0"),
    FV_OPT_OPTIONAL_VALUE(Lstm, c0, "the same of the cells"),
    { 0 },
};

/* --------------------------------------------------------------------- plan */

static gboolean check_state(const FvNode *node, const Lstm *lstm, const char *option, FvRef state, GError **error)
{
    const int wanted = lstm->layers * lstm_width(lstm);
    if (state.input < 0)
        return TRUE;
    const FvShape shape = fv_node_input(node, state.input);
    if (fv_shape_equal(shape, (FvShape){ wanted, 1, 1 }))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: %s is %dx%dx%d, and the state of %d units in %s is %dx1x1",
                option, fv_node_input_name(node, state.input), shape.c, shape.h, shape.w, lstm->hidden,
                lstm->layers * lstm->directions == 1 ? "one layer" : "all layers and directions", wanted);
    return FALSE;
}

static FvConv pointwise(const FvNode *node, int in, int out, int groups, gboolean bias, unsigned passes)
{
    static const FvSize one = { 1, 1 };
    return (FvConv){ .in = lstm_positions(node, in),
                     .out = { .c = out },
                     .kernel = one,
                     .stride = one,
                     .dilation = one,
                     .groups = groups,
                     .bias = bias,
                     .passes = passes };
}

static int add_scratch(FvNode *node, const Lstm *lstm, gint64 reals)
{
    const FvShape one = { lstm_width(lstm), 1, 1 };
    return fv_node_add_scratch(node, reals * fv_node_elements(node, one),
                               fv_node_training(node) ? FV_LIFE_STEP : FV_LIFE_CALL);
}

static gboolean drops(const FvNode *node, const Lstm *lstm)
{
    return lstm->layers > 1 && !drop_passes(node, lstm->dropout, SCALE_IN_TRAINING);
}

/* Without a backward pass layers share what they need but for their outputs, of which the last two are enough. */
static void plan_scratch(FvNode *node, Lstm *lstm, int number)
{
    LstmLayer *layer = &lstm->stack[number];
    const gboolean training = fv_node_training(node);
    if (number > 0 && !training) {
        layer->gates = lstm->stack[0].gates;
        layer->before = lstm->stack[0].before;
        layer->cells = lstm->stack[0].cells;
    } else {
        layer->gates = add_scratch(node, lstm, LSTM_GATES * (gint64) lstm->steps);
        layer->before = add_scratch(node, lstm, lstm->steps);
        layer->cells = add_scratch(node, lstm, (gint64) lstm->steps + 1);
    }
    if (number + 1 == lstm->layers)
        return;
    if (number > 1 && !training)
        layer->output = lstm->stack[number - 2].output;
    else
        layer->output = add_scratch(node, lstm, lstm->steps);
    if (drops(node, lstm))
        layer->dropped = add_scratch(node, lstm, lstm->steps);
}

static gboolean plan_layer(FvNode *node, Lstm *lstm, int number, GError **error)
{
    LstmLayer *layer = &lstm->stack[number];
    const int inputs = number > 0 ? lstm_width(lstm) : fv_node_input(node, 0).c;
    const unsigned dx = number > 0 || fv_node_wants_gradient(node, 0) ? FV_CONV_DX : 0;
    layer->project = pointwise(node, inputs, LSTM_GATES * lstm_width(lstm), 1, lstm->bias, FV_CONV_Y | FV_CONV_DW | dx);
    if (!fv_conv_plan(node, &layer->project, error))
        return FALSE;
    lstm_plan_params(node, lstm, number, inputs);
    plan_scratch(node, lstm, number);
    return TRUE;
}

static gboolean plan_backward(FvNode *node, Lstm *lstm, GError **error)
{
    const FvShape state = { lstm_width(lstm), 1, 1 };
    lstm->recur = pointwise(node, lstm_width(lstm), LSTM_GATES * lstm_width(lstm), lstm->directions, FALSE, FV_CONV_DW);
    lstm->dcells = fv_node_add_scratch(node, fv_node_elements(node, state), FV_LIFE_CALL);
    if (lstm->layers > 1)
        lstm->doutput = fv_node_add_scratch(node, lstm->steps * fv_node_elements(node, state), FV_LIFE_CALL);
    if (drops(node, lstm))
        lstm->ddropped = fv_node_add_scratch(node, lstm->steps * fv_node_elements(node, state), FV_LIFE_CALL);
    lstm_plan_gradients(node, lstm, MAX(fv_node_input(node, 0).c, lstm->layers > 1 ? lstm_width(lstm) : 0));
    return fv_conv_plan(node, &lstm->recur, error);
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Lstm *lstm = self;
    const FvShape in = fv_node_input(node, 0);
    lstm->steps = in.h * in.w;
    lstm->directions = lstm->bidirectional ? 2 : 1;
    if (!check_state(node, lstm, "h0", lstm->h0, error) || !check_state(node, lstm, "c0", lstm->c0, error))
        return FALSE;
    const int width = lstm_width(lstm);
    fv_node_set_output(node, lstm->returns == LSTM_LAST ? (FvShape){ width, 1, 1 } : lstm_positions(node, width));
    const double products = (double) in.c + (lstm->layers - 1) * (double) width + lstm->layers * (double) lstm->hidden;
    fv_node_set_flops(node, 2.0 * LSTM_GATES * width * products * lstm->steps);
    lstm_choose_tiles(node, lstm);
    for (int i = 0; i < lstm->layers; i++)
        if (!plan_layer(node, lstm, i, error))
            return FALSE;
    return !fv_node_training(node) || plan_backward(node, lstm, error);
}

/* -------------------------------------------------------------------- build */

/* "#define NAME(F) F(0) F(1) ...\n" */
static void define_each(GString *out, const char *name, int count)
{
    g_string_append_printf(out, "#define %s(F)", name);
    for (int i = 0; i < count; i++)
        g_string_append_printf(out, " F(%d)", i);
    g_string_append_c(out, '\n');
}

static FvKernel *step_kernel(FvNode *node, const Lstm *lstm, const char *name)
{
    const gboolean pair = fv_node_lanes(node) > 1 && lstm->tile.samples == 2;
    g_autoptr(GString) out = g_string_new(NULL);
    g_string_append_printf(out,
                           "#define H %d\n#define D %d\n#define T %d\n#define STATES %d\n#define UNITS %d\n"
                           "#define TILES %d\n#define BACK_UNITS %d\n#define SAMPLES %d\n#define BACK_SAMPLES %d\n"
                           "#define PAIR %d\n",
                           lstm->hidden, lstm->directions, lstm->steps, lstm->layers * lstm_width(lstm),
                           lstm->tile.units, lstm_tiles(lstm, &lstm->tile), lstm->tile_back.units, lstm->tile.samples,
                           lstm->tile_back.samples, pair);
    if (fv_node_workers(node) == 1) {
        define_each(out, "EACH_SAMPLE", lstm->tile.samples);
        define_each(out, "EACH_SAMPLE_BACK", lstm->tile_back.samples);
        define_each(out, "EACH_UNIT", lstm->tile.units);
        define_each(out, "EACH_UNIT_BACK", lstm->tile_back.units);
    }
    return fv_node_add_kernel(node, lstm_cl, name, "%s", out->str);
}

/* Behind each layer but the last; a random stream for each. */
static FvKernel *drop_kernel(FvNode *node, const Lstm *lstm, int number)
{
    const unsigned stream = (unsigned) fv_node_index(node) + ((unsigned) number << 24);
    g_autofree char *defines =
        dropout_defines(stream, lstm_positions(node, lstm_width(lstm)), lstm->dropout, SCALE_IN_TRAINING);
    return fv_node_add_kernel(node, dropout_cl, "apply", "%s", defines);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Lstm *lstm = self;
    lstm->forward = step_kernel(node, lstm, "forward");
    lstm_build_params(node, lstm);
    for (int i = 0; i < lstm->layers; i++)
        if (!fv_conv_build(node, &lstm->stack[i].project, error))
            return FALSE;
    if (!fv_node_training(node))
        return TRUE;
    lstm->backward = step_kernel(node, lstm, "backward");
    for (int i = 0; i + 1 < lstm->layers && drops(node, lstm); i++)
        lstm->stack[i].drop = drop_kernel(node, lstm, i);
    return fv_conv_build(node, &lstm->recur, error);
}

/* ----------------------------------------------------------------- launches */

static void pack(FvNode *node, const void *self, FvList *list)
{
    const Lstm *lstm = self;
    for (int i = 0; i < lstm->layers; i++) {
        const LstmLayer *layer = &lstm->stack[i];
        const FvConvOperands on = lstm_project_operands(node, lstm, layer, list);
        FvConv project = layer->project;
        project.on = &on;
        lstm_pack(node, lstm, layer, list);
        fv_conv_pack(node, &project, list);
    }
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Lstm *lstm = self;
    for (int i = 0; i < lstm->layers; i++)
        lstm_forward_layer(node, lstm, i, list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Lstm *lstm = self;
    for (int i = lstm->layers - 1; i >= 0; i--)
        lstm_backward_layer(node, lstm, i, list);
}

static const char *const examples[] = {
    "lstm(19, return=last, bias=false)",
    "lstm(3, layers=2, bidirectional=true, dropout=0.3)",
    "lstm(5, h0=features, c0=features)",
    NULL,
};

static const FvLayer lstm = {
    .base = { FV_HEAD(FvLayer, Lstm), .kind = FV_LAYER, .name = "lstm",
              .summary = "long short-term memory: a recurrent layer that reads a sequence", .options = options,
              .details =
                  "y[t] = o * tanh(c[t]) and c[t] = f * c[t - 1] + i * g, where i, f and o are sigmoid, and g is "
                  "tanh, of weight_ih x[t] + bias_ih + weight_hh y[t - 1] + bias_hh, a quarter of the rows each, in "
                  "the order i, f, g, o.\n\n"
                  "x is a sequence: channels are the features of a step, pixels the steps, row after row; c x 1 x w "
                  "becomes hidden x 1 x w, and with return=last the vector hidden. With bidirectional=true the "
                  "outputs of the second direction stand behind those of the first, 2 * hidden x 1 x w; its last "
                  "one is that at the first step. y[-1] and c[-1] are 0, or h0 and c0, vectors such as an image's "
                  "features: first those of the first layer, one direction after the other, then those of the next.\n\n"
                  "All is as in torch.nn.LSTM, whose weights load: of layer k, weight_ih_lk, 4 * hidden x features, "
                  "weight_hh_lk, 4 * hidden x hidden, bias_ih_lk and bias_hh_lk, and those of the second direction "
                  "with _reverse behind. All begin uniformly within 1 / sqrt(hidden).\n\n"
                  "Backward: with dy[t] the gradient of y[t], what comes back from the gates of step t + 1 "
                  "included, dc[t] = dc[t + 1] * f[t + 1] + dy[t] * o * (1 - tanh(c[t])^2), and from these the "
                  "gradients of all sums: through all steps, to the first. Gradients of the weights are sums over "
                  "steps and samples.",
              .reference = "Hochreiter and Schmidhuber, Long short-term memory, 1997", .examples = examples },
    .min_inputs = 1,
    .max_inputs = 3,
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .pack = pack,
    .forward = forward,
    .backward = backward,
};
FV_EXPORT(lstm)
