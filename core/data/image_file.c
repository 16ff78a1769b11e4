/* SPDX-License-Identifier: MIT
 * image_file.c: the bytes of an image file, as far as it is a file at all. */
#include "core/data/image.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean io_failed(const char *file, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", file, g_strerror(errno));
    return FALSE;
}

/* A file may grow or shrink while it is read: what counts is the size at the beginning. */
static gboolean read_bytes(int fd, const char *file, GByteArray *bytes, GError **error)
{
    for (gsize at = 0; at < bytes->len;) {
        ssize_t got = read(fd, bytes->data + at, bytes->len - at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_failed(file, error);
        if (got == 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: the file ends too early", file);
            return FALSE;
        }
        at += (gsize) got;
    }
    return TRUE;
}

static gboolean read_open_file(int fd, const char *file, gint64 most, GByteArray *bytes, GError **error)
{
    struct stat about;
    if (fstat(fd, &about) != 0)
        return io_failed(file, error);
    if (!S_ISREG(about.st_mode)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: not a regular file", file);
        return FALSE;
    }
    if (about.st_size > most) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                    "%s: the file has %" G_GINT64_FORMAT " MiB; the most are %" G_GINT64_FORMAT, file,
                    (gint64) about.st_size >> 20, most >> 20);
        return FALSE;
    }
    g_byte_array_set_size(bytes, (guint) about.st_size);
    return read_bytes(fd, file, bytes, error);
}

gboolean fv_image_file(const char *file, const FvImageLimits *limits, GByteArray *bytes, GError **error)
{
    /* Without O_NONBLOCK a named pipe would stop us here for ever. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return io_failed(file, error);
    const gint64 most = limits ? limits->bytes : fv_image_limits.bytes;
    gboolean done = read_open_file(fd, file, MIN(most, FV_IMAGE_MOST_BYTES), bytes, error);
    close(fd);
    return done;
}
