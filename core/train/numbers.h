/* SPDX-License-Identifier: MIT
 * numbers.h: tensors as a user gives them on the command line: a .npy file, or the numbers themselves. */
#ifndef FOVEA_NUMBERS_H
#define FOVEA_NUMBERS_H

#include "core/tensor.h"

/** @text: the name of a .npy file, or numbers with commas or blanks between them, as many samples of @shape as there
 * are. Returns N,C,H,W of float64 for numbers, the file's tensor as it is otherwise. FV_ERROR_DATA where their count is
 * no multiple of a sample's, or what is between commas no finite number. @what: for messages, "--in". */
FvTensor *fv_numbers_read(const char *text, FvShape shape, const char *what, GError **error);
/** The same for classes, one a sample: int64 of shape N. */
FvTensor *fv_numbers_read_classes(const char *text, const char *what, GError **error);
/** Fills a tensor with exactly as many numbers as it has elements. */
gboolean fv_numbers_fill(FvTensor *tensor, const char *text, const char *what, GError **error);

#endif
