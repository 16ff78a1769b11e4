/* SPDX-License-Identifier: MIT
 * lstm_steps.h: what an LSTM launches for each of its layers: the input's part of all gates, and then step after step.
 */
#ifndef FOVEA_LAYERS_LSTM_STEPS_H
#define FOVEA_LAYERS_LSTM_STEPS_H

#include "dropout.h"
#include "lstm_params.h"

static inline FvGrid lstm_grid(const FvNode *node, const Lstm *lstm, const LstmTile *tile, const FvList *list)
{
    const int blocks = fv_list_blocks(list), workers = fv_node_workers(node);
    if (workers > 1)
        return fv_node_grid(node, (size_t) lstm_divide_up(blocks * lstm->hidden * fv_node_lanes(node), workers), 1,
                            (size_t) lstm->directions);
    return fv_node_grid(node, (size_t) lstm_divide_up(lstm_tiles(lstm, tile), tile->tiles),
                        (size_t) lstm_divide_up(blocks, tile->some), (size_t) lstm->directions);
}

static inline void lstm_drop(FvNode *node, const Lstm *lstm, const LstmLayer *layer, FvBuffer *from, FvBuffer *to,
                             FvList *list)
{
    fv_launch(list, layer->drop, dropout_grid(node, lstm_positions(node, lstm_width(lstm)), list), fv_buffer(from),
              fv_buffer(to), fv_step(), fv_seed(), fv_int(fv_list_blocks(list)));
}

/* What layer `number` reads and writes. */
static inline FvBuffer *lstm_input_of(const FvNode *node, const Lstm *lstm, int number, const FvList *list)
{
    if (number == 0)
        return fv_node_x(node, 0);
    const LstmLayer *below = &lstm->stack[number - 1];
    return fv_node_scratch(node, below->drop && fv_list_training(list) ? below->dropped : below->output);
}

static inline FvBuffer *lstm_output_of(const FvNode *node, const Lstm *lstm, int number)
{
    return number + 1 < lstm->layers ? fv_node_scratch(node, lstm->stack[number].output) : fv_node_y(node);
}

/* Positions of what it writes. */
static inline int lstm_output_steps(const Lstm *lstm, int number)
{
    return number + 1 == lstm->layers && lstm->returns == LSTM_LAST ? 1 : lstm->steps;
}

/* The state before the first step; @steps: positions of `to`. */
static inline void lstm_begin(const FvNode *node, const Lstm *lstm, int number, FvRef state, FvBuffer *to, int steps,
                              FvList *list)
{
    const gboolean given = state.input >= 0;
    fv_launch(list, lstm->begin, fv_node_grid(node, (size_t) lstm->directions, (size_t) fv_list_blocks(list), 1),
              fv_buffer(given ? fv_node_x(node, state.input) : to), fv_buffer(to), fv_int(number * lstm_width(lstm)),
              fv_int(given), fv_int(steps));
}

static inline void lstm_forward_layer(FvNode *node, const Lstm *lstm, int number, FvList *list)
{
    const LstmLayer *layer = &lstm->stack[number];
    FvBuffer *gates = fv_node_scratch(node, layer->gates), *before = fv_node_scratch(node, layer->before);
    FvBuffer *cells = fv_node_scratch(node, layer->cells);
    FvConvOperands on = lstm_project_operands(node, lstm, layer, list);
    FvConv project = layer->project;
    on.x = lstm_input_of(node, lstm, number, list);
    on.y = gates;
    project.on = &on;
    fv_conv_forward(node, &project, list);
    lstm_begin(node, lstm, number, lstm->h0, before, lstm->steps, list);
    lstm_begin(node, lstm, number, lstm->c0, cells, lstm->steps + 1, list);
    for (int step = 0; step < lstm->steps; step += lstm->tile.steps)
        fv_launch(list, lstm->forward, lstm_grid(node, lstm, &lstm->tile, list), fv_buffer(gates),
                  fv_buffer(fv_node_scratch(node, layer->packed)), fv_buffer(before), fv_buffer(cells),
                  fv_buffer(lstm_output_of(node, lstm, number)), fv_int(step),
                  fv_int(MIN(step + lstm->tile.steps, lstm->steps)), fv_int(lstm_output_steps(lstm, number)),
                  fv_int(fv_list_blocks(list)), fv_int(lstm->tile.some), fv_int(lstm->tile.tiles));
    if (layer->drop && fv_list_training(list))
        lstm_drop(node, lstm, layer, fv_node_scratch(node, layer->output), fv_node_scratch(node, layer->dropped), list);
}

/* Back through all steps of a layer, and to the state that it began with, where that is wanted. */
static inline void lstm_back_through_time(FvNode *node, const Lstm *lstm, int number, FvList *list)
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
        fv_launch(list, lstm->backward, lstm_grid(node, lstm, &lstm->tile_back, list), fv_buffer(gates), weight,
                  reverse, fv_buffer(fv_node_scratch(node, layer->cells)), fv_buffer(dcells), fv_buffer(dy),
                  fv_buffer(dh0 ? dh0 : dcells), fv_buffer(dc0 ? dc0 : dcells), fv_int(number * lstm_width(lstm)),
                  fv_int(wanted), fv_int(step), fv_int(MAX(step - lstm->tile_back.steps + 1, end)),
                  fv_int(lstm_output_steps(lstm, number)), fv_int(fv_list_blocks(list)), fv_int(lstm->tile_back.some),
                  fv_int(lstm->tile_back.tiles));
}

static inline void lstm_backward_layer(FvNode *node, const Lstm *lstm, int number, FvList *list)
{
    const LstmLayer *layer = &lstm->stack[number], *below = number > 0 ? layer - 1 : NULL;
    FvConvOperands on = lstm_project_operands(node, lstm, layer, list);
    FvConvOperands on_recur = lstm_recur_operands(node, lstm, layer);
    FvConv project = layer->project, recur = lstm->recur;
    lstm_back_through_time(node, lstm, number, list);
    on.x = lstm_input_of(node, lstm, number, list);
    on.dy = on_recur.dy = fv_node_scratch(node, layer->gates);
    on.dx = below ? fv_node_scratch(node, below->drop ? lstm->ddropped : lstm->doutput) : fv_node_dx(node, 0);
    on_recur.x = fv_node_scratch(node, layer->before);
    project.on = &on;
    recur.on = &on_recur;
    fv_conv_backward(node, &project, list);
    fv_conv_backward(node, &recur, list);
    lstm_give_gradients(node, lstm, layer, list);
    if (below && below->drop)
        lstm_drop(node, lstm, below, on.dx, fv_node_scratch(node, lstm->doutput), list);
}

#endif
