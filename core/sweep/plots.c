/* SPDX-License-Identifier: MIT
 * plots.c: what each parameter does, as sweep.svg. */
#include "core/sweep/private.h"

char *fv_sweep_plots(const FvSweepState *sweep)
{
    return NULL;
}
