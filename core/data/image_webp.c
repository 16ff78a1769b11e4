/* SPDX-License-Identifier: MIT
 * image_webp.c: WebP files into pixels and back, where libwebp is there. */
#include "core/data/image_private.h"

#include <string.h>
#include <webp/decode.h>
#include <webp/encode.h>

enum { RIFF = 12 /* "RIFF", size, "WEBP" */, CHUNK = 8 /* name, size */, DEFAULT_QUALITY = 90 };

static guint32 little_endian(const guint8 *bytes)
{
    return bytes[0] | (guint32) bytes[1] << 8 | (guint32) bytes[2] << 16 | (guint32) bytes[3] << 24;
}

static int find_orientation(const FvImageBytes *file)
{
    for (gsize at = RIFF; file->size - at >= CHUNK;) {
        const guint8 *chunk = file->data + at;
        const gsize length = little_endian(chunk + 4);
        if (length > file->size - at - CHUNK)
            break;
        if (memcmp(chunk, "EXIF", 4) == 0)
            return fv_exif_orientation(chunk + CHUNK, length);
        at += MIN(CHUNK + length + (length & 1), file->size - at);
    }
    return 1;
}

static gboolean failed(const FvImageBytes *file, VP8StatusCode status, GError **error)
{
    static const char *const reasons[] = {
        [VP8_STATUS_OUT_OF_MEMORY] = "no memory to read it",
        [VP8_STATUS_INVALID_PARAM] = "its header cannot be",
        [VP8_STATUS_BITSTREAM_ERROR] = "wrong data",
        [VP8_STATUS_UNSUPPORTED_FEATURE] = "of a kind that libwebp does not know",
        [VP8_STATUS_SUSPENDED] = "the file ends too early",
        [VP8_STATUS_NOT_ENOUGH_DATA] = "the file ends too early",
    };
    const char *reason = status < G_N_ELEMENTS(reasons) ? reasons[status] : NULL;
    return fv_image_broken(file, "WebP", reason ? reason : "wrong data", error);
}

static gboolean head(const FvImageBytes *file, FvImageHead *image, GError **error)
{
    WebPBitstreamFeatures features;
    const VP8StatusCode status = WebPGetFeatures(file->data, file->size, &features);
    if (status != VP8_STATUS_OK)
        return failed(file, status, error);
    if (little_endian(file->data + 4) > file->size - CHUNK)
        return failed(file, VP8_STATUS_NOT_ENOUGH_DATA, error);
    if (features.has_animation) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: an animation is no single picture", file->name);
        return FALSE;
    }
    image->shape = (FvShape){ 3, features.height, features.width };
    image->orientation = find_orientation(file);
    return TRUE;
}

static gboolean decode(const FvImageBytes *file, const FvImageHead *image, int channels, int *eighths, FvShape *shape,
                       GByteArray *pixels, GError **error)
{
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: fovea was built for another libwebp", file->name);
        return FALSE;
    }
    *eighths = 8;
    *shape = image->shape;
    g_byte_array_set_size(pixels, (guint) fv_shape_elements(*shape));
    config.output.colorspace = MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA = (WebPRGBABuffer){ pixels->data, 3 * shape->w, pixels->len };
    const VP8StatusCode status = WebPDecode(file->data, file->size, &config);
    return status == VP8_STATUS_OK || failed(file, status, error);
}

static gboolean encode(const char *name, const FvImageEncoding *how, FvShape shape, const guint8 *pixels,
                       GByteArray *bytes, GError **error)
{
    if (shape.h > WEBP_MAX_DIMENSION || shape.w > WEBP_MAX_DIMENSION) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: %dx%d pixels cannot be a WebP: the most are %d a side", name,
                    shape.w, shape.h, WEBP_MAX_DIMENSION);
        return FALSE;
    }
    g_autoptr(GByteArray) colours = NULL;
    if (shape.c == 1) {
        colours = g_byte_array_new();
        g_byte_array_append(colours, pixels, (guint) fv_shape_elements(shape));
        fv_image_convert(colours, &shape, 3);
        pixels = colours->data;
    }
    guint8 *data = NULL;
    const gsize size = WebPEncodeRGB(pixels, shape.w, shape.h, 3 * shape.w,
                                     how->quality ? (float) how->quality : DEFAULT_QUALITY, &data);
    if (size)
        g_byte_array_append(bytes, data, (guint) size);
    else
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be written as WebP", name);
    WebPFree(data);
    return size > 0;
}

const FvImageCodec fv_image_webp = { "WebP", TRUE, head, decode, encode };
