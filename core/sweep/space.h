/* SPDX-License-Identifier: MIT
 * space.h: what trials are drawn from: the ranges and lists of a sweep, whole or narrowed. */
#ifndef FOVEA_SWEEP_SPACE_H
#define FOVEA_SWEEP_SPACE_H

#include "core/graph/sweep.h"

typedef struct FvSpace FvSpace;

/** All that the sweep, which is borrowed, allows. */
FvSpace *fv_space_new(const FvSweep *sweep);
void fv_space_free(FvSpace *space);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvSpace, fv_space_free)

/** Makes every range @share times as wide, in the logarithm where that is drawn, with @centre (a number for each
 * parameter, as FvTrial has them) in the middle, or as near to it as the ends of the sweep's own range allow. */
void fv_space_narrow(FvSpace *space, const double *centre, double share);
/** Of a list, keeps the choice @drawn of each of these trials (arrays as FvTrial has them), and no others. */
void fv_space_keep_choices(FvSpace *space, const double *const *drawn, guint count);

/** Draws a number for each parameter; the same for the same seed, round and trial. g_free() it. */
double *fv_space_draw(const FvSpace *space, guint64 seed, guint32 round, guint32 trial);
/** All combinations of @points values of each range (fewer where it has no more whole numbers) and all choices of each
 * list, those of the last parameter changing first: of double *, with a free function. */
GPtrArray *fv_space_grid(const FvSpace *space, int points);

#endif
