/* SPDX-License-Identifier: MIT
 * order.h: which samples a split has, and in what order an epoch sees them. */
#ifndef FOVEA_ORDER_H
#define FOVEA_ORDER_H

#include "core/data/data.h"

/** The samples of a split, by their numbers in the source's split, ascending.
 * Shares of the training split go to validate and test by a permutation that the seed alone decides; each share that
 * is not 0 gives at least one sample. @count: set. Returns NULL with FV_ERROR_OPTION or FV_ERROR_DATA; g_free() it. */
guint32 *fv_order_split(const FvSourceInfo *info, FvSplit split, double validate, double test, guint64 seed,
                        gsize *count, GError **error);
/** Fisher and Yates' shuffle, by the stream. */
void fv_order_shuffle(guint32 *indices, gsize count, FvRandom random);

#endif
