/* SPDX-License-Identifier: MIT
 * drawing.h: what a drawing of a net shows: which layers share a box, which blocks hold them, what is drawn once. */
#ifndef FOVEA_DRAWING_H
#define FOVEA_DRAWING_H

#include "core/plan/plan.h"

/** What a layer does: it decides its colour. */
typedef enum {
    FV_FAMILY_OF_INPUTS,
    FV_FAMILY_OF_CONVOLUTIONS,
    FV_FAMILY_OF_DENSE,
    FV_FAMILY_OF_POOLS,
    FV_FAMILY_OF_NORMS,
    FV_FAMILY_OF_ACTIVATIONS,
    FV_FAMILY_OF_NOISE, /* dropout and its relatives */
    FV_FAMILY_OF_JOINS, /* several values become one */
    FV_FAMILY_OF_OTHERS
} FvLayerFamily;

FvLayerFamily fv_drawing_family(const FvLayer *layer);

/** A block, or the whole net: layers begin .. end - 1, of which some are in blocks of their own. */
typedef struct FvDrawnBlock FvDrawnBlock;
struct FvDrawnBlock {
    char *path, *label; /* "layer1.0", "0"; "" for the whole net */
    guint begin, end;
    int times;           /* it stands for so many blocks, itself and those after it */
    gboolean hidden;     /* one before it stands for it */
    gboolean plain;      /* all of it is one box: no frame is drawn around that */
    GPtrArray *children; /* of FvDrawnBlock, in the order of the text */
};

typedef struct {
    const FvPlan *plan;
    const FvGraph *graph;
    FvDrawnBlock *top;
    guint *shown;  /* of each layer: the layer that stands for it; itself where nothing does */
    guint *source; /* of each layer: where its value is computed: another layer where it passes its input on */
    int *head;     /* of each layer: the first layer of its box */
    int *readers;  /* of each layer: layers and losses that read what it computes */
    const FvDrawnBlock **block; /* of each layer: the innermost block with a frame that it is in */
} FvDrawing;

FvDrawing *fv_drawing_new(const FvPlan *plan, const FvGraph *graph);
void fv_drawing_free(FvDrawing *drawing);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvDrawing, fv_drawing_free)

#endif
