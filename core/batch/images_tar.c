/* SPDX-License-Identifier: MIT
 * images_tar.c: the images in a tar.
 *
 * Images are read in any order and by several threads. So the tar is gone through once, and where each entry is noted:
 * its header's place where nothing is compressed; else its bytes go to a file without a name. */
#include "core/batch/images_private.h"

#include "core/batch/names.h"
#include "core/sink/input.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 1 << 16 };

typedef struct archive Archive;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Archive, archive_read_free)

/* A tar while it is gone through. */
typedef struct {
    FvImages *images;
    const char *file;
    Archive *archive;
    int fd;
    GHashTable *seen; /* name -> FvImagesEntry */
    gint64 spooled;   /* bytes in the file without a name */
} Scan;

static Archive *reader(void)
{
    Archive *archive = archive_read_new();
    /* Not support_filter_all(): that would start other programs for some. */
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_lzma(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_filter_lz4(archive);
    archive_read_support_filter_compress(archive);
    archive_read_support_format_tar(archive);
    return archive;
}

static gboolean failed(const char *file, Archive *archive, GError **error)
{
    const char *reason = archive_error_string(archive);
    g_set_error(error, FV_ERROR, archive_errno(archive) == EIO ? FV_ERROR_IO : FV_ERROR_DATA, "%s: not a good tar: %s",
                file, reason ? reason : "it is broken");
    return FALSE;
}

static char *name_of(struct archive_entry *entry)
{
    const char *path = archive_entry_pathname_utf8(entry);
    if (!path)
        path = archive_entry_pathname(entry);
    return path ? fv_name_below(path) : NULL;
}

/* As in a folder: names that begin with a dot are not looked at. */
static gboolean is_hidden(const char *name)
{
    return name[0] == '.' || strstr(name, "/.");
}

/* ------------------------------------------------------------------ unpacking */

static int open_nameless(GError **error)
{
    g_autofree char *file = g_build_filename(g_get_tmp_dir(), "fovea-XXXXXX", NULL);
    const int fd = g_mkstemp_full(file, O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be written: %s", file, g_strerror(errno));
    else
        unlink(file);
    return fd;
}

static gboolean spool(Scan *scan, const guint8 *bytes, gsize size, GError **error)
{
    while (size > 0) {
        const ssize_t done = pwrite(scan->images->tar, bytes, size, scan->spooled);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be unpacked into %s: %s", scan->file, g_get_tmp_dir(),
                        g_strerror(errno));
            return FALSE;
        }
        bytes += done;
        size -= (gsize) done;
        scan->spooled += done;
    }
    return TRUE;
}

/* The rest of an entry; @head of it was read already. */
static gboolean unpack(Scan *scan, const guint8 *head, gsize size, GError **error)
{
    g_autofree guint8 *block = g_malloc(BLOCK);
    la_ssize_t got;
    if (scan->images->tar < 0 && (scan->images->tar = open_nameless(error)) < 0)
        return FALSE;
    if (!spool(scan, head, size, error))
        return FALSE;
    while ((got = archive_read_data(scan->archive, block, BLOCK)) > 0)
        if (!spool(scan, block, (gsize) got, error))
            return FALSE;
    return got == 0 || failed(scan->file, scan->archive, error);
}

/* ------------------------------------------------------------------- scanning */

/* The last one of a name counts, as it does for who unpacks the tar. */
static void note(Scan *scan, gboolean is_image, char *name, gint64 start, gint64 size)
{
    FvImagesEntry *old = g_hash_table_lookup(scan->seen, name);
    if (old) {
        old->start = start;
        old->size = size;
        g_free(name);
        return;
    }
    old = fv_images_entry_new(name, g_strdup_printf("%s: %s", scan->file, name), start, size);
    g_ptr_array_add(is_image ? scan->images->entries : scan->images->others, old);
    g_hash_table_insert(scan->seen, old->name, old);
    if (!is_image)
        scan->images->left_out++;
}

/* Another name for a file that was there before. */
static void note_link(Scan *scan, char *name, const char *link)
{
    g_autofree char *own = name;
    g_autofree char *target = fv_name_below(link);
    const FvImagesEntry *old = target ? g_hash_table_lookup(scan->seen, target) : NULL;
    if (old)
        note(scan, g_ptr_array_find(scan->images->entries, old, NULL), g_steal_pointer(&own), old->start, old->size);
}

static gboolean scan_file(Scan *scan, struct archive_entry *entry, char *own_name, GError **error)
{
    g_autofree char *name = own_name;
    guint8 head[FV_IMAGES_HEAD];
    const gint64 size = archive_entry_size(entry);
    const gboolean packed = scan->images->unpacked, large = size > scan->images->limits.bytes;
    const gint64 start = packed ? scan->spooled : archive_read_header_position(scan->archive);
    gboolean is_image = fv_images_is_one(name, NULL, 0);
    la_ssize_t got = 0;
    if (!is_image) {
        got = archive_read_data(scan->archive, head, sizeof head);
        if (got < 0)
            return failed(scan->file, scan->archive, error);
        is_image = fv_images_is_one(NULL, head, (gsize) got);
    }
    if (packed && !large && !unpack(scan, head, (gsize) got, error))
        return FALSE;
    note(scan, is_image, g_steal_pointer(&name), start, size);
    return TRUE;
}

