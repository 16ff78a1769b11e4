/* SPDX-License-Identifier: MIT
 * settings_text.h: what a pipeline says beside its net, as people read it. */
#ifndef FOVEA_SETTINGS_TEXT_H
#define FOVEA_SETTINGS_TEXT_H

#include "core/graph/graph.h"

/** "data", "prepare", "loss", "optimizer" ... with what stands there, lets as their values: array of FvPageRow
 * (page.h). Settings that are not there have no row. */
GArray *fv_settings_rows(const FvGraph *graph);
/** The layers of the net, a line each; g_free() it. */
char *fv_settings_net(const FvGraph *graph);

#endif
