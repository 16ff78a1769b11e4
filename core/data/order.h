/* SPDX-License-Identifier: MIT
 * order.h: which samples a split has, and in what order an epoch sees them. */
#ifndef FOVEA_ORDER_H
#define FOVEA_ORDER_H

#include "core/data/data.h"

/** The samples of a config's split, by their numbers in the source's split, ascending.
 * Shares of the training split go to validate and test, and folds to their parts, by a permutation that the seed alone
 * decides; each share that is not 0 gives at least one sample. @count: set. Returns NULL with FV_ERROR_OPTION or
 * FV_ERROR_DATA; g_free() it. */
guint32 *fv_order_split(const FvLoaderConfig *config, gsize *count, GError **error);
/** The source's split that these are in. */
FvSplit fv_order_source_split(const FvLoaderConfig *config);
/** Fisher and Yates' shuffle, by the stream. */
void fv_order_shuffle(guint32 *indices, gsize count, FvRandom random);

#endif
