/* SPDX-License-Identifier: MIT
 * idx.c: any bytes as an IDX file, plain or compressed: loaded or refused, and what is loaded has the size it says. */
#include "plugins/source/idx_file.h"

#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    Idx idx = { 0 };
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t) size || lseek(fd, 0, SEEK_SET) != 0)
        g_abort();
    gboolean done = idx_begin(fd, "fuzz", &idx, &error) && idx_read_data("fuzz", &idx, &error);
    if (done != !error || (error && strchr(error->message, '\n')))
        g_abort();
    gint64 elements = 1;
    for (int i = 0; done && i < idx.rank; i++)
        elements *= idx.dims[i];
    if (done && (elements != idx.size || idx.size < 1))
        g_abort();
    idx_clear(&idx);
    return 0;
}
