/* SPDX-License-Identifier: MIT
 * drawing.c: finds boxes, blocks and repetitions in a net. */
#include "core/sink/drawing.h"

#include <string.h>

/* Nets of more layers are drawn with repeated blocks once. */
enum { MANY_LAYERS = 60 };

/* ------------------------------------------------------------------ families */

FvLayerFamily fv_drawing_family(const FvLayer *layer)
{
    static const struct {
        const char *part; /* of the name */
        FvLayerFamily family;
    } known[] = {
        { "input", FV_FAMILY_OF_INPUTS },        { "conv", FV_FAMILY_OF_CONVOLUTIONS },
        { "match", FV_FAMILY_OF_CONVOLUTIONS },  { "dense", FV_FAMILY_OF_DENSE },
        { "dropconnect", FV_FAMILY_OF_DENSE },   { "shakeout", FV_FAMILY_OF_DENSE },
        { "whiteout", FV_FAMILY_OF_DENSE },      { "lstm", FV_FAMILY_OF_DENSE },
        { "attention", FV_FAMILY_OF_DENSE },     { "embedding", FV_FAMILY_OF_DENSE },
        { "pool", FV_FAMILY_OF_POOLS },          { "gap", FV_FAMILY_OF_POOLS },
        { "norm", FV_FAMILY_OF_NORMS },          { "lrn", FV_FAMILY_OF_NORMS },
        { "drop", FV_FAMILY_OF_NOISE },          { "stochastic_depth", FV_FAMILY_OF_NOISE },
        { "softmax", FV_FAMILY_OF_ACTIVATIONS }, { "prelu", FV_FAMILY_OF_ACTIVATIONS },
        { "maxout", FV_FAMILY_OF_ACTIVATIONS },
    };
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (strstr(layer->base.name, known[i].part))
            return known[i].family;
    if (layer->forward_map)
        return FV_FAMILY_OF_ACTIVATIONS;
    return layer->max_inputs > 1 ? FV_FAMILY_OF_JOINS : FV_FAMILY_OF_OTHERS;
}

static FvLayerFamily family_of(const FvDrawing *drawing, guint i)
{
    return fv_drawing_family(((const FvGraphNode *) drawing->graph->nodes->pdata[i])->layer);
}

/* -------------------------------------------------------------------- blocks */

static FvDrawnBlock *block_new(const char *path, guint begin)
{
    FvDrawnBlock *block = g_new0(FvDrawnBlock, 1);
    const char *dot = strrchr(path, '.');
    block->path = g_strdup(path);
    block->label = g_strdup(dot ? dot + 1 : path);
    block->begin = begin;
    block->times = 1;
    block->children = g_ptr_array_new();
    return block;
}

static void block_free(FvDrawnBlock *block)
{
    for (guint i = 0; i < block->children->len; i++)
        block_free(block->children->pdata[i]);
    g_ptr_array_unref(block->children);
    g_free(block->path);
    g_free(block->label);
    g_free(block);
}

/* Whether a path is within a block: "layer1.0.conv1" is in "layer1" and "layer1.0". */
static gboolean is_within(const char *path, const char *block)
{
    const size_t length = strlen(block);
    return length == 0 || (g_str_has_prefix(path, block) && path[length] == '.');
}

/* Fills a block from layer @at on; returns the first layer after it. Paths without a point after the block's are
 * layers of its own. */
static guint fill_block(const FvPlan *plan, FvDrawnBlock *block, guint at)
{
    const size_t length = *block->path ? strlen(block->path) + 1 : 0;
    while (at < fv_plan_layers(plan) && is_within(fv_plan_layer(plan, at).path, block->path)) {
        const char *path = fv_plan_layer(plan, at).path;
        const char *dot = strchr(path + length, '.');
        if (!dot) {
            at++;
            continue;
        }
        g_autofree char *inner = g_strndup(path, (gsize) (dot - path));
        FvDrawnBlock *child = block_new(inner, at);
        g_ptr_array_add(block->children, child);
        at = fill_block(plan, child, at);
    }
    block->end = at;
    return at;
}

/* --------------------------------------------------------------- repetitions */

