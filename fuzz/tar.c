/* SPDX-License-Identifier: MIT
 * tar.c: any bytes as a tar of images, compressed or not, or as the list that bytes are which are no tar: opened or
 * refused with one line; names lie below the folder of outputs, and every entry can be read, or is refused. */
#include "core/batch/images.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_refusal(const GError *error)
{
    if (!error || strchr(error->message, '\n'))
        g_error("refused with: %s", error ? error->message : "nothing");
}

static void check_name(const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, "/", -1);
    if (g_path_is_absolute(name) || !*name)
        g_error("a name outside: %s", name);
    for (char **part = parts; *part; part++)
        if (!**part || g_str_equal(*part, "..") || g_str_equal(*part, "."))
            g_error("a name outside: %s", name);
}

static void read_all(FvImages *images)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (guint i = 0; i < fv_images_count(images); i++) {
        g_autoptr(GError) error = NULL;
        check_name(fv_images_names(images)[i]);
        if (!fv_images_read(images, i, bytes, &error))
            check_refusal(error);
    }
    const GPtrArray *paths = fv_images_paths(images);
    for (guint i = 0; paths && i < paths->len; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) file = fv_images_open_path(images, paths->pdata[i], &error);
        if (!file)
            check_refusal(error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    const FvImageLimits limits = { .side = 1000, .pixels = 1000000, .bytes = 1 << 20 };
    const int fd = memfd_create("fuzz", MFD_CLOEXEC);
    g_autofree char *file = g_strdup_printf("/proc/self/fd/%d", fd);
    if (fd < 0 || write(fd, data, size) != (ssize_t) size)
        g_abort();
    g_autoptr(FvImages) images = fv_images_open(file, &limits, &error);
    if (images)
        read_all(images);
    else
        check_refusal(error);
    close(fd);
    return 0;
}
