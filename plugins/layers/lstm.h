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

/** What one work-group takes. */
typedef struct {
    int units;   /* of a tile */
    int samples; /* of a tile; L > 1: blocks */
    int some;    /* samples, or blocks, in all */
    int tiles;   /* in all */
    int steps;   /* of time; above 1 only where it takes all tiles */
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

/** Of a value with so many channels at each step. */
static inline FvShape lstm_positions(const FvNode *node, int channels)
{
    const FvShape in = fv_node_input(node, 0);
    return (FvShape){ channels, in.h, in.w };
}

static inline int lstm_divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static inline int lstm_tiles(const Lstm *lstm, const LstmTile *tile)
{
    return lstm_divide_up(lstm->hidden, tile->units);
}

/** How the work is shared. @sum: products of each sum. All steps go without a break where samples alone give work for
 * all units, or where there is so little of it that other units would come too late; else a step's tiles of units are
 * shared, too, and each step is a launch. */
static inline void lstm_share(const FvNode *node, const Lstm *lstm, LstmTile *tile, int sum)
{
    /* llvmpipe ends all loops of a work-item after 65535 steps together. Products that a unit makes while another wakes
     * up, as measured. */
    enum { LOOPS = 57344, LITTLE = 1 << 20 };
    const int blocks = lstm_divide_up(fv_node_batch(node), fv_node_lanes(node)), units = fv_node_units(node);
    const int all = lstm_tiles(lstm, tile), apart = lstm_divide_up(units, lstm->directions);
    tile->some = lstm_divide_up(lstm_divide_up(blocks, apart), tile->samples) * tile->samples;
    const int groups = lstm_divide_up(blocks, tile->some) * lstm->directions;
    const int loops = all * (tile->some / tile->samples) * sum;
    const double products = (double) LSTM_GATES * lstm->hidden * lstm->hidden * tile->some * fv_node_lanes(node);
    if (loops <= LOOPS && (groups >= units || products * (units - groups) / units < LITTLE)) {
        tile->tiles = all;
        tile->steps = CLAMP(LOOPS / loops, 1, lstm->steps);
        return;
    }
    const int parts = lstm_divide_up(4 * units, all * lstm->directions);
    tile->tiles = tile->steps = 1;
    tile->some = CLAMP(blocks / tile->samples / parts, 1, MAX(1, LOOPS / sum)) * tile->samples;
}

/** The tiles of both passes. Accumulators have to stay in registers: four vectors for each unit of a tile and sample,
 * or vector of 16 units and block, forward, and one backward. */
static inline void lstm_choose_tiles(const FvNode *node, Lstm *lstm)
{
    const int lanes = fv_node_lanes(node), blocks = lstm_divide_up(fv_node_batch(node), lanes);
    const gboolean wide = lstm->hidden > 16, pair = lanes >= 16 && blocks > 1;
    if (fv_node_workers(node) > 1) {
        lstm->tile = lstm->tile_back = (LstmTile){ lstm->hidden, 1, 1, 1, 1 };
        return;
    }
    if (lanes == 1) {
        lstm->tile = (LstmTile){ .units = 16, .samples = MIN(blocks, 4) };
        lstm->tile_back = (LstmTile){ .units = wide ? 32 : 16, .samples = MIN(blocks, wide ? 8 : 12) };
    } else {
        lstm->tile = (LstmTile){ .units = MIN(lstm->hidden, lanes >= 16 && !pair ? 6 : 3), .samples = pair ? 2 : 1 };
        lstm->tile_back = (LstmTile){ .units = MIN(lstm->hidden, 12), .samples = pair ? 2 : 1 };
    }
    lstm_share(node, lstm, &lstm->tile, lstm->hidden);
    lstm_share(node, lstm, &lstm->tile_back, LSTM_GATES * lstm->hidden);
}

#endif
