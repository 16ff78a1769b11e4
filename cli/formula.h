/* SPDX-License-Identifier: MIT
 * formula.h: the formula of a plugin, out of what it says of itself. */
#ifndef FOVEA_CLI_FORMULA_H
#define FOVEA_CLI_FORMULA_H

#include <fovea/plugin.h>

/** The first sentence of the details that holds a formula, without its full stop; the summary where there is none.
 * g_free() it. */
char *fv_cli_formula(const FvPlugin *plugin);
/** The same for the derivative: the map of elementwise layers and losses where it is one statement, else the paragraph
 * of the details that begins with "Backward: "; NULL where neither is there. g_free() it. */
char *fv_cli_backward_formula(const FvPlugin *plugin);

#endif
