/* SPDX-License-Identifier: MIT
 * lock.c: one process at a time at work in one folder. */
#include "core/sink/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct FvLock {
    char *name;
    int folder, fd;
};

/* Whoever had the lock before has removed the file that we opened: another one may be there by now. */
static gboolean is_there(int fd, int folder, const char *name)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* " (process 1234)"; "" where the file does not say it. g_free() it. */
static char *owner_text(int fd)
{
    char text[32] = { 0 };
    const ssize_t size = pread(fd, text, sizeof text - 1, 0);
    const gint64 pid = size > 0 ? g_ascii_strtoll(text, NULL, 10) : 0;
    return pid > 0 ? g_strdup_printf(" (process %" G_GINT64_FORMAT ")", pid) : g_strdup("");
}

/* Only for the message that others get: the lock holds without. */
static void write_owner(int fd)
{
    char text[32];
    const int size = g_snprintf(text, sizeof text, "%ld\n", (long) getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t) size, 0) != size)
        g_debug("lock: %s", g_strerror(errno));
}

static FvLock *refuse(const char *folder, int fd, gboolean taken, GError **error)
{
    g_autofree char *reason = NULL;
    if (taken) {
        g_autofree char *owner = owner_text(fd);
        reason = g_strdup_printf("another process is at work in this folder%s", owner);
    }
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", folder, reason ? reason : g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return NULL;
}

FvLock *fv_lock_take(int fd, const char *folder, const char *name, GError **error)
{
    for (;;) {
        const int file = openat(fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
        const gboolean taken = file >= 0 && flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (file < 0 || taken)
            return refuse(folder, file, taken, error);
        if (is_there(file, fd, name)) {
            const FvLock lock = { g_strdup(name), fcntl(fd, F_DUPFD_CLOEXEC, 0), file };
            write_owner(file);
            return g_memdup2(&lock, sizeof lock);
        }
        close(file);
    }
}

void fv_lock_free(FvLock *lock)
{
    if (!lock)
        return;
    if (unlinkat(lock->folder, lock->name, 0) != 0)
        g_debug("%s: %s", lock->name, g_strerror(errno));
    close(lock->fd);
    if (lock->folder >= 0)
        close(lock->folder);
    g_free(lock->name);
    g_free(lock);
}