static gboolean scan_entry(Scan *scan, struct archive_entry *entry, GError **error)
{
    g_autofree char *name = name_of(entry);
    const char *link = archive_entry_hardlink(entry);
    if (!name || is_hidden(name) || (archive_entry_filetype(entry) == AE_IFDIR && !link))
        return TRUE;
    if (link)
        note_link(scan, g_steal_pointer(&name), link);
    else if (archive_entry_filetype(entry) == AE_IFREG)
        return scan_file(scan, entry, g_steal_pointer(&name), error);
    else
        scan->images->left_out++;
    return TRUE;
}

static int by_text(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static void list_paths(FvImages *images, GHashTable *seen)
{
    GHashTableIter iter;
    gpointer name;
    images->files = g_hash_table_ref(seen);
    images->paths = g_ptr_array_new();
    g_hash_table_iter_init(&iter, seen);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(images->paths, name);
    g_ptr_array_sort(images->paths, by_text);
}

static gboolean scan_all(Scan *scan, struct archive_entry *first, GError **error)
{
    struct archive_entry *entry = first;
    for (int code = ARCHIVE_OK; code != ARCHIVE_EOF;) {
        if (!scan_entry(scan, entry, error))
            return FALSE;
        code = archive_read_next_header(scan->archive, &entry);
        if (code != ARCHIVE_EOF && code < ARCHIVE_WARN)
            return failed(scan->file, scan->archive, error);
    }
    if (!scan->images->unpacked)
        scan->images->tar = scan->fd;
    else if (scan->images->tar < 0 && (scan->images->tar = open_nameless(error)) < 0)
        return FALSE;
    fv_images_sort(scan->images);
    list_paths(scan->images, scan->seen);
    return TRUE;
}

gboolean fv_images_open_tar(FvImages *images, const char *file, gboolean *is_tar, GError **error)
{
    g_autoptr(Archive) archive = reader();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    struct archive_entry *entry;
    *is_tar = FALSE;
    const int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be read: %s", file, g_strerror(errno));
        return FALSE;
    }
    if (archive_read_open_fd(archive, fd, BLOCK) != ARCHIVE_OK ||
        archive_read_next_header(archive, &entry) < ARCHIVE_WARN ||
        (archive_format(archive) & ARCHIVE_FORMAT_BASE_MASK) != ARCHIVE_FORMAT_TAR) {
        close(fd);
        return TRUE;
    }
    *is_tar = TRUE;
    images->unpacked = archive_filter_code(archive, 0) != ARCHIVE_FILTER_NONE;
    Scan scan = { images, file, archive, fd, seen, 0 };
    const gboolean good = scan_all(&scan, entry, error);
    if (images->tar != fd)
        close(fd);
    return good;
}

/* -------------------------------------------------------------------- reading */

/* What libarchive reads an entry from: the tar, from its header on. */
typedef struct {
    int fd;
    gint64 at;
    guint8 block[BLOCK];
} Window;

static la_ssize_t window_read(Archive *archive, void *data, const void **bytes)
{
    Window *window = data;
    ssize_t got;
    do
        got = pread(window->fd, window->block, BLOCK, window->at);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        archive_set_error(archive, errno, "%s", g_strerror(errno));
    window->at += MAX(got, 0);
    *bytes = window->block;
    return got;
}

/* Fills @bytes, whose length is set. */
static gboolean read_in_place(const FvImages *images, const FvImagesEntry *entry, GByteArray *bytes, GError **error)
{
    g_autoptr(Archive) archive = reader();
    g_autofree Window *window = g_new(Window, 1);
    struct archive_entry *header;
    gsize done = 0;
    la_ssize_t got = 1;
    window->fd = images->tar;
    window->at = entry->start;
    if (archive_read_open(archive, window, NULL, window_read, NULL) != ARCHIVE_OK ||
        archive_read_next_header(archive, &header) < ARCHIVE_WARN)
        return failed(entry->place, archive, error);
    while (done < bytes->len && (got = archive_read_data(archive, bytes->data + done, bytes->len - done)) > 0)
        done += (gsize) got;
    if (got < 0)
        return failed(entry->place, archive, error);
    if (done < bytes->len) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: the tar ends too early", entry->place);
        return FALSE;
    }
    return TRUE;
}

static gboolean read_unpacked(const FvImages *images, const FvImagesEntry *entry, GByteArray *bytes, GError **error)
{
    for (gsize done = 0; done < bytes->len;) {
        const ssize_t got = pread(images->tar, bytes->data + done, bytes->len - done, entry->start + (off_t) done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be read: %s", entry->place,
                        got < 0 ? g_strerror(errno) : "its end is missing");
            return FALSE;
        }
        done += (gsize) got;
    }
    return TRUE;
}

gboolean fv_images_read_tar(const FvImages *images, const FvImagesEntry *entry, GByteArray *bytes, GError **error)
{
    if (entry->size > images->limits.bytes || entry->size == 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, entry->size ? "%s: the file is too large" : "%s: the file is empty",
                    entry->place);
        return FALSE;
    }
    g_byte_array_set_size(bytes, (guint) entry->size);
    return (images->unpacked ? read_unpacked : read_in_place)(images, entry, bytes, error);
}
