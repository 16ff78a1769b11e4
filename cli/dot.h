/* SPDX-License-Identifier: MIT
 * dot.h: a net as a drawing. */
#ifndef FOVEA_CLI_DOT_H
#define FOVEA_CLI_DOT_H

#include "core/plan/plan.h"

/** The net in Graphviz's language: layers as boxes with their parameters and FLOPs, coloured by what they do, blocks
 * around theirs, shapes on the edges, losses at the end. Activations and normalisations stand in the box of the layer
 * before them. In nets of many layers, blocks that are the same again and again are drawn once. g_free() it. */
char *fv_cli_dot_text(const FvPlan *plan, const FvGraph *graph);
/** Draws that as SVG, by Graphviz's program `dot`. FV_ERROR_IO where it is not there, with what to do. */
gboolean fv_cli_write_svg(const FvPlan *plan, const FvGraph *graph, const char *file, GError **error);

#endif
