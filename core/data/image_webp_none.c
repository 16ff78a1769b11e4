/* SPDX-License-Identifier: MIT
 * image_webp_none.c: stands for image_webp.c where libwebp was not there. */
#include "core/data/image_private.h"

static gboolean refuse(const char *name, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: this fovea was built without WebP (libwebp-dev was not there)",
                name);
    return FALSE;
}

static gboolean head(const FvImageBytes *file, FvImageHead *image, GError **error)
{
    return refuse(file->name, error);
}

static gboolean decode(const FvImageBytes *file, const FvImageHead *image, int channels, int *eighths, FvShape *shape,
                       GByteArray *pixels, GError **error)
{
    return refuse(file->name, error);
}

static gboolean encode(const char *name, const FvImageEncoding *how, FvShape shape, const guint8 *pixels,
                       GByteArray *bytes, GError **error)
{
    return refuse(name, error);
}

const FvImageCodec fv_image_webp = { "WebP", FALSE, head, decode, encode };
