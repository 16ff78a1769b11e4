/* SPDX-License-Identifier: MIT
 * image_private.h: what the files of image.h share: a codec for each format, orientation.
 *
 * A codec knows pixels as they are stored; limits, upright pixels and the conversion of channels are image.c's. */
#ifndef FOVEA_IMAGE_PRIVATE_H
#define FOVEA_IMAGE_PRIVATE_H

#include "core/data/image.h"

/** Bytes of a file, and its name for messages. */
typedef struct {
    const char *name;
    const guint8 *data;
    gsize size;
} FvImageBytes;

typedef struct {
    const char *name;
    gboolean built;
    /** Fills format's fields of @head; the shape is the stored one, not upright and not checked yet. */
    gboolean (*head)(const FvImageBytes *file, FvImageHead *head, GError **error);
    /** Decodes what head() read and the limits allowed.
     * @channels: what is wanted, 0: what the file has. A codec that cannot convert gives the others.
     * @eighths: what is allowed, set to what was made. @shape: as stored; set. */
    gboolean (*decode)(const FvImageBytes *file, const FvImageHead *head, int channels, int *eighths, FvShape *shape,
                       GByteArray *pixels, GError **error);
    /** @shape has been checked for what every format asks; @bytes are empty. */
    gboolean (*encode)(const char *name, const FvImageEncoding *how, FvShape shape, const guint8 *pixels,
                       GByteArray *bytes, GError **error);
} FvImageCodec;

extern const FvImageCodec fv_image_png, fv_image_jpeg, fv_image_webp;

/** Fails: "NAME: broken FORMAT: REASON", FV_ERROR_DATA. Always FALSE. */
gboolean fv_image_broken(const FvImageBytes *file, const char *format, const char *reason, GError **error);

/** Brings 1 channel to 3, or 3 to 1. */
void fv_image_convert(GByteArray *pixels, FvShape *shape, int channels);

/* ---------------------------------------------------------------------- PNG */

gboolean fv_png_head(const FvImageBytes *file, FvImageHead *head, GError **error);
/** Decodes with indices and grey values as they stand, where @palette is given; into colours otherwise. */
gboolean fv_png_decode(const FvImageBytes *file, FvPalette *palette, FvShape *shape, GByteArray *pixels,
                       GError **error);
gboolean fv_png_encode(const char *name, const FvImageEncoding *how, FvShape shape, const guint8 *pixels,
                       GByteArray *bytes, GError **error);

/* --------------------------------------------------------------------- JPEG */

gboolean fv_jpeg_encode(const char *name, const FvImageEncoding *how, FvShape shape, const guint8 *pixels,
                        GByteArray *bytes, GError **error);

/* -------------------------------------------------------------- orientation */

/** The orientation in an EXIF block: a TIFF file, with or without "Exif\0\0" in front. 1 where there is none, or the
 * block is broken: a picture is not refused for what cameras write beside it. */
int fv_exif_orientation(const guint8 *data, gsize size);

/** Writes @stored pixels upright to @pixels; @shape becomes the upright one. */
void fv_image_turn(const GByteArray *stored, FvShape *shape, int orientation, GByteArray *pixels);
/** The upright extent of a stored one. */
FvShape fv_image_turned(FvShape shape, int orientation);
/** Where upright pixels of @stored (in full size), decoded at @eighths and turned, lie. */
FvImageScale fv_image_turned_scale(FvShape stored, int eighths, int orientation);

#endif
