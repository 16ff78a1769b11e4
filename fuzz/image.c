/* SPDX-License-Identifier: MIT
 * image.c: any bytes as an image, whole and smaller, and as a mask: decoded or refused with one line, and what is
 * decoded has the size that it says, and that its head said before. */
#include "core/data/image.h"

#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Broken files may ask for a lot: no more than a fuzzer has time for. */
static const FvImageLimits limits = { 4096, 1 << 20, 1 << 20 };

static void require(gboolean true_always)
{
    if (!true_always)
        g_abort();
}

static void check_error(gboolean done, const GError *error)
{
    require(done == !error && (!error || !strchr(error->message, '\n')));
}

static void decode(const uint8_t *data, size_t size, int channels, int eighths)
{
    const FvImageDecoding how = { .channels = channels, .eighths = eighths, .limits = &limits };
    g_autoptr(GByteArray) pixels = g_byte_array_new();
    g_autoptr(GError) error = NULL, head_error = NULL;
    FvShape shape = { 0 };
    FvImageHead head = { 0 };
    FvImageScale scale = { 0 };
    const gboolean known = fv_image_head("fuzz", data, size, &limits, &head, &head_error);
    const gboolean done = fv_image_decode_as("fuzz", data, size, &how, &shape, &scale, pixels, &error);
    check_error(known, head_error);
    check_error(done, error);
    require(!known || (head.orientation >= 1 && head.orientation <= 8 && head.shape.h >= 1 && head.shape.w >= 1));
    if (!done)
        return;
    require(known && pixels->len == fv_shape_elements(shape));
    require(shape.c == (channels ? channels : head.shape.c));
    require(scale.eighths >= eighths && scale.eighths <= 8);
    require(shape.h == (head.shape.h * scale.eighths + 7) / 8 && shape.w == (head.shape.w * scale.eighths + 7) / 8);
    require(scale.u_shift >= 0 && scale.u_shift < 1 && scale.v_shift >= 0 && scale.v_shift < 1);
}

static void decode_mask(const uint8_t *data, size_t size)
{
    static const FvImageScale half = { .eighths = 4 };
    g_autoptr(GByteArray) mask = g_byte_array_new();
    g_autoptr(GError) error = NULL;
    FvPalette palette;
    FvShape shape = { 0 };
    const gboolean done = fv_mask_decode("fuzz", data, size, &limits, &shape, mask, &palette, &error);
    check_error(done, error);
    if (!done)
        return;
    require(shape.c == 1 && mask->len == fv_shape_elements(shape) && palette.count >= 0 && palette.count <= 256);
    for (guint i = 0; i < mask->len; i++)
        require(palette.count == 0 || mask->data[i] < palette.count);
    fv_mask_shrink(mask, &shape, (FvShape){ 1, (shape.h + 1) / 2, (shape.w + 1) / 2 }, &half);
    require(mask->len == fv_shape_elements(shape));
}

/* Puts the checksums of a PNG's chunks right, without which most changes would be seen by those alone. */
static void mend(guint8 *data, size_t size)
{
    for (size_t at = 8; size >= 12 && at <= size - 12;) {
        guint32 length, sum;
        memcpy(&length, data + at, 4);
        length = GUINT32_FROM_BE(length);
        if (length > size - at - 12)
            return;
        sum = GUINT32_TO_BE((guint32) crc32(0, data + at + 4, length + 4));
        memcpy(data + at + 8 + length, &sum, 4);
        at += 12 + length;
    }
}

static void decode_all(const uint8_t *data, size_t size)
{
    static const int channels[] = { 0, 1, 3 }, eighths[] = { 8, 4, 1 };
    for (guint i = 0; i < G_N_ELEMENTS(channels); i++)
        decode(data, size, channels[i], eighths[i]);
    decode_mask(data, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode_all(data, size);
    if (size < 8 || data[0] != 0x89)
        return 0;
    g_autofree guint8 *mended = g_memdup2(data, size);
    mend(mended, size);
    decode_all(mended, size);
    return 0;
}
