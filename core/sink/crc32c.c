/* SPDX-License-Identifier: MIT
 * crc32c.c: CRC-32C bit by bit: what is checked here are a few hundred bytes every other second. */
#include "core/sink/crc32c.h"

#define POLYNOMIAL 0x82f63b78u /* 0x1edc6f41 with its bits in reverse */

guint32 fv_crc32c(const void *data, gsize size)
{
    const guint8 *bytes = data;
    guint32 crc = G_MAXUINT32;
    for (gsize i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
    }
    return ~crc;
}
