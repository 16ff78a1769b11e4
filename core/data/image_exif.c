/* SPDX-License-Identifier: MIT
 * image_exif.c: the orientation of a picture, from its EXIF block (Exif 2.32, TIFF 6.0). */
#include "core/data/image_private.h"

#include <string.h>

enum { ORIENTATION = 0x0112, SHORT = 3, LONG = 4, ENTRY = 12 };

typedef struct {
    const guint8 *data;
    gsize size;
    gboolean big_endian;
} Tiff;

/* 0 for what lies outside: no valid number of this file's is needed to be told from it. */
static guint32 number(const Tiff *tiff, gsize at, gsize bytes)
{
    guint32 value = 0;
    if (at > tiff->size || bytes > tiff->size - at)
        return 0;
    for (gsize i = 0; i < bytes; i++)
        value = value << 8 | tiff->data[at + (tiff->big_endian ? i : bytes - 1 - i)];
    return value;
}

int fv_exif_orientation(const guint8 *data, gsize size)
{
    static const char prefix[6] = "Exif\0";
    if (size >= sizeof prefix && memcmp(data, prefix, sizeof prefix) == 0) {
        data += sizeof prefix;
        size -= sizeof prefix;
    }
    if (size < 8 || (memcmp(data, "II*\0", 4) != 0 && memcmp(data, "MM\0*", 4) != 0))
        return 1;
    const Tiff tiff = { data, size, data[0] == 'M' };
    const gsize directory = number(&tiff, 4, 4), count = number(&tiff, directory, 2);
    for (gsize i = 0; i < count; i++) {
        const gsize entry = directory + 2 + i * ENTRY;
        const guint32 type = number(&tiff, entry + 2, 2);
        if (number(&tiff, entry, 2) != ORIENTATION || (type != SHORT && type != LONG) ||
            number(&tiff, entry + 4, 4) != 1)
            continue;
        const guint32 value = number(&tiff, entry + 8, type == SHORT ? 2 : 4);
        return value >= 1 && value <= 8 ? (int) value : 1;
    }
    return 1;
}
