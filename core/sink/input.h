/* SPDX-License-Identifier: MIT
 * input.h: reads ranges of a regular file, whose size was asked once and is never trusted again. */
#ifndef FOVEA_INPUT_H
#define FOVEA_INPUT_H

#include <fovea/plugin.h>

typedef struct FvInput FvInput;

/** FV_ERROR_IO: cannot be read, or is no regular file (a pipe is not waited for). */
FvInput *fv_input_open(const char *file, GError **error);
void fv_input_close(FvInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvInput, fv_input_close)

const char *fv_input_name(const FvInput *input);
guint64 fv_input_size(const FvInput *input);
/** Fills @data with @size bytes from @offset on. FV_ERROR_IO, or FV_ERROR_DATA where the file ends before. */
gboolean fv_input_read(FvInput *input, guint64 offset, void *data, gsize size, GError **error);

/** Text from a foreign file as a message may show it: control characters and broken UTF-8 replaced, at most 80
 * characters; g_free() it. */
char *fv_printable(const char *text);

#endif
