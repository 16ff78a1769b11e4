/* SPDX-License-Identifier: MIT
 * input.c: reads ranges of a regular file.
 *
 * Not through GMappedFile: a file that another process shortens while it is mapped would kill fovea with SIGBUS. */
#include "core/sink/input.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHOWN_CHARACTERS = 80 };

struct FvInput {
    char *name;
    int fd;
    guint64 size;
};

FvInput *fv_input_open(const char *file, GError **error)
{
    /* O_NONBLOCK: opening a pipe that nobody writes to would wait for ever. It means nothing to regular files. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        int reason = errno;
        if (fd >= 0)
            close(fd);
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be read: %s", file, g_strerror(reason));
        return NULL;
    }
    if (!S_ISREG(info.st_mode)) {
        close(fd);
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be read: not a regular file", file);
        return NULL;
    }
    FvInput *input = g_new0(FvInput, 1);
    input->name = g_strdup(file);
    input->fd = fd;
    input->size = (guint64) info.st_size;
    return input;
}

void fv_input_close(FvInput *input)
{
    if (!input)
        return;
    close(input->fd);
    g_free(input->name);
    g_free(input);
}

const char *fv_input_name(const FvInput *input)
{
    return input->name;
}

guint64 fv_input_size(const FvInput *input)
{
    return input->size;
}

gboolean fv_input_read(FvInput *input, guint64 offset, void *data, gsize size, GError **error)
{
    char *bytes = data;
    while (size > 0) {
        ssize_t done = offset > G_MAXINT64 ? 0 : pread(input->fd, bytes, MIN(size, (gsize) 1 << 30), (off_t) offset);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be read: %s", input->name, g_strerror(errno));
            return FALSE;
        }
        if (done == 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: the file ends too early", input->name);
            return FALSE;
        }
        bytes += done;
        offset += (guint64) done;
        size -= (gsize) done;
    }
    return TRUE;
}

char *fv_printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *out = g_string_new(NULL);
    int characters = 0;
    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        if (++characters > SHOWN_CHARACTERS) {
            g_string_append(out, "...");
            break;
        }
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(out, g_unichar_isprint(c) ? c : 0xfffd);
    }
    return g_string_free(out, FALSE);
}
