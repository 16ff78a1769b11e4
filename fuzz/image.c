/* SPDX-License-Identifier: MIT
 * image.c: any bytes as an image: decoded or refused with one line, and what is decoded has the size that it says. */
#include "core/data/image.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int channels[] = { 0, 1, 3 };
    for (guint i = 0; i < G_N_ELEMENTS(channels); i++) {
        g_autoptr(GByteArray) pixels = g_byte_array_new();
        g_autoptr(GError) error = NULL;
        FvShape shape = { 0 };
        gboolean done = fv_image_decode("fuzz", data, size, channels[i], &shape, pixels, &error);
        if (done != !error || (error && strchr(error->message, '\n')))
            g_abort();
        if (done && (pixels->len != fv_shape_elements(shape) || (channels[i] && shape.c != channels[i])))
            g_abort();
    }
    return 0;
}
