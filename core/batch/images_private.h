/* SPDX-License-Identifier: MIT
 * images_private.h: what the kinds of input have in common. */
#ifndef FOVEA_BATCH_IMAGES_PRIVATE_H
#define FOVEA_BATCH_IMAGES_PRIVATE_H

#include "core/batch/images.h"

typedef struct {
    char *name;   /* below OUT */
    char *file;   /* as fv_images_entry_new() was given it */
    char *place;  /* the same for messages: on one line, whatever the name holds */
    gint64 start; /* tar: of its header, or of its bytes in the file without a name */
    gint64 size;  /* tar: of its bytes */
} FvImagesEntry;

struct FvImages {
    FvImageLimits limits;
    GPtrArray *entries;  /* of FvImagesEntry */
    GPtrArray *names;    /* borrowed from them; NULL-ended once opened */
    GHashTable *numbers; /* name -> number, made when it is asked for first */
    guint left_out;
    GPtrArray *others; /* of FvImagesEntry: what else is in a tar */
    GPtrArray *paths;  /* names of all files in a tar, borrowed, sorted; or NULL */
    GHashTable *files; /* these -> FvImagesEntry */
    int tar;           /* the tar, or the file without a name; -1: entries are files */
    gboolean unpacked;
};

/** Takes both. @place: its file, or "TAR: NAME". */
FvImagesEntry *fv_images_entry_new(char *name, char *place, gint64 start, gint64 size);
/** Adds an image that is a file. */
void fv_images_add(FvImages *images, char *name, char *place);
void fv_images_sort(FvImages *images);
/** Whether a file that begins with these bytes is an image; @name NULL, or it has the ending of one. */
gboolean fv_images_is_one(const char *name, const guint8 *head, gsize size);
enum { FV_IMAGES_HEAD = 16 /* bytes that fv_images_is_one() needs */ };

gboolean fv_images_open_folder(FvImages *images, const char *folder, GError **error);
gboolean fv_images_open_list(FvImages *images, const char *list, GError **error);
/** @is_tar: set; FALSE where the file is none, which is no error. */
gboolean fv_images_open_tar(FvImages *images, const char *file, gboolean *is_tar, GError **error);
gboolean fv_images_read_tar(const FvImages *images, const FvImagesEntry *entry, GByteArray *bytes, GError **error);

#endif
