/* SPDX-License-Identifier: MIT
 * npy.h: single tensors as NumPy's .npy files. */
#ifndef FOVEA_NPY_H
#define FOVEA_NPY_H

#include "core/tensor.h"

/** Reads a .npy file of version 1.0, 2.0 or 3.0 with elements <f4, <f8, <i4, <i8 or |u1 in C order, up to 8 dims.
 * Messages begin with the file's name. FV_ERROR_IO: cannot be read; FV_ERROR_DATA: no .npy file, a header that is
 * malformed, Fortran order, other elements (named), a size that is not what the shape says; FV_ERROR_NOMEM. */
FvTensor *fv_npy_read(const char *file, GError **error);

/** Writes version 1.0, whole or not at all. The same tensor gives the same bytes. FV_ERROR_IO. */
gboolean fv_npy_write(const char *file, const FvTensor *tensor, GError **error);

/** An array that is written piece by piece: an FvAtomic with its header, and what is still to come. */
typedef struct FvNpyWriter FvNpyWriter;

/** Begins a file of that shape, which is known beforehand. FV_ERROR_IO; FV_ERROR_NOMEM: more bytes than can be counted.
 */
FvNpyWriter *fv_npy_begin(const char *file, FvDtype dtype, int rank, const gint64 *dims, GError **error);
/** Appends elements, in C order. */
gboolean fv_npy_append(FvNpyWriter *writer, const void *data, gsize bytes, GError **error);
/** Puts the file in its place. Frees @writer in any case. FV_ERROR_DATA: fewer or more elements came than the shape
 * has; nothing is left then. */
gboolean fv_npy_commit(FvNpyWriter *writer, GError **error);
/** Gives up: nothing is left. NULL is fine. */
void fv_npy_abort(FvNpyWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvNpyWriter, fv_npy_abort)

#endif
