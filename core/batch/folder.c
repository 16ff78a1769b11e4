/* SPDX-License-Identifier: MIT
 * folder.c: a folder that files are written into. */
#include "core/batch/folder.h"

#include "core/data/image.h"
#include "core/sink/input.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_SMALL = 1 << 20 };

struct FvFolder {
    char *path, *mark;
    gboolean is_new;
    int fd;
    gint next; /* atomic: number of the next temporary file */
};

struct FvFolderFile {
    FvFolder *folder;
    char *name, *temporary;
    gboolean replace;
    int fd;
};

static gboolean failed(const FvFolder *folder, const char *name, const char *what, int reason, GError **error)
{
    g_autofree char *shown = fv_printable(name);
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s%s%s: %s: %s", folder->path, *name ? "/" : "", shown, what,
                g_strerror(reason));
    return FALSE;
}

static gboolean cannot_write(const FvFolder *folder, const char *name, GError **error)
{
    const int reason = errno;
    /* What O_NOFOLLOW says of a link. */
    if (reason == ELOOP || reason == ENOTDIR) {
        g_autofree char *shown = fv_printable(name);
        g_set_error(error, FV_ERROR, FV_ERROR_IO,
                    "%s/%s: cannot be written: a part of the name is a link, or a file rather than a folder",
                    folder->path, shown);
        return FALSE;
    }
    return failed(folder, name, "cannot be written", reason, error);
}

FvFolder *fv_folder_open(const char *path, const char *mark, GError **error)
{
    g_autoptr(FvFolder) folder = g_new0(FvFolder, 1);
    folder->path = g_strdup(path);
    folder->mark = g_strdup(mark);
    folder->fd = -1;
    folder->is_new = !g_file_test(path, G_FILE_TEST_EXISTS);
    if (g_mkdir_with_parents(path, 0777) == 0)
        folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0) {
        failed(folder, "", "cannot be written", errno, error);
        return NULL;
    }
    return g_steal_pointer(&folder);
}

void fv_folder_free(FvFolder *folder)
{
    if (!folder)
        return;
    if (folder->fd >= 0)
        close(folder->fd);
    g_free(folder->path);
    g_free(folder->mark);
    g_free(folder);
}

const char *fv_folder_path(const FvFolder *folder)
{
    return folder->path;
}

gboolean fv_folder_is_new(const FvFolder *folder)
{
    return folder->is_new;
}

int fv_folder_fd(const FvFolder *folder)
{
    return folder->fd;
}

gboolean fv_path_is_below(const char *path, const char *folder)
{
    g_autofree char *there = g_canonicalize_filename(path, NULL);
    g_autofree char *top = realpath(folder, NULL); /* GLib's malloc is the system's */
    g_autofree char *real = NULL;
    while (!(real = realpath(there, NULL)) && errno == ENOENT) {
        char *above = g_path_get_dirname(there);
        g_free(there);
        there = above;
    }
    const gsize length = top ? strlen(top) : 0;
    return real && top && !strncmp(real, top, length) &&
           (real[length] == '\0' || real[length] == '/' || top[length - 1] == '/');
}

/* ------------------------------------------------------- folders below it */

/* Opens the folder that @name is in, and sets @last to the rest of it. -1 with errno. @make: it is made. */
static int open_folder_of(const FvFolder *folder, const char *name, gboolean make, const char **last)
{
    int fd = fcntl(folder->fd, F_DUPFD_CLOEXEC, 0);
    const char *slash;
    for (; fd >= 0 && (slash = strchr(name, '/')); name = slash + 1) {
        g_autofree char *part = g_strndup(name, (gsize) (slash - name));
        int below = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below < 0 && errno == ENOENT && make && (mkdirat(fd, part, 0777) == 0 || errno == EEXIST))
            below = openat(fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        const int reason = errno;
        close(fd);
        errno = reason;
        fd = below;
    }
    *last = name;
    return fd;
}

