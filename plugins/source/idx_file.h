/* SPDX-License-Identifier: MIT
 * idx_file.h: one IDX file, plain or compressed by gzip, into memory; nothing that it says is believed. */
#ifndef FOVEA_IDX_FILE_H
#define FOVEA_IDX_FILE_H

#include <fovea/plugin.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

typedef struct {
    int rank;
    gint64 dims[4];
    gint64 size; /* bytes */
    guint8 *data;
    char *file;
    gzFile from; /* while data have not been read */
    gint stop;   /* atomic: they are not wanted any more */
} Idx;

static inline gboolean idx_wrong(const char *file, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
static inline gboolean idx_wrong(const char *file, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s", file, reason);
    return FALSE;
}

/* gzread() gives the bytes of plain files too. */
static inline gboolean idx_read_all(Idx *idx, const char *file, guint8 *data, gint64 size, GError **error)
{
    for (gint64 at = 0; at < size;) {
        int got = g_atomic_int_get(&idx->stop) ? 0 : gzread(idx->from, data + at, (unsigned) MIN(size - at, 1 << 20));
        if (got < 0)
            return idx_wrong(file, error, "broken compression");
        if (got == 0)
            return idx_wrong(file, error, "the file ends too early");
        at += got;
    }
    return TRUE;
}

/* Magic number, rank and dims; the size that they give must be possible for a file of @bytes before it is allocated. */
static inline gboolean idx_read_header(const char *file, gint64 bytes, Idx *idx, GError **error)
{
    enum { DEFLATE_RATIO = 1032 };
    guint8 head[4 + 4 * 4];
    if (!idx_read_all(idx, file, head, 4, error))
        return FALSE;
    if (head[0] != 0 || head[1] != 0)
        return idx_wrong(file, error, "no IDX file: it begins with %02x%02x%02x%02x", head[0], head[1], head[2],
                         head[3]);
    if (head[2] != 8)
        return idx_wrong(file, error, "elements are of type 0x%02x; only 0x08, unsigned bytes, can be read", head[2]);
    idx->rank = head[3];
    if (idx->rank != 1 && idx->rank != 3 && idx->rank != 4)
        return idx_wrong(file, error, "rank %d, where images have 3 or 4 and labels 1", idx->rank);
    if (!idx_read_all(idx, file, head + 4, 4 * idx->rank, error))
        return FALSE;
    gint64 most = gzdirect(idx->from) ? bytes - 4 - 4 * idx->rank : bytes * DEFLATE_RATIO;
    idx->size = 1;
    for (int i = 0; i < idx->rank; i++) {
        const guint8 *d = head + 4 + 4 * i;
        idx->dims[i] = (gint64) d[0] << 24 | d[1] << 16 | d[2] << 8 | d[3];
        if (idx->dims[i] == 0)
            return idx_wrong(file, error, "a dimension of 0");
        if (idx->size > most / idx->dims[i])
            return idx_wrong(file, error, "the file is too short for what its header says");
        idx->size *= idx->dims[i];
    }
    return TRUE;
}

static inline gboolean idx_read_rest(const char *file, Idx *idx, GError **error)
{
    guint8 more;
    idx->data = g_try_malloc((gsize) idx->size);
    if (!idx->data) {
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: no memory for %" G_GINT64_FORMAT " MiB", file,
                    idx->size >> 20);
        return FALSE;
    }
    if (!idx_read_all(idx, file, idx->data, idx->size, error))
        return FALSE;
    /* Reading on also checks the sum at the end of a compressed file. */
    int rest = gzread(idx->from, &more, 1);
    int state;
    gzerror(idx->from, &state);
    if (rest < 0 || (state != Z_OK && state != Z_STREAM_END))
        return idx_wrong(file, error, state == Z_BUF_ERROR ? "the file ends too early" : "broken compression");
    return rest == 0 || idx_wrong(file, error, "the file is longer than what its header says");
}

/* Reads what follows the header; the file is closed in any case. */
static inline gboolean idx_read_data(const char *file, Idx *idx, GError **error)
{
    gboolean done = idx_read_rest(file, idx, error);
    gzclose(idx->from);
    idx->from = NULL;
    return done;
}

/* Header only; @fd is taken. */
static inline gboolean idx_begin(int fd, const char *file, Idx *idx, GError **error)
{
    struct stat about;
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: not a regular file", file);
        close(fd);
        return FALSE;
    }
    idx->from = gzdopen(fd, "rb");
    if (!idx->from) {
        g_set_error(error, FV_ERROR, FV_ERROR_NOMEM, "%s: no memory to read it", file);
        close(fd);
        return FALSE;
    }
    gzbuffer(idx->from, 1 << 17);
    return idx_read_header(file, about.st_size, idx, error);
}

static inline gboolean idx_open(const char *file, Idx *idx, GError **error)
{
    /* Without O_NONBLOCK a named pipe would stop us here for ever. */
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", file, g_strerror(errno));
        return FALSE;
    }
    return idx_begin(fd, file, idx, error);
}

static inline void idx_clear(Idx *idx)
{
    if (idx->from)
        gzclose(idx->from);
    g_free(idx->data);
    g_free(idx->file);
    *idx = (Idx){ 0 };
}

#endif