static gboolean same_use(const FvDrawing *drawing, guint a, guint b)
{
    const FvPlanLayer one = fv_plan_layer(drawing->plan, a), other = fv_plan_layer(drawing->plan, b);
    const FvGraphNode *node = drawing->graph->nodes->pdata[a], *twin = drawing->graph->nodes->pdata[b];
    g_autofree char *text = fv_state_text(node->state);
    g_autofree char *twin_text = fv_state_text(twin->state);
    return node->layer == twin->layer && fv_shape_equal(one.out, other.out) && one.passes == other.passes &&
           one.input_count == other.input_count && g_str_equal(text, twin_text);
}

/* Whether a block is the one right before it once more, on what that gave. @first: the one before is the first of its
 * kind, which may take its inputs from anywhere. */
static gboolean repeats(const FvDrawing *drawing, const FvDrawnBlock *before, const FvDrawnBlock *block, gboolean first)
{
    const guint length = block->end - block->begin;
    if (before->end != block->begin || before->end - before->begin != length)
        return FALSE;
    for (guint i = 0; i < length; i++) {
        const FvPlanLayer one = fv_plan_layer(drawing->plan, before->begin + i);
        const FvPlanLayer other = fv_plan_layer(drawing->plan, block->begin + i);
        if (!same_use(drawing, before->begin + i, block->begin + i))
            return FALSE;
        for (int k = 0; k < one.input_count; k++) {
            const int here = one.inputs[k] - (int) before->begin, there = other.inputs[k] - (int) block->begin;
            const gboolean outside = here < 0 && first;
            if (outside ? there >= 0 || there < -(int) length : here != there)
                return FALSE;
        }
    }
    return TRUE;
}

/* Whether what a block gives is read by the next one alone. */
static gboolean feeds_only(const FvDrawing *drawing, const FvDrawnBlock *block, const FvDrawnBlock *next)
{
    const FvPlan *plan = drawing->plan;
    for (guint i = next->end; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        for (int k = 0; k < layer.input_count; k++)
            if ((guint) layer.inputs[k] >= block->begin && (guint) layer.inputs[k] < block->end)
                return FALSE;
    }
    for (guint i = 0; i < drawing->graph->losses->len; i++) {
        const int value = ((const FvTerm *) drawing->graph->losses->pdata[i])->value;
        if (value >= (int) block->begin && value < (int) block->end)
            return FALSE;
    }
    return TRUE;
}

static void hide(FvDrawing *drawing, FvDrawnBlock *shown, FvDrawnBlock *block)
{
    block->hidden = TRUE;
    shown->times++;
    for (guint i = block->begin; i < block->end; i++)
        drawing->shown[i] = shown->begin + (i - block->begin);
}

static void find_repetitions(FvDrawing *drawing, FvDrawnBlock *block)
{
    FvDrawnBlock *shown = NULL, *before = NULL;
    for (guint i = 0; i < block->children->len; i++) {
        FvDrawnBlock *child = block->children->pdata[i];
        if (before && repeats(drawing, before, child, before == shown) && feeds_only(drawing, before, child))
            hide(drawing, shown, child);
        else
            shown = child;
        before = child;
    }
    for (guint i = 0; i < block->children->len; i++) {
        FvDrawnBlock *child = block->children->pdata[i];
        if (child && !child->hidden)
            find_repetitions(drawing, child);
    }
}

/* A layer in a hidden block stands where its twin does, which may be hidden itself. */
static void follow_shown(FvDrawing *drawing)
{
    for (guint i = 0; i < fv_plan_layers(drawing->plan); i++)
        while (drawing->shown[drawing->shown[i]] != drawing->shown[i])
            drawing->shown[i] = drawing->shown[drawing->shown[i]];
}

/* --------------------------------------------------------------------- boxes */

static gboolean is_light(FvLayerFamily family)
{
    return family == FV_FAMILY_OF_NORMS || family == FV_FAMILY_OF_ACTIVATIONS || family == FV_FAMILY_OF_NOISE;
}

