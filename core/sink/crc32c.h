/* SPDX-License-Identifier: MIT
 * crc32c.h: the cyclic redundancy check with Castagnoli's polynomial (RFC 3720, appendix B.4). */
#ifndef FOVEA_CRC32C_H
#define FOVEA_CRC32C_H

#include <glib.h>

/** CRC-32C of the bytes: 0xe3069283 of "123456789". */
guint32 fv_crc32c(const void *data, gsize size);

#endif
