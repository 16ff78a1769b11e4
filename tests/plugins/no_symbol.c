/* SPDX-License-Identifier: MIT
 * no_symbol.c: refused: a library that is no plugin. */
#include <fovea/plugin.h>

__attribute__((visibility("default"))) int something_else(void);
__attribute__((visibility("default"))) int something_else(void)
{
    return 1;
}
