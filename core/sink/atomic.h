/* SPDX-License-Identifier: MIT
 * atomic.h: files that are there whole or not at all: written beside their place, synced, renamed. */
#ifndef FOVEA_ATOMIC_H
#define FOVEA_ATOMIC_H

#include <fovea/plugin.h>

/** A file that is being written, as FILE.tmp-XXXXXX in the folder of FILE. */
typedef struct FvAtomic FvAtomic;

/** Begins a file. A symbolic link is followed: what it names is replaced. A file that exists passes its permissions on.
 * FV_ERROR_IO, with the file's name: the folder does not exist or may not be written; @file is no regular file. */
FvAtomic *fv_atomic_begin(const char *file, GError **error);
/** Appends bytes. FV_ERROR_IO. */
gboolean fv_atomic_write(FvAtomic *atomic, const void *data, gsize size, GError **error);
/** Syncs, renames, syncs the folder. Frees @atomic in any case; on failure nothing is left and the old file, if there
 * was one, is as it was. FV_ERROR_IO. */
gboolean fv_atomic_commit(FvAtomic *atomic, GError **error);
/** Gives up: nothing is left. NULL is fine. */
void fv_atomic_abort(FvAtomic *atomic);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvAtomic, fv_atomic_abort)

/** All of it at once: @file becomes these bytes. */
gboolean fv_file_replace(const char *file, const void *data, gsize size, GError **error);

#endif
