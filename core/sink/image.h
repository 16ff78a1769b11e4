/* SPDX-License-Identifier: MIT
 * image.h: writes pixels and tensors as PNG files. */
#ifndef FOVEA_SINK_IMAGE_H
#define FOVEA_SINK_IMAGE_H

#include "core/tensor.h"

/** Writes an 8-bit grey (@c = 1) or RGB (@c = 3) PNG, whole or not at all.
 * @pixels: H,W,C interleaved, rows from the top, no padding. FV_ERROR_IO; FV_ERROR_SHAPE for other @c, a side below 1
 * or above 2^20, or more than 500 megapixels. */
gboolean fv_png_write(const char *file, const guint8 *pixels, int c, int h, int w, GError **error);

/** Writes a tensor of shape C,H,W (or H,W, or 1,C,H,W) with C 1 or 3 as PNG: floats and doubles from 0 to 1, rounded
 * to nearest, clamped, NaN as 0; bytes as they are. FV_ERROR_SHAPE for other shapes, else as fv_png_write(). */
gboolean fv_tensor_to_png(const FvTensor *tensor, const char *file, GError **error);

#endif
