/* SPDX-License-Identifier: MIT
 * dot.h: a net as a drawing. */
#ifndef FOVEA_CLI_DOT_H
#define FOVEA_CLI_DOT_H

#include "core/plan/plan.h"

/** Prints the net in Graphviz's language: layers as boxes, blocks around theirs, shapes on the edges. */
void fv_cli_print_dot(const FvPlan *plan, const char *title);

#endif
