/* SPDX-License-Identifier: MIT
 * lstm_params.h: the parameters of an LSTM: their names and layouts are PyTorch's; on their way to the kernels, and
 * their gradients on the way back. */
#ifndef FOVEA_LAYERS_LSTM_PARAMS_H
#define FOVEA_LAYERS_LSTM_PARAMS_H

#include "lstm.h"

#include "lstm_weights.cl.h"

/* Reals, and columns of a tile of weights, that a work-group takes. */
enum { LSTM_SPAN = 8192, LSTM_COLUMNS = 64 };

/* All begin uniformly within 1 / sqrt(hidden), as PyTorch's do: so these fans come to. */
static inline int lstm_add_param(FvNode *node, const Lstm *lstm, int layer, int direction, const char *kind,
                                 int columns)
{
    g_autofree char *name = g_strdup_printf("%s_l%d%s", kind, layer, direction ? "_reverse" : "");
    return fv_node_add_param(node, &(FvParamSpec){ .name = g_intern_string(name),
                                                   .role = columns ? FV_WEIGHT : FV_BIAS,
                                                   .rank = columns ? 2 : 1,
                                                   .dims = { LSTM_GATES * lstm->hidden, columns },
                                                   .init = { .kind = FV_INIT_XAVIER },
                                                   .fan_in = 3 * (gint64) lstm->hidden,
                                                   .fan_out = 3 * (gint64) lstm->hidden });
}

/** Parameters and their scratch of one layer. @inputs: features that it sees. */
static inline void lstm_plan_params(FvNode *node, Lstm *lstm, int number, int inputs)
{
    LstmLayer *layer = &lstm->stack[number];
    const gint64 rows = (gint64) lstm->directions * LSTM_GATES * lstm->hidden;
    for (int d = 0; d < lstm->directions; d++) {
        layer->params[d].weight_ih = lstm_add_param(node, lstm, number, d, "weight_ih", inputs);
        layer->params[d].weight_hh = lstm_add_param(node, lstm, number, d, "weight_hh", lstm->hidden);
        if (!lstm->bias)
            continue;
        layer->params[d].bias_ih = lstm_add_param(node, lstm, number, d, "bias_ih", 0);
        layer->params[d].bias_hh = lstm_add_param(node, lstm, number, d, "bias_hh", 0);
    }
    layer->packed = fv_node_add_scratch(
        node, (gint64) lstm->directions * lstm_tiles(lstm, &lstm->tile) * lstm->tile.units * LSTM_GATES * lstm->hidden,
        FV_LIFE_PLAN);
    if (lstm->directions > 1)
        layer->joined = fv_node_add_scratch(node, rows * inputs, FV_LIFE_PLAN);
    if (lstm->bias)
        layer->bias = fv_node_add_scratch(node, rows, FV_LIFE_PLAN);
}

/** Scratch for the gradients of two directions. @inputs: the most features that a layer sees. */
static inline void lstm_plan_gradients(FvNode *node, Lstm *lstm, int inputs)
{
    const gint64 rows = (gint64) lstm->directions * LSTM_GATES * lstm->hidden;
    if (lstm->directions == 1)
        return;
    lstm->dweight_ih = fv_node_add_scratch(node, rows * inputs, FV_LIFE_CALL);
    lstm->dweight_hh = fv_node_add_scratch(node, rows * lstm->hidden, FV_LIFE_CALL);
    lstm->dbias = fv_node_add_scratch(node, rows, FV_LIFE_CALL);
}

static inline FvKernel *lstm_weights_kernel(FvNode *node, const Lstm *lstm, const char *name)
{
    return fv_node_add_kernel(node, lstm_weights_cl, name,
                              "#define H %d\n#define D %d\n#define STATES %d\n#define UNITS %d\n#define SOME %d\n"
                              "#define SPAN %d\n",
                              lstm->hidden, lstm->directions, lstm->layers * lstm_width(lstm), lstm->tile.units,
                              LSTM_COLUMNS, LSTM_SPAN);
}

static inline void lstm_build_params(FvNode *node, Lstm *lstm)
{
    lstm->begin = lstm_weights_kernel(node, lstm, "begin");
    lstm->pack = lstm_weights_kernel(node, lstm, "pack");
    lstm->copy = lstm_weights_kernel(node, lstm, "copy");
    lstm->add_biases = lstm_weights_kernel(node, lstm, "add_biases");
}

static inline FvGrid lstm_spans(const FvNode *node, int count)
{
    return fv_node_grid(node, (size_t) lstm_divide_up(count, LSTM_SPAN), 1, 1);
}

