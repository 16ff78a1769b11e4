/* SPDX-License-Identifier: MIT
 * arena.h: packs pieces of memory that live for part of a step into as little room as they need together. */
#ifndef FOVEA_ARENA_H
#define FOVEA_ARENA_H

#include <glib.h>

/** A piece: its size in bytes and the first and last moment (inclusive) of its life. */
typedef struct {
    guint64 bytes;
    int first, last;
    guint64 offset; /* out */
} FvPiece;

/** Places every piece so that no two whose lives overlap share memory.
 * @align: offsets are multiples of it.
 * @chunk: no piece crosses a multiple of it (the largest buffer that the device gives); 0: no limit. A piece that is
 *         larger than a chunk makes the result 0.
 * Returns the bytes taken. Deterministic; the greatest pieces are placed first, each at the lowest free offset. */
guint64 fv_arena_pack(FvPiece *const *pieces, guint count, guint64 align, guint64 chunk);

#endif
