/* SPDX-License-Identifier: MIT
 * dot.h: a net as a drawing. */
#ifndef FOVEA_DOT_H
#define FOVEA_DOT_H

#include "core/plan/plan.h"

/** The net in Graphviz's language: layers as boxes with their parameters and FLOPs, coloured by what they do, blocks
 * around theirs, shapes on the edges, losses at the end. Activations and normalisations stand in the box of the layer
 * before them. In nets of many layers, blocks that are the same again and again are drawn once. g_free() it. */
char *fv_dot_text(const FvPlan *plan, const FvGraph *graph);
/** Draws that by Graphviz's program `dot`: the text of an SVG file; g_free() it. FV_ERROR_IO where the program is not
 * there. */
char *fv_dot_svg(const FvPlan *plan, const FvGraph *graph, GError **error);

#endif