static inline void lstm_copy(const FvNode *node, const Lstm *lstm, FvBuffer *from, FvBuffer *to, int from_offset,
                             int to_offset, int count, FvList *list)
{
    fv_launch(list, lstm->copy, lstm_spans(node, count), fv_buffer(from), fv_buffer(to), fv_int(from_offset),
              fv_int(to_offset), fv_int(count));
}

/** What the input's part of the gates is computed with; x, y, dy and dx are the caller's. */
static inline FvConvOperands lstm_project_operands(const FvNode *node, const Lstm *lstm, const LstmLayer *layer,
                                                   const FvList *list)
{
    const gboolean joined = lstm->directions > 1, training = fv_list_training(list);
    FvConvOperands on = { 0 };
    on.weight = joined ? fv_node_scratch(node, layer->joined) : fv_node_param(node, layer->params[0].weight_ih);
    on.bias = lstm->bias ? fv_node_scratch(node, layer->bias) : NULL;
    if (training)
        on.weight_gradient =
            joined ? fv_node_scratch(node, lstm->dweight_ih) : fv_node_gradient(node, layer->params[0].weight_ih);
    if (training && lstm->bias)
        on.bias_gradient =
            joined ? fv_node_scratch(node, lstm->dbias) : fv_node_gradient(node, layer->params[0].bias_ih);
    return on;
}

/** The same of the gradient of weight_hh. */
static inline FvConvOperands lstm_recur_operands(const FvNode *node, const Lstm *lstm, const LstmLayer *layer)
{
    return (FvConvOperands){ .weight_gradient = lstm->directions > 1
                                                    ? fv_node_scratch(node, lstm->dweight_hh)
                                                    : fv_node_gradient(node, layer->params[0].weight_hh) };
}

/** From the parameters to what kernels read. */
static inline void lstm_pack(FvNode *node, const Lstm *lstm, const LstmLayer *layer, FvList *list)
{
    const int tiles = lstm_tiles(lstm, &lstm->tile), rows = LSTM_GATES * lstm->hidden;
    const int packed = tiles * lstm->tile.units * rows, inputs = layer->project.in.c;
    for (int d = 0; d < lstm->directions; d++) {
        fv_launch(list, lstm->pack,
                  fv_node_grid(node, (size_t) tiles, (size_t) lstm_divide_up(lstm->hidden, LSTM_COLUMNS), 1),
                  fv_buffer(fv_node_param(node, layer->params[d].weight_hh)),
                  fv_buffer(fv_node_scratch(node, layer->packed)), fv_int(d * packed));
        if (lstm->directions > 1)
            lstm_copy(node, lstm, fv_node_param(node, layer->params[d].weight_ih), fv_node_scratch(node, layer->joined),
                      0, d * rows * inputs, rows * inputs, list);
        if (lstm->bias)
            fv_launch(list, lstm->add_biases, lstm_spans(node, rows),
                      fv_buffer(fv_node_param(node, layer->params[d].bias_ih)),
                      fv_buffer(fv_node_param(node, layer->params[d].bias_hh)),
                      fv_buffer(fv_node_scratch(node, layer->bias)), fv_int(d * rows), fv_int(rows));
    }
}

/** From the gradients of both directions to those of the parameters; both biases have the same. */
static inline void lstm_give_gradients(const FvNode *node, const Lstm *lstm, const LstmLayer *layer, FvList *list)
{
    const gboolean joined = lstm->directions > 1;
    const int rows = LSTM_GATES * lstm->hidden, inputs = layer->project.in.c;
    for (int d = 0; d < lstm->directions; d++) {
        FvBuffer *bias = NULL;
        if (joined) {
            lstm_copy(node, lstm, fv_node_scratch(node, lstm->dweight_ih),
                      fv_node_gradient(node, layer->params[d].weight_ih), d * rows * inputs, 0, rows * inputs, list);
            lstm_copy(node, lstm, fv_node_scratch(node, lstm->dweight_hh),
                      fv_node_gradient(node, layer->params[d].weight_hh), d * rows * lstm->hidden, 0,
                      rows * lstm->hidden, list);
        }
        if (!lstm->bias)
            continue;
        bias = joined ? fv_node_scratch(node, lstm->dbias) : fv_node_gradient(node, layer->params[d].bias_ih);
        if (joined)
            lstm_copy(node, lstm, bias, fv_node_gradient(node, layer->params[d].bias_ih), d * rows, 0, rows, list);
        lstm_copy(node, lstm, bias, fv_node_gradient(node, layer->params[d].bias_hh), d * rows, 0, rows, list);
    }
}

#endif
