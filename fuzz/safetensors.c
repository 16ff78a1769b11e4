/* SPDX-License-Identifier: MIT
 * safetensors.c: any bytes as a safetensors file: read or refused with one line; what is read survives a round trip. */
#include "core/sink/safetensors.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gsize bytes_of(const FvTensor *tensor)
{
    return (gsize) fv_tensor_elements(tensor) * fv_dtype_size(tensor->dtype);
}

/* Aborts where the two differ. */
static void compare(const FvTensors *a, const FvTensors *b)
{
    if (fv_tensors_count(a) != fv_tensors_count(b) || g_hash_table_size(a->metadata) != g_hash_table_size(b->metadata))
        g_abort();
    for (guint i = 0; i < fv_tensors_count(a); i++) {
        const FvNamedTensor *x = fv_tensors_at(a, i), *y = fv_tensors_at(b, i);
        if (strcmp(x->name, y->name) != 0 || x->tensor->dtype != y->tensor->dtype ||
            x->tensor->rank != y->tensor->rank || memcmp(x->tensor->dims, y->tensor->dims, sizeof x->tensor->dims) ||
            memcmp(x->tensor->data, y->tensor->data, bytes_of(x->tensor)))
            g_abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t) size)
        g_abort();
    g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", fd);
    g_autoptr(FvTensors) tensors = fv_safetensors_read(file, &error);
    close(fd);
    if (!tensors != !!error || (error && strchr(error->message, '\n')))
        g_abort();
    if (!tensors)
        return 0;
    gsize sum = 0;
    for (guint i = 0; i < fv_tensors_count(tensors); i++)
        sum += bytes_of(fv_tensors_at(tensors, i)->tensor);
    if (sum > size)
        g_abort();

    g_autofree char *copy = g_strdup_printf("%s/fovea-fuzz-%d.safetensors", g_get_tmp_dir(), (int) getpid());
    if (!fv_safetensors_write(copy, tensors, NULL, &error))
        g_abort();
    g_autoptr(FvTensors) back = fv_safetensors_read(copy, &error);
    unlink(copy);
    if (!back)
        g_abort();
    compare(tensors, back);
    return 0;
}
