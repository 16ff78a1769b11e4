/* SPDX-License-Identifier: MIT
 * error.c: the one error domain. */
#include <fovea/plugin.h>

G_DEFINE_QUARK(fv - error - quark, fv_error)
