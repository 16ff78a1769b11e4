/* SPDX-License-Identifier: MIT
 * images.h: the images that a batch begins with: those of a folder, a list of files, a tar, or a file alone. */
#ifndef FOVEA_BATCH_IMAGES_H
#define FOVEA_BATCH_IMAGES_H

#include "core/data/image.h"

/** Images with a number and a name each. Immutable once opened; shared by threads. */
typedef struct FvImages FvImages;

/** Opens what @in is:
 * - a folder: all images below it, sorted by name, byte by byte; links to files and folders are followed, names that
 *   begin with a dot left out. Images are told by their ending, or else by their contents;
 * - a tar, compressed or not: likewise, sorted too, so that a folder and its tar are the same. Of two entries with one
 *   name the last one counts. A tar that is compressed is unpacked into a file without a name in the folder for
 *   temporary files;
 * - an image: itself;
 * - any other file: a list, a path a line (or each ended by NUL), relative to the list's folder, in that order.
 * @limits: files with more bytes are no reason to fail here, but when they are read.
 * Errors: FV_ERROR_IO; FV_ERROR_DATA for a broken tar, or where there is no image. */
FvImages *fv_images_open(const char *in, const FvImageLimits *limits, GError **error);
void fv_images_free(FvImages *images);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvImages, fv_images_free)

guint fv_images_count(const FvImages *images);
/** Files that are there, and are no images. */
guint fv_images_left_out(const FvImages *images);
/** Names, as fv_name_below() makes them. */
const char *const *fv_images_names(const FvImages *images);
/** The number of the image of that name, or -1. */
gint64 fv_images_find(FvImages *images, const char *name);
/** How messages call an image: its path, or "set.tar: name". */
const char *fv_images_place(const FvImages *images, guint i);
/** Reads a whole file into @bytes, which are replaced. Thread-safe. FV_ERROR_IO, FV_ERROR_DATA: "PLACE: reason". */
gboolean fv_images_read(const FvImages *images, guint i, GByteArray *bytes, GError **error);

/** Names of all files in a tar, sorted, those that are no images too; NULL where the input is none. */
const GPtrArray *fv_images_paths(const FvImages *images);
/** A whole file of these. @images: FvImages. Thread-safe. FV_ERROR_IO, FV_ERROR_DATA. */
GBytes *fv_images_open_path(gpointer images, const char *path, GError **error);

#endif
