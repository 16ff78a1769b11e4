/* SPDX-License-Identifier: MIT
 * folder.h: a folder that files are written into, whole or not at all, and never outside of it: no part of a name may
 * be a link. Names are as fv_name_below() makes them. Every function is thread-safe but for files that are open.
 *
 * Files are written under a temporary name at the top of the folder and then renamed. They are not synced one by one,
 * fv_folder_sync() does it for all: what a power failure between may leave is told by fv_folder_whole(). */
#ifndef FOVEA_BATCH_FOLDER_H
#define FOVEA_BATCH_FOLDER_H

#include <fovea/plugin.h>

typedef struct FvFolder FvFolder;

/** Opens a folder; makes it, with those above it, where it is not there.
 * @mark: what temporary names begin with; of what begins so in the folder fv_folder_clean() thinks that it is left
 * over. FV_ERROR_IO. */
FvFolder *fv_folder_open(const char *path, const char *mark, GError **error);
void fv_folder_free(FvFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvFolder, fv_folder_free)

const char *fv_folder_path(const FvFolder *folder);
/** Whether the folder was not there before. */
gboolean fv_folder_is_new(const FvFolder *folder);
/** Whether @path, which need not be there yet, is @folder or lies in it. */
gboolean fv_path_is_below(const char *path, const char *folder);
/** The folder itself. */
int fv_folder_fd(const FvFolder *folder);

/** Whether there is anything of that name. */
gboolean fv_folder_has(const FvFolder *folder, const char *name);
/** Whether there is a file of that name that ends as its format's files do: PNG, JPEG or WebP by the name's ending;
 * any file that is not empty otherwise. */
gboolean fv_folder_whole(const FvFolder *folder, const char *name);
/** Reads a small file; NULL without an error where there is none. */
GBytes *fv_folder_read(const FvFolder *folder, const char *name, GError **error);
/** Removes a file. */
void fv_folder_remove(const FvFolder *folder, const char *name);

/** A file that is being written. */
typedef struct FvFolderFile FvFolderFile;

/** @replace: whether a file of that name, or a link, is replaced; otherwise it is an error where there is one.
 * Folders are made. */
FvFolderFile *fv_folder_begin(FvFolder *folder, const char *name, gboolean replace, GError **error);
gboolean fv_folder_append(FvFolderFile *file, const void *data, gsize size, GError **error);
/** Gives the file its name. Frees it in any case. @sync: waits until it is on the disk. */
gboolean fv_folder_commit(FvFolderFile *unfinished, gboolean sync, GError **error);
/** NULL is fine. */
void fv_folder_abort(FvFolderFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvFolderFile, fv_folder_abort)
/** All at once. */
gboolean fv_folder_put(FvFolder *folder, const char *name, gboolean replace, const void *data, gsize size,
                       GError **error);

/** Waits until everything is on the disk. FV_ERROR_IO */
gboolean fv_folder_sync(FvFolder *folder, GError **error);
/** Removes files that were being written when a process was killed. Only where no other is at work. */
void fv_folder_clean(FvFolder *folder);

#endif
