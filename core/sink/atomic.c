/* SPDX-License-Identifier: MIT
 * atomic.c: files that are there whole or not at all. */
#include "core/sink/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct FvAtomic {
    char *file;      /* as the caller named it, for messages */
    char *target;    /* what is renamed over: file, or what it links to */
    char *temporary; /* beside target */
    int fd;
};

static void atomic_free(FvAtomic *atomic)
{
    if (atomic->fd >= 0)
        close(atomic->fd);
    g_free(atomic->file);
    g_free(atomic->target);
    g_free(atomic->temporary);
    g_free(atomic);
}

static gboolean failed(const FvAtomic *atomic, const char *what, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s: %s", atomic->file, what, g_strerror(errno));
    return FALSE;
}

/* Finds out what the new file takes the place of. @mode: permissions of the old one, or those of a new file. */
static gboolean find_target(FvAtomic *atomic, mode_t *mode, gboolean *exists, GError **error)
{
    struct stat info;
    *exists = FALSE;
    atomic->target = g_strdup(atomic->file);
    if (lstat(atomic->file, &info) != 0)
        return errno == ENOENT || failed(atomic, "cannot be written", error);
    if (S_ISLNK(info.st_mode)) {
        g_free(atomic->target);
        atomic->target = realpath(atomic->file, NULL); /* GLib's malloc is the system's */
        if (!atomic->target || stat(atomic->target, &info) != 0)
            return failed(atomic, "cannot be written", error);
    }
    /* Renaming over /dev/null would work, for root. */
    if (!S_ISREG(info.st_mode)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be written: not a regular file", atomic->file);
        return FALSE;
    }
    *mode = info.st_mode & 0777;
    *exists = TRUE;
    return TRUE;
}

FvAtomic *fv_atomic_begin(const char *file, GError **error)
{
    g_autoptr(FvAtomic) atomic = g_new0(FvAtomic, 1);
    mode_t mode = 0666;
    gboolean exists;
    atomic->fd = -1;
    atomic->file = g_strdup(file);
    if (!find_target(atomic, &mode, &exists, error))
        return NULL;
    for (int tries = 0; tries < 100 && atomic->fd < 0; tries++) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
        char suffix[7] = { 0 };
        for (int i = 0; i < 6; i++)
            suffix[i] = letters[g_random_int_range(0, sizeof letters - 1)];
        g_free(atomic->temporary);
        atomic->temporary = g_strdup_printf("%s.tmp-%s", atomic->target, suffix);
        atomic->fd = open(atomic->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (atomic->fd < 0 && errno != EEXIST)
            break;
    }
    if (atomic->fd < 0) {
        failed(atomic, "cannot be written", error);
        g_clear_pointer(&atomic->temporary, g_free); /* nothing to remove */
        return NULL;
    }
    /* A file system without permissions keeps its own: no reason to fail. */
    if (exists && fchmod(atomic->fd, mode) != 0)
        g_debug("%s: permissions: %s", file, g_strerror(errno));
    return g_steal_pointer(&atomic);
}

gboolean fv_atomic_write(FvAtomic *atomic, const void *data, gsize size, GError **error)
{
    const char *bytes = data;
    while (size > 0) {
        ssize_t done = write(atomic->fd, bytes, MIN(size, (gsize) 1 << 30));
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return failed(atomic, "cannot be written", error);
        bytes += done;
        size -= (gsize) done;
    }
    return TRUE;
}

/* Makes the rename itself last. Folders that cannot be synced (some network file systems) are left as they are. */
static void sync_folder(const char *target)
{
    g_autofree char *folder = g_path_get_dirname(target);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fsync(fd) != 0)
        g_debug("%s: sync: %s", folder, g_strerror(errno));
    close(fd);
}

gboolean fv_atomic_commit(FvAtomic *atomic, GError **error)
{
    g_autoptr(FvAtomic) owned = atomic;
    if (fsync(atomic->fd) != 0)
        return failed(atomic, "cannot be written", error);
    int fd = atomic->fd;
    atomic->fd = -1;
    if (close(fd) != 0)
        return failed(atomic, "cannot be written", error);
    if (rename(atomic->temporary, atomic->target) != 0)
        return failed(atomic, "cannot be replaced", error);
    sync_folder(atomic->target);
    atomic_free(g_steal_pointer(&owned));
    return TRUE;
}

void fv_atomic_abort(FvAtomic *atomic)
{
    if (!atomic)
        return;
    if (atomic->temporary)
        unlink(atomic->temporary);
    atomic_free(atomic);
}

gboolean fv_file_replace(const char *file, const void *data, gsize size, GError **error)
{
    g_autoptr(FvAtomic) atomic = fv_atomic_begin(file, error);
    return atomic && fv_atomic_write(atomic, data, size, error) && fv_atomic_commit(g_steal_pointer(&atomic), error);
}
