/* SPDX-License-Identifier: MIT
 * lstm: long short-term memory, stacked, in one or both directions (Hochreiter and Schmidhuber, 1997). */
#include "dropout.h"
#include "lstm_params.h"

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

static FvShape positions(const FvNode *node, int channels)
{
    const FvShape in = fv_node_input(node, 0);
    return (FvShape){ channels, in.h, in.w };
}

static FvConv pointwise(const FvNode *node, int in, int out, int groups, gboolean bias, unsigned passes)
{
    static const FvSize one = { 1, 1 };
    return (FvConv){ .in = positions(node, in),
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
    fv_node_set_output(node, lstm->returns == LSTM_LAST ? (FvShape){ width, 1, 1 } : positions(node, width));
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
        dropout_defines(stream, positions(node, lstm_width(lstm)), lstm->dropout, SCALE_IN_TRAINING);
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

static FvGrid grid(const FvNode *node, const Lstm *lstm, const LstmTile *tile, const FvList *list)
{
    const int blocks = fv_list_blocks(list), workers = fv_node_workers(node);
    if (workers > 1)
        return fv_node_grid(node, (size_t) lstm_divide_up(blocks * lstm->hidden * fv_node_lanes(node), workers), 1,
                            (size_t) lstm->directions);
    return fv_node_grid(node, (size_t) lstm_divide_up(lstm_tiles(lstm, tile), tile->tiles),
                        (size_t) lstm_divide_up(blocks, tile->some), (size_t) lstm->directions);
}

static void drop(FvNode *node, const Lstm *lstm, const LstmLayer *layer, FvBuffer *from, FvBuffer *to, FvList *list)
{
    fv_launch(list, layer->drop, dropout_grid(node, positions(node, lstm_width(lstm)), list), fv_buffer(from),
              fv_buffer(to), fv_step(), fv_seed(), fv_int(fv_list_blocks(list)));
}

/* What layer `number` reads and writes. */
static FvBuffer *input_of(const FvNode *node, const Lstm *lstm, int number, const FvList *list)
{
    if (number == 0)
        return fv_node_x(node, 0);
    const LstmLayer *below = &lstm->stack[number - 1];
    return fv_node_scratch(node, below->drop && fv_list_training(list) ? below->dropped : below->output);
}

static FvBuffer *output_of(const FvNode *node, const Lstm *lstm, int number)
{
    return number + 1 < lstm->layers ? fv_node_scratch(node, lstm->stack[number].output) : fv_node_y(node);
}

/* Positions of what it writes. */
static int output_steps(const Lstm *lstm, int number)
{
    return number + 1 == lstm->layers && lstm->returns == LSTM_LAST ? 1 : lstm->steps;
}

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

/* The state before the first step; @steps: positions of `to`. */
static void begin(const FvNode *node, const Lstm *lstm, int number, FvRef state, FvBuffer *to, int steps, FvList *list)
{
    const gboolean given = state.input >= 0;
    fv_launch(list, lstm->begin, fv_node_grid(node, (size_t) lstm->directions, (size_t) fv_list_blocks(list), 1),
              fv_buffer(given ? fv_node_x(node, state.input) : to), fv_buffer(to), fv_int(number * lstm_width(lstm)),
              fv_int(given), fv_int(steps));
}

static void forward_layer(FvNode *node, const Lstm *lstm, int number, FvList *list)
{
    const LstmLayer *layer = &lstm->stack[number];
    FvBuffer *gates = fv_node_scratch(node, layer->gates), *before = fv_node_scratch(node, layer->before);
    FvBuffer *cells = fv_node_scratch(node, layer->cells);
    FvConvOperands on = lstm_project_operands(node, lstm, layer, list);
    FvConv project = layer->project;
    on.x = input_of(node, lstm, number, list);
    on.y = gates;
    project.on = &on;
    fv_conv_forward(node, &project, list);
    begin(node, lstm, number, lstm->h0, before, lstm->steps, list);
    begin(node, lstm, number, lstm->c0, cells, lstm->steps + 1, list);
    for (int step = 0; step < lstm->steps; step += lstm->tile.steps)
        fv_launch(list, lstm->forward, grid(node, lstm, &lstm->tile, list), fv_buffer(gates),
                  fv_buffer(fv_node_scratch(node, layer->packed)), fv_buffer(before), fv_buffer(cells),
                  fv_buffer(output_of(node, lstm, number)), fv_int(step),
                  fv_int(MIN(step + lstm->tile.steps, lstm->steps)), fv_int(output_steps(lstm, number)),
                  fv_int(fv_list_blocks(list)), fv_int(lstm->tile.some), fv_int(lstm->tile.tiles));
    if (layer->drop && fv_list_training(list))
        drop(node, lstm, layer, fv_node_scratch(node, layer->output), fv_node_scratch(node, layer->dropped), list);
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Lstm *lstm = self;
    for (int i = 0; i < lstm->layers; i++)
        forward_layer(node, lstm, i, list);
}

/* Back through all steps of a layer, and to the state that it began with, where that is wanted. */
static void back_through_time(FvNode *node, const Lstm *lstm, int number, FvList *list)
{
    const LstmLayer *layer = &lstm->stack[number];
    FvBuffer *gates = fv_node_scratch(node, layer->gates), *dcells = fv_node_scratch(node, lstm->dcells);
    FvBuffer *dy = number + 1 < lstm->layers ? fv_node_scratch(node, lstm->doutput) : fv_node_dy(node);
    FvBuffer *dh0 = lstm->h0.input >= 0 ? fv_node_dx(node, lstm->h0.input) : NULL;
    FvBuffer *dc0 = lstm->c0.input >= 0 ? fv_node_dx(node, lstm->c0.input) : NULL;
    FvArg weight = fv_buffer(fv_node_param(node, layer->params[0].weight_hh));
    FvArg reverse = fv_buffer(fv_node_param(node, layer->params[lstm->directions - 1].weight_hh));
    const int wanted = (dh0 != NULL) + 2 * (dc0 != NULL), end = wanted ? -1 : 0;
    for (int step = lstm->steps - 1; step >= end; step -= lstm->tile_back.steps)
        fv_launch(list, lstm->backward, grid(node, lstm, &lstm->tile_back, list), fv_buffer(gates), weight, reverse,
                  fv_buffer(fv_node_scratch(node, layer->cells)), fv_buffer(dcells), fv_buffer(dy),
                  fv_buffer(dh0 ? dh0 : dcells), fv_buffer(dc0 ? dc0 : dcells), fv_int(number * lstm_width(lstm)),
                  fv_int(wanted), fv_int(step), fv_int(MAX(step - lstm->tile_back.steps + 1, end)),
                  fv_int(output_steps(lstm, number)), fv_int(fv_list_blocks(list)), fv_int(lstm->tile_back.some),
                  fv_int(lstm->tile_back.tiles));
}

static void backward_layer(FvNode *node, const Lstm *lstm, int number, FvList *list)
{
    const LstmLayer *layer = &lstm->stack[number], *below = number > 0 ? layer - 1 : NULL;
    FvConvOperands on = lstm_project_operands(node, lstm, layer, list);
    FvConvOperands on_recur = lstm_recur_operands(node, lstm, layer);
    FvConv project = layer->project, recur = lstm->recur;
    back_through_time(node, lstm, number, list);
    on.x = input_of(node, lstm, number, list);
    on.dy = on_recur.dy = fv_node_scratch(node, layer->gates);
    on.dx = below ? fv_node_scratch(node, below->drop ? lstm->ddropped : lstm->doutput) : fv_node_dx(node, 0);
    on_recur.x = fv_node_scratch(node, layer->before);
    project.on = &on;
    recur.on = &on_recur;
    fv_conv_backward(node, &project, list);
    fv_conv_backward(node, &recur, list);
    lstm_give_gradients(node, lstm, layer, list);
    if (below && below->drop)
        drop(node, lstm, below, on.dx, fv_node_scratch(node, lstm->doutput), list);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Lstm *lstm = self;
    for (int i = lstm->layers - 1; i >= 0; i--)
        backward_layer(node, lstm, i, list);
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
                  "y[t] = o * tanh(c[t]) and c[t] = f * c[t - 1] + i * g, where i, f and o are sigmoid, and g is tanh, "
                  "of "
                  "weight_ih x[t] + bias_ih + weight_hh y[t - 1] + bias_hh, a quarter of the rows each, in the order "
                  "i, "
                  "f, g, o. x is a sequence: channels are the features of a step, pixels the steps, row after row; c x "
                  "1 x "
                  "w becomes hidden x 1 x w, and with return=last the vector hidden. With bidirectional=true the "
                  "outputs "
                  "of the second direction stand behind those of the first, 2 * hidden x 1 x w; the last of the second "
                  "is that at the first step. All is as in torch.nn.LSTM, whose weights load: of layer k, "
                  "weight_ih_lk, "
                  "4 * hidden x features, weight_hh_lk, 4 * hidden x hidden, bias_ih_lk and bias_hh_lk, and those of "
                  "the "
                  "second direction with _reverse behind; all begin uniformly within 1 / sqrt(hidden). y[-1] and c[-1] "
                  "are 0, or h0 and c0, vectors such as an image's features: of the first layer's first direction, its "
                  "second, the second layer's first, and so on.\n\n"
                  "Backward: dc[t] = dc[t + 1] * f[t + 1] + dy[t] * o * (1 - tanh(c[t])^2), where dy[t] has what comes "
                  "back from the gates of step t + 1; through all steps.",
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