gboolean fv_folder_has(const FvFolder *folder, const char *name)
{
    const char *last;
    struct stat info;
    const int fd = open_folder_of(folder, name, FALSE, &last);
    if (fd < 0)
        return errno != ENOENT;
    const gboolean has = fstatat(fd, last, &info, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
    close(fd);
    return has;
}

/* -1 with errno; also for what is no regular file. */
static int open_file(const FvFolder *folder, const char *name, struct stat *info)
{
    const char *last;
    const int above = open_folder_of(folder, name, FALSE, &last);
    int fd = above < 0 ? -1 : openat(above, last, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    const int reason = errno;
    if (above >= 0)
        close(above);
    errno = reason;
    if (fd >= 0 && (fstat(fd, info) != 0 || !S_ISREG(info->st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static gboolean ends_well(int fd, gint64 size, FvImageFormat format)
{
    static const guint8 iend[] = { 0, 0, 0, 0, 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82 };
    guint8 head[12], tail[12];
    if (size < 24 || pread(fd, head, sizeof head, 0) != sizeof head ||
        pread(fd, tail, sizeof tail, size - (gint64) sizeof tail) != sizeof tail)
        return FALSE;
    if (format == FV_IMAGE_PNG)
        return !memcmp(head, "\x89PNG", 4) && !memcmp(tail, iend, sizeof iend);
    if (format == FV_IMAGE_JPEG)
        return head[0] == 0xff && head[1] == 0xd8 && tail[10] == 0xff && tail[11] == 0xd9;
    const gint64 riff = head[4] | head[5] << 8 | head[6] << 16 | (gint64) head[7] << 24;
    /* Of a WebP only the length is known; blocks that never came to the disk are zeroes. */
    return !memcmp(head, "RIFF", 4) && riff + 8 == size && memcmp(tail, "\0\0\0\0\0\0\0\0\0\0", sizeof tail - 2) != 0;
}

gboolean fv_folder_whole(const FvFolder *folder, const char *name)
{
    struct stat info;
    FvImageFormat format;
    const int fd = open_file(folder, name, &info);
    if (fd < 0)
        return FALSE;
    const gboolean whole = fv_image_format_of(name, &format) ? ends_well(fd, info.st_size, format) : info.st_size > 0;
    close(fd);
    return whole;
}

GBytes *fv_folder_read(const FvFolder *folder, const char *name, GError **error)
{
    struct stat info;
    const int fd = open_file(folder, name, &info);
    if (fd < 0 && errno == ENOENT)
        return NULL;
    if (fd < 0 || info.st_size > MOST_SMALL) {
        failed(folder, name, "cannot be read", fd < 0 ? errno : EFBIG, error);
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    g_autofree char *text = g_malloc((gsize) info.st_size + 1);
    const ssize_t got = pread(fd, text, (gsize) info.st_size, 0);
    close(fd);
    if (got < 0) {
        failed(folder, name, "cannot be read", errno, error);
        return NULL;
    }
    return g_bytes_new_take(g_steal_pointer(&text), (gsize) got);
}

void fv_folder_remove(const FvFolder *folder, const char *name)
{
    const char *last;
    const int fd = open_folder_of(folder, name, FALSE, &last);
    if (fd < 0)
        return;
    if (unlinkat(fd, last, 0) != 0)
        g_debug("%s/%s: %s", folder->path, name, g_strerror(errno));
    close(fd);
}

/* ------------------------------------------------------------------ writing */

FvFolderFile *fv_folder_begin(FvFolder *folder, const char *name, gboolean replace, GError **error)
{
    g_autoptr(FvFolderFile) file = g_new0(FvFolderFile, 1);
    file->folder = folder;
    file->name = g_strdup(name);
    file->replace = replace;
    file->temporary = g_strdup_printf("%s%d", folder->mark, g_atomic_int_add(&folder->next, 1));
    file->fd = openat(folder->fd, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (file->fd < 0) {
        cannot_write(folder, name, error);
        g_clear_pointer(&file->temporary, g_free); /* there is nothing to remove */
        return NULL;
    }
    return g_steal_pointer(&file);
}

gboolean fv_folder_append(FvFolderFile *file, const void *data, gsize size, GError **error)
{
    const char *bytes = data;
    while (size > 0) {
        const ssize_t done = write(file->fd, bytes, MIN(size, (gsize) 1 << 30));
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return cannot_write(file->folder, file->name, error);
        bytes += done;
        size -= (gsize) done;
    }
    return TRUE;
}

/* Fails where @to exists, also on file systems that cannot do it at once. */
static int rename_new(int from_fd, const char *from, int to_fd, const char *to)
{
    struct stat info;
    if (renameat2(from_fd, from, to_fd, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
    if (fstatat(to_fd, to, &info, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return renameat(from_fd, from, to_fd, to);
}

gboolean fv_folder_commit(FvFolderFile *unfinished, gboolean sync, GError **error)
{
    g_autoptr(FvFolderFile) file = unfinished;
    FvFolder *folder = file->folder;
    const char *last;
    const int fd = file->fd;
    if (sync && fsync(fd) != 0)
        return cannot_write(folder, file->name, error);
    file->fd = -1;
    if (close(fd) != 0)
        return cannot_write(folder, file->name, error);
    const int above = open_folder_of(folder, file->name, TRUE, &last);
    if (above < 0)
        return cannot_write(folder, file->name, error);
    const int code = file->replace ? renameat(folder->fd, file->temporary, above, last)
                                   : rename_new(folder->fd, file->temporary, above, last);
    const int reason = errno;
    if (code == 0 && sync)
        fsync(above); /* not all file systems can */
    close(above);
    errno = reason;
    if (code != 0)
        return cannot_write(folder, file->name, error);
    g_clear_pointer(&file->temporary, g_free);
    return TRUE;
}

void fv_folder_abort(FvFolderFile *file)
{
    if (!file)
        return;
    if (file->fd >= 0)
        close(file->fd);
    if (file->temporary)
        unlinkat(file->folder->fd, file->temporary, 0);
    g_free(file->temporary);
    g_free(file->name);
    g_free(file);
}

gboolean fv_folder_put(FvFolder *folder, const char *name, gboolean replace, const void *data, gsize size,
                       GError **error)
{
    g_autoptr(FvFolderFile) file = fv_folder_begin(folder, name, replace, error);
    return file && fv_folder_append(file, data, size, error) && fv_folder_commit(g_steal_pointer(&file), FALSE, error);
}

gboolean fv_folder_sync(FvFolder *folder, GError **error)
{
    return syncfs(folder->fd) == 0 || failed(folder, "", "cannot be written", errno, error);
}

void fv_folder_clean(FvFolder *folder)
{
    const int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *number = entry->d_name + strlen(folder->mark);
        if (g_str_has_prefix(entry->d_name, folder->mark) && *number && strspn(number, "0123456789") == strlen(number))
            unlinkat(folder->fd, entry->d_name, 0);
    }
    closedir(dir);
}
