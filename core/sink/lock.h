/* SPDX-License-Identifier: MIT
 * lock.h: one process at a time at work in one folder. */
#ifndef FOVEA_LOCK_H
#define FOVEA_LOCK_H

#include <fovea/plugin.h>

/** A file that is locked as long as the process lives, and holds its number; a file without a lock, which a process
 * that was killed leaves, locks nothing. */
typedef struct FvLock FvLock;

/** Takes the lock @name of a folder.
 * @fd: the folder, open; it is duplicated. @folder: its name, for messages.
 * FV_ERROR_IO: another process has it, whose number is told; or the file cannot be made. Where the file system knows no
 * locks nothing is refused. */
FvLock *fv_lock_take(int fd, const char *folder, const char *name, GError **error);
/** Removes the file. */
void fv_lock_free(FvLock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvLock, fv_lock_free)

#endif