/* Whether a block is a layer, followed by normalisations and activations alone. */
static gboolean is_plain(const FvDrawing *drawing, const FvDrawnBlock *block)
{
    for (guint i = block->begin + 1; i < block->end; i++) {
        const FvPlanLayer layer = fv_plan_layer(drawing->plan, i);
        if (layer.input_count != 1 || layer.inputs[0] != (int) i - 1 || !is_light(family_of(drawing, i)))
            return FALSE;
    }
    return block->children->len == 0;
}

static void place(FvDrawing *drawing, FvDrawnBlock *block, const FvDrawnBlock *outer)
{
    block->plain = outer && is_plain(drawing, block);
    const FvDrawnBlock *framed = block->plain ? outer : block;
    for (guint i = block->begin; i < block->end; i++)
        drawing->block[i] = framed;
    for (guint i = 0; i < block->children->len; i++)
        place(drawing, block->children->pdata[i], framed);
}

/* Whether all of a box up to a layer are normalisations and activations, as in nets that have them before a
 * convolution. */
static gboolean all_light(const FvDrawing *drawing, int last)
{
    for (int i = last;; i = (int) drawing->source[fv_plan_layer(drawing->plan, (guint) i).inputs[0]]) {
        if (!is_light(family_of(drawing, (guint) i)))
            return FALSE;
        if (i == drawing->head[i])
            return TRUE;
    }
}

/* Whether a layer stands in the box of the one before it: nothing is lost on an edge that is not drawn, since either
 * the shape stays, or it is the box's last that changes it. */
static gboolean joins(const FvDrawing *drawing, guint i)
{
    const FvPlanLayer layer = fv_plan_layer(drawing->plan, i);
    if (layer.input_count != 1 || layer.passes)
        return FALSE;
    const guint before = drawing->source[layer.inputs[0]];
    const FvPlanLayer input = fv_plan_layer(drawing->plan, before);
    const FvLayerFamily family = family_of(drawing, i);
    if (drawing->readers[before] != 1 || drawing->block[i] != drawing->block[before] || layer.alive != input.alive ||
        input.input_count == 0)
        return FALSE;
    if (is_light(family))
        return fv_shape_equal(layer.out, input.out);
    return (family == FV_FAMILY_OF_CONVOLUTIONS || family == FV_FAMILY_OF_DENSE) && all_light(drawing, (int) before);
}

static void find_boxes(FvDrawing *drawing)
{
    const FvPlan *plan = drawing->plan;
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        drawing->source[i] = layer.passes ? drawing->source[layer.inputs[0]] : i;
        for (int k = 0; !layer.passes && k < layer.input_count; k++)
            drawing->readers[drawing->source[layer.inputs[k]]]++;
    }
    for (guint i = 0; i < drawing->graph->losses->len; i++) {
        const int value = ((const FvTerm *) drawing->graph->losses->pdata[i])->value;
        if (value >= 0)
            drawing->readers[drawing->source[value]]++;
    }
    for (guint i = 0; i < fv_plan_layers(plan); i++)
        drawing->head[i] =
            joins(drawing, i) ? drawing->head[drawing->source[fv_plan_layer(plan, i).inputs[0]]] : (int) i;
}

FvDrawing *fv_drawing_new(const FvPlan *plan, const FvGraph *graph)
{
    const guint count = fv_plan_layers(plan);
    FvDrawing *drawing = g_new0(FvDrawing, 1);
    drawing->plan = plan;
    drawing->graph = graph;
    drawing->shown = g_new0(guint, count + 1);
    drawing->source = g_new0(guint, count + 1);
    drawing->block = g_new0(const FvDrawnBlock *, count + 1);
    drawing->head = g_new0(int, count + 1);
    drawing->readers = g_new0(int, count + 1);
    for (guint i = 0; i < count; i++)
        drawing->shown[i] = i;
    drawing->top = block_new("", 0);
    fill_block(plan, drawing->top, 0);
    place(drawing, drawing->top, NULL);
    find_boxes(drawing);
    if (count > MANY_LAYERS)
        find_repetitions(drawing, drawing->top);
    follow_shown(drawing);
    return drawing;
}

void fv_drawing_free(FvDrawing *drawing)
{
    block_free(drawing->top);
    g_free(drawing->shown);
    g_free(drawing->source);
    g_free(drawing->block);
    g_free(drawing->head);
    g_free(drawing->readers);
    g_free(drawing);
}
