/* SPDX-License-Identifier: MIT
 * lstm.h: the state of an LSTM, and the tiles of its steps. */
#ifndef FOVEA_LAYERS_LSTM_H
#define FOVEA_LAYERS_LSTM_H

#include <fovea/plugin.h>

enum { LSTM_GATES = 4, LSTM_MOST_UNITS = 1 << 14, LSTM_MOST_LAYERS = 8, LSTM_MOST_DIRECTIONS = 2 };
enum { LSTM_SEQUENCE, LSTM_LAST }; /* Lstm.returns */

/** One of the stacked layers; parameters and scratch by number. */
typedef struct {
    struct {
        int weight_ih, weight_hh, bias_ih, bias_hh;
    } params[LSTM_MOST_DIRECTIONS];
    FvConv project; /* the input's part of all gates, at all positions: a 1x1 convolution, for both directions */
    int joined;     /* the weights of that, where there are two directions */
    int bias;       /* the sum of its two, of all directions */
    int packed;     /* weights of the outputs; as lstm.cl has it, and so are: */
    int gates, before, cells;
    int output;  /* for the layer above: [T][D][H] */
    int dropped; /* the same behind dropout */
    FvKernel *drop;
} LstmLayer;

/** What one work-group of a step takes. */
typedef struct {
    int units;   /* of a tile */
    int samples; /* L > 1: blocks: of a tile */
    int some;    /* samples, or blocks, in all */
} LstmTile;

typedef struct {
    int hidden, layers;
    gboolean bidirectional;
    int returns;
    gboolean bias;
    float dropout;
    FvRef h0, c0;
    /* set by plan and build */
    int steps, directions;
    LstmLayer stack[LSTM_MOST_LAYERS];
    FvConv recur; /* the gradient of weight_hh: a sum over all positions; directions are groups */
    /* scratch: gradients of cells; of what a layer's output is for the one above; of weights and biases of two
     * directions */
    int dcells, doutput, ddropped, dweight_ih, dweight_hh, dbias;
    LstmTile tile, tile_back;
    FvKernel *forward, *backward, *begin, *pack, *copy, *add_biases;
} Lstm;

static inline int lstm_width(const Lstm *lstm)
{
    return lstm->directions * lstm->hidden;
}

static inline int lstm_divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static inline int lstm_tiles(const Lstm *lstm, const LstmTile *tile)
{
    return lstm_divide_up(lstm->hidden, tile->units);
}

/** The tiles of both passes. Accumulators have to stay in registers: 24 vectors forward, four for each unit of a tile
 * and sample, or vector of 16 units; 16 or 24 backward. */
static inline void lstm_choose_tiles(const FvNode *node, Lstm *lstm)
{
    const int lanes = fv_node_lanes(node), blocks = lstm_divide_up(fv_node_batch(node), lanes);
    if (fv_node_workers(node) > 1) {
        lstm->tile = lstm->tile_back = (LstmTile){ lstm->hidden, 1, 1 };
        return;
    }
    if (lanes == 1) {
        const gboolean wide = lstm->hidden > 16;
        lstm->tile = (LstmTile){ 16, MIN(blocks, 6), 0 };
        lstm->tile_back = (LstmTile){ wide ? 32 : 16, MIN(blocks, wide ? 8 : 12), 0 };
    } else {
        const int pair = lanes >= 16 && blocks > 1 ? 2 : 1;
        lstm->tile = (LstmTile){ MIN(lstm->hidden, lanes >= 16 && pair == 1 ? 6 : 3), pair, 0 };
        lstm->tile_back = (LstmTile){ MIN(lstm->hidden, 12), pair, 0 };
    }
    /* Enough work-groups for all units to end at about the same time; llvmpipe ends all loops of a work-item after
     * 65535 steps together. */
    enum { STEPS = 57344 };
    LstmTile *const both[] = { &lstm->tile, &lstm->tile_back };
    for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
        const int columns = lstm_tiles(lstm, both[i]) * lstm->directions;
        const int parts = lstm_divide_up(4 * fv_node_units(node), columns), tiles = blocks / both[i]->samples;
        const int most = MAX(1, STEPS / (LSTM_GATES * lstm->hidden));
        both[i]->some = CLAMP(tiles / parts, 1, most) * both[i]->samples;
    }
}

#endif
