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

#endif
