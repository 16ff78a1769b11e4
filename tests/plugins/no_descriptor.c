/* SPDX-License-Identifier: MIT
 * no_descriptor.c: refused: its entry gives nothing. */
#include <fovea/plugin.h>

__attribute__((visibility("default"))) const FvPlugin *fovea_plugin(void);
__attribute__((visibility("default"))) const FvPlugin *fovea_plugin(void)
{
    return NULL;
}
