/* SPDX-License-Identifier: MIT
 * npy.c: any bytes as a .npy file: read or refused with one line, and what is read has the size that it says. */
#include "core/sink/npy.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t) size)
        g_abort();
    g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(FvTensor) tensor = fv_npy_read(file, &error);
    close(fd);
    if (!tensor != !!error || (error && strchr(error->message, '\n')))
        g_abort();
    gint64 elements = tensor ? fv_tensor_elements(tensor) : 0;
    if (elements < 0 || (size_t) elements > size)
        g_abort();
    for (gint64 i = 0; i < elements; i++)
        if (fv_tensor_get(tensor, i) == 0.5) /* reads every element, for the sanitizers */
            size++;
    return 0;
}
