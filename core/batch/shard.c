/* SPDX-License-Identifier: MIT
 * shard.c: writes a tar, through libarchive. */
#include "core/batch/shard.h"

#include <archive.h>
#include <archive_entry.h>

struct FvShard {
    struct archive *archive;
    FvFolderFile *file;
    char *name;
    GError *error; /* of the file, which libarchive knows nothing of */
};

static la_ssize_t write_bytes(struct archive *archive, void *data, const void *bytes, size_t size)
{
    FvShard *shard = data;
    if (fv_folder_append(shard->file, bytes, size, shard->error ? NULL : &shard->error))
        return (la_ssize_t) size;
    archive_set_error(archive, EIO, "cannot be written");
    return -1;
}

static gboolean failed(FvShard *shard, GError **error)
{
    if (shard->error)
        g_propagate_error(error, g_steal_pointer(&shard->error));
    else
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", shard->name, archive_error_string(shard->archive));
    return FALSE;
}

FvShard *fv_shard_begin(FvFolder *folder, const char *name, gboolean replace, GError **error)
{
    g_autoptr(FvShard) shard = g_new0(FvShard, 1);
    shard->name = g_strdup(name);
    shard->archive = archive_write_new();
    /* GNU's format has names as bytes, whatever their encoding and length. */
    archive_write_set_format_gnutar(shard->archive);
    archive_write_add_filter_none(shard->archive);
    archive_write_set_bytes_in_last_block(shard->archive, 1);
    shard->file = fv_folder_begin(folder, name, replace, error);
    if (!shard->file)
        return NULL;
    if (archive_write_open(shard->archive, shard, NULL, write_bytes, NULL) != ARCHIVE_OK) {
        failed(shard, error);
        return NULL;
    }
    return g_steal_pointer(&shard);
}

gboolean fv_shard_add(FvShard *shard, const char *name, const void *data, gsize size, GError **error)
{
    struct archive_entry *entry = archive_entry_new();
    archive_entry_copy_pathname(entry, name);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_mtime(entry, 0, 0);
    archive_entry_set_size(entry, (la_int64_t) size);
    const gboolean good = archive_write_header(shard->archive, entry) >= ARCHIVE_WARN &&
                          archive_write_data(shard->archive, data, size) == (la_ssize_t) size;
    archive_entry_free(entry);
    return good || failed(shard, error);
}

gboolean fv_shard_commit(FvShard *unfinished, GError **error)
{
    g_autoptr(FvShard) shard = unfinished;
    if (archive_write_close(shard->archive) != ARCHIVE_OK)
        return failed(shard, error);
    return fv_folder_commit(g_steal_pointer(&shard->file), TRUE, error);
}

void fv_shard_abort(FvShard *shard)
{
    if (!shard)
        return;
    /* Without this it would write the end of the tar. */
    archive_write_fail(shard->archive);
    archive_write_free(shard->archive);
    fv_folder_abort(shard->file);
    g_clear_error(&shard->error);
    g_free(shard->name);
    g_free(shard);
}
