/* SPDX-License-Identifier: MIT
 * image.h: image files: what they are before they are decoded, into 8-bit interleaved pixels, and back into bytes.
 *
 * Pixels are H,W,C, rows from the top, no padding, upright: the orientation that the file notes (EXIF, in JPEG, PNG and
 * WebP) is applied, in sizes too. Files are told apart by their contents. Every function is thread-safe.
 *
 * Errors of all of them are one line, "NAME: reason": FV_ERROR_DATA for what is no image, is broken, cut short, of a
 * format that this build lacks, or over the limits; FV_ERROR_NOMEM; and FV_ERROR_IO for a file that cannot be read. */
#ifndef FOVEA_IMAGE_H
#define FOVEA_IMAGE_H

#include <fovea/plugin.h>

typedef enum { FV_IMAGE_PNG, FV_IMAGE_JPEG, FV_IMAGE_WEBP, FV_IMAGE_FORMATS } FvImageFormat;

/** "PNG", "JPEG", "WebP". */
const char *fv_image_format_name(FvImageFormat format);
/** Whether this build reads and writes it: WebP only where libwebp was there. */
gboolean fv_image_format_built(FvImageFormat format);
/** The format that a file of this name is meant to have, by its ending, in any case: .png, .jpg, .jpeg, .webp.
 * FALSE for others. Formats that are not built count, so that the message about them can be a good one. */
gboolean fv_image_format_of(const char *file, FvImageFormat *format);

/** What is refused before it is decoded. Values above the FV_IMAGE_MOST_ ones count as those. */
typedef struct {
    int side;      /* pixels of height and of width */
    gint64 pixels; /* of height times width */
    gint64 bytes;  /* of a file that fv_image_file() reads */
} FvImageLimits;

enum {
    FV_IMAGE_SIDE = 16384,
    FV_IMAGE_PIXELS = 64 * 1000 * 1000,
    FV_IMAGE_BYTES = 256 * 1024 * 1024,
    FV_IMAGE_MOST_SIDE = 1 << 20,
    FV_IMAGE_MOST_PIXELS = 500 * 1000 * 1000,
    FV_IMAGE_MOST_BYTES = 1024 * 1024 * 1024
};

/** What is meant where limits are NULL. */
extern const FvImageLimits fv_image_limits;

/** What a file says before anything is decoded. */
typedef struct {
    FvImageFormat format;
    FvShape shape;   /* upright, in full size; c = 1 for grey, 3 for everything else: what fv_image_decode() makes */
    int orientation; /* EXIF's 1 .. 8, as it was in the file; the shape has it in it already */
} FvImageHead;

/** Reads @head; the limits are checked. @name: the file, for messages. */
gboolean fv_image_head(const char *name, const guint8 *data, gsize size, const FvImageLimits *limits, FvImageHead *head,
                       GError **error);

/** Where the pixels of an image that was decoded smaller lie: point (u, v) of the upright image in full size is at
 * (u * eighths / 8 + u_shift, v * eighths / 8 + v_shift). The shifts are below 1, and 0 but for images that were turned
 * or mirrored and whose extent is no multiple of eight: their first pixel is not whole. */
typedef struct {
    int eighths;
    double u_shift, v_shift;
} FvImageScale;

/** How to decode. Zeroes, or NULL, are what most want. */
typedef struct {
    int channels; /* 1 or 3 to convert to; 0: what the file has */
    /* 1 .. 8: a JPEG may be decoded at this many eighths of its size, or at more where that is faster; the extent is
     * rounded up. 0 is 8. Other formats are decoded in full. */
    int eighths;
    const FvImageLimits *limits; /* NULL: fv_image_limits */
} FvImageDecoding;

/** Decodes.
 * PNG: every bit depth, palette, grey, interlaced; 16 bits are rounded to 8. JPEG: grey, colour, CMYK and YCCK (taken
 * as Adobe writes them, inverted), progressive. WebP: lossy and lossless, no animations. Colour to grey is Rec. 601
 * luma. Alpha is dropped, not composited: a transparent pixel keeps its colour.
 * @scale: set to what @shape is to the image in full size; or NULL.
 * @pixels: replaced; on failure it may hold anything. */
gboolean fv_image_decode_as(const char *name, const guint8 *data, gsize size, const FvImageDecoding *how,
                            FvShape *shape, FvImageScale *scale, GByteArray *pixels, GError **error);

/** fv_image_read() (plugin.h) on bytes in memory. */
gboolean fv_image_decode(const char *name, const guint8 *data, gsize size, int channels, FvShape *shape,
                         GByteArray *pixels, GError **error);

/** Reads a whole regular file, which may be a symbolic link, into @bytes, which are replaced. FV_ERROR_IO for what is
 * no regular file, and does not wait for it. */
gboolean fv_image_file(const char *file, const FvImageLimits *limits, GByteArray *bytes, GError **error);

/* -------------------------------------------------------------------- masks */

/** Colours of class numbers. */
typedef struct {
    int count; /* 0: none, the numbers are grey values */
    guint8 rgb[256][3];
} FvPalette;

/** Decodes a mask: a PNG with a palette, or grey, of 8 bits a pixel at most. Pixels are class numbers (the indices or
 * the values as they stand in the file, not stretched to 0 .. 255), @shape has one channel.
 * @palette: set; or NULL. FV_ERROR_DATA also for what has colours, 16 bits or is no PNG. */
gboolean fv_mask_decode(const char *name, const guint8 *data, gsize size, const FvImageLimits *limits, FvShape *shape,
                        GByteArray *mask, FvPalette *palette, GError **error);

/** Brings a mask of an image's full size to the extent that the image was decoded at: of each pixel the class at its
 * centre. @shape: the mask's, replaced. @to: the image's, as fv_image_decode_as() gave it with @scale. */
void fv_mask_shrink(GByteArray *mask, FvShape *shape, FvShape to, const FvImageScale *scale);

/* ----------------------------------------------------------------- encoding */

/** How to encode. Zeroes: a PNG. */
typedef struct {
    FvImageFormat format;
    int quality;              /* JPEG and WebP: 1 .. 100; 0 is 90 */
    gboolean full_chroma;     /* JPEG: 4:4:4 rather than 4:2:0 */
    const FvPalette *palette; /* PNG of one channel: pixels are indices into it; NULL for grey */
    gboolean small;           /* PNG: a few bytes fewer, for several times the time */
} FvImageEncoding;

/** Encodes 8-bit grey (c = 1) or RGB (c = 3) pixels; the same bytes for the same pixels. Nothing is noted beside them:
 * no time, no orientation.
 * @name: for messages. @bytes: replaced. FV_ERROR_SHAPE for what the format cannot hold, FV_ERROR_DATA for an index
 * that is not in the palette. */
gboolean fv_image_encode(const char *name, const FvImageEncoding *how, FvShape shape, const guint8 *pixels,
                         GByteArray *bytes, GError **error);

#endif
