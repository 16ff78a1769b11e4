/* SPDX-License-Identifier: MIT
 * images_folder.c: finds the images below a folder. */
#include "core/batch/images_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_DEPTH = 100 };

/* A folder that is being walked through. */
typedef struct Above Above;
struct Above {
    const Above *above;
    dev_t device;
    ino_t inode;
    int depth;
};

static gboolean failed(const char *place, const char *reason, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be read: %s", place, reason);
    return FALSE;
}

/* A link may lead back up. */
static gboolean goes_round(const Above *above, const struct stat *info)
{
    for (; above; above = above->above)
        if (above->device == info->st_dev && above->inode == info->st_ino)
            return TRUE;
    return FALSE;
}

static gboolean is_image(int folder, const char *file, const char *name)
{
    guint8 head[FV_IMAGES_HEAD];
    if (fv_images_is_one(name, NULL, 0))
        return TRUE;
    const int fd = openat(folder, file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const ssize_t size = fd >= 0 ? read(fd, head, sizeof head) : 0;
    if (fd >= 0)
        close(fd);
    return fv_images_is_one(NULL, head, (gsize) MAX(size, 0));
}

static gboolean walk(FvImages *images, int fd, const char *place, const char *name, const Above *above, GError **error);

/* @fd: of the folder that the file is in; both names are its own, and freed. */
static gboolean look_at(FvImages *images, int fd, const char *file, char *own_place, char *own_name, const Above *above,
                        GError **error)
{
    g_autofree char *place = own_place;
    g_autofree char *name = own_name;
    struct stat info;
    if (fstatat(fd, file, &info, 0) != 0) {
        /* A link to nowhere that is called an image is a broken image, which is said when it is read. */
        if (fstatat(fd, file, &info, AT_SYMLINK_NOFOLLOW) != 0)
            return failed(place, g_strerror(errno), error);
        info.st_mode = S_IFREG;
        if (!fv_images_is_one(name, NULL, 0)) {
            images->left_out++;
            return TRUE;
        }
    }
    if (S_ISDIR(info.st_mode)) {
        const Above here = { above, info.st_dev, info.st_ino, above->depth + 1 };
        if (goes_round(above, &info))
            return TRUE;
        if (here.depth > MOST_DEPTH)
            return failed(place, "folders are too deep in each other", error);
        const int below = openat(fd, file, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return below < 0 ? failed(place, g_strerror(errno), error) : walk(images, below, place, name, &here, error);
    }
    if (S_ISREG(info.st_mode) && is_image(fd, file, name))
        fv_images_add(images, g_steal_pointer(&name), g_steal_pointer(&place));
    else
        images->left_out++;
    return TRUE;
}

/* Takes @fd. @name: "" for the folder at the top. */
static gboolean walk(FvImages *images, int fd, const char *place, const char *name, const Above *above, GError **error)
{
    DIR *dir = fdopendir(fd);
    gboolean good = TRUE;
    if (!dir) {
        close(fd);
        return failed(place, g_strerror(errno), error);
    }
    const char *between = *place && place[strlen(place) - 1] == '/' ? "" : "/";
    for (struct dirent *entry; good && (errno = 0, entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        good = look_at(images, dirfd(dir), entry->d_name, g_strconcat(place, between, entry->d_name, NULL),
                       *name ? g_strconcat(name, "/", entry->d_name, NULL) : g_strdup(entry->d_name), above, error);
    }
    if (good && errno)
        good = failed(place, g_strerror(errno), error);
    closedir(dir);
    return good;
}

gboolean fv_images_open_folder(FvImages *images, const char *folder, GError **error)
{
    struct stat info;
    const int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &info) != 0)
        return failed(folder, g_strerror(errno), error);
    const Above top = { NULL, info.st_dev, info.st_ino, 0 };
    if (!walk(images, fd, folder, "", &top, error))
        return FALSE;
    fv_images_sort(images);
    return TRUE;
}
