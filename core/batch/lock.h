/* SPDX-License-Identifier: MIT
 * lock.h: one run at a time on one output. */
#ifndef FOVEA_BATCH_LOCK_H
#define FOVEA_BATCH_LOCK_H

#include "core/batch/folder.h"

/** A file that is locked as long as the process lives; a file without a lock, which a process that was killed leaves,
 * locks nothing. */
typedef struct FvLock FvLock;

/** FV_ERROR_IO: another process has it; or it cannot be made. */
FvLock *fv_lock_take(FvFolder *folder, const char *name, GError **error);
/** Removes the file. */
void fv_lock_free(FvLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvLock, fv_lock_free)

#endif
