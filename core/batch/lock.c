/* SPDX-License-Identifier: MIT
 * lock.c: one run at a time on one output. */
#include "core/batch/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct FvLock {
    FvFolder *folder;
    char *name;
    int fd;
};

/* Whoever had the lock before has removed the file that we opened: another one may be there by now. */
static gboolean is_there(int fd, int folder, const char *name)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

FvLock *fv_lock_take(FvFolder *folder, const char *name, GError **error)
{
    const int top = fv_folder_fd(folder);
    for (;;) {
        const int fd = openat(top, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        /* File systems without locks: nothing is refused there. */
        const gboolean taken = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (fd < 0 || taken) {
            g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", fv_folder_path(folder),
                        taken ? "another process is at work on this output" : g_strerror(errno));
            if (fd >= 0)
                close(fd);
            return NULL;
        }
        if (is_there(fd, top, name)) {
            const FvLock lock = { folder, g_strdup(name), fd };
            return g_memdup2(&lock, sizeof lock);
        }
        close(fd);
    }
}

void fv_lock_free(FvLock *lock)
{
    if (!lock)
        return;
    unlinkat(fv_folder_fd(lock->folder), lock->name, 0);
    close(lock->fd);
    g_free(lock->name);
    g_free(lock);
}
