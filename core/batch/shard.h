/* SPDX-License-Identifier: MIT
 * shard.h: writes a tar whose bytes depend on what is in it alone: no times, no owners. */
#ifndef FOVEA_BATCH_SHARD_H
#define FOVEA_BATCH_SHARD_H

#include "core/batch/folder.h"

typedef struct FvShard FvShard;

FvShard *fv_shard_begin(FvFolder *folder, const char *name, gboolean replace, GError **error);
gboolean fv_shard_add(FvShard *shard, const char *name, const void *data, gsize size, GError **error);
/** Ends the tar and gives it its name. Frees it in any case. */
gboolean fv_shard_commit(FvShard *unfinished, GError **error);
/** Nothing is left. NULL is fine. */
void fv_shard_abort(FvShard *shard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvShard, fv_shard_abort)

#endif
