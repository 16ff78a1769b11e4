/* SPDX-License-Identifier: MIT
 * image_jpeg_write.c: pixels into the bytes of a JPEG file. */
#include "core/data/image_private.h"

#include <turbojpeg.h>

enum { MAX_SIDE = 65500, DEFAULT_QUALITY = 90 };

static gboolean encode(tjhandle encoder, const FvImageEncoding *how, FvShape shape, const guint8 *pixels,
                       GByteArray *bytes)
{
    unsigned char *data = NULL;
    unsigned long size = 0;
    const int chroma = shape.c == 1 ? TJSAMP_GRAY : how->full_chroma ? TJSAMP_444 : TJSAMP_420;
    const gboolean done =
        tjCompress2(encoder, pixels, shape.w, 0, shape.h, shape.c == 1 ? TJPF_GRAY : TJPF_RGB, &data, &size, chroma,
                    how->quality ? how->quality : DEFAULT_QUALITY, TJFLAG_ACCURATEDCT) == 0;
    if (done)
        g_byte_array_append(bytes, data, (guint) size);
    tjFree(data);
    return done;
}

gboolean fv_jpeg_encode(const char *name, const FvImageEncoding *how, FvShape shape, const guint8 *pixels,
                        GByteArray *bytes, GError **error)
{
    if (shape.h > MAX_SIDE || shape.w > MAX_SIDE) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: %dx%d pixels cannot be a JPEG: the most are %d a side", name,
                    shape.w, shape.h, MAX_SIDE);
        return FALSE;
    }
    tjhandle encoder = tjInitCompress();
    const gboolean done = encoder && encode(encoder, how, shape, pixels, bytes);
    if (!done)
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be written: %s", name,
                    encoder ? tjGetErrorStr2(encoder) : "out of memory");
    if (encoder)
        tjDestroy(encoder);
    return done;
}
