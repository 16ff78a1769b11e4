/* SPDX-License-Identifier: MIT
 * tiles.c: the file of tiles that were found fastest on a device. */
#include "core/bench/tune.h"
#include "core/sink/atomic.h"

#include <glib/gstdio.h>
#include <errno.h>
#include <string.h>

/* Groups of the file, and what the first one says. */
static const char head[] = "fovea tiles", tiles[] = "tiles";
enum { DEVICE, DRIVER, KERNELS, FIELDS };
static const char *const fields[FIELDS] = { "device", "driver", "kernels" };
enum { LARGEST = 1 << 20 };

/* What the tiles were found with; free each. */
static void describe(const FvDevice *device, char *found[FIELDS])
{
    found[DEVICE] = g_strdup(device->info->name);
    found[DRIVER] = g_strdup_printf("%s, %s", device->info->platform, device->info->driver);
    found[KERNELS] = fv_plan_tiles_digest();
}

static void clear(char *found[FIELDS])
{
    for (int i = 0; i < FIELDS; i++)
        g_free(found[i]);
}

char *fv_tiles_file(const FvDevice *device)
{
    char *found[FIELDS];
    describe(device, found);
    g_autofree char *all = g_strjoin("\n", found[DEVICE], found[DRIVER], found[KERNELS], NULL);
    g_autofree char *key = g_compute_checksum_for_string(G_CHECKSUM_SHA256, all, -1);
    g_autofree char *name = g_strdup_printf("tiles-%.16s", key);
    clear(found);
    return g_build_filename(g_get_user_cache_dir(), "fovea", name, NULL);
}

static int number_of(const char *text)
{
    g_autofree char *tile = NULL;
    for (int number = 1; (tile = fv_plan_tile_text(number)); number++) {
        if (g_strcmp0(tile, text) == 0)
            return number;
        g_clear_pointer(&tile, g_free);
    }
    return 0;
}

static gboolean wrong(const char *file, const char *reason, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s; it is not used, fovea bench --tune writes it anew", file,
                reason);
    return FALSE;
}

static gboolean check_head(GKeyFile *keys, const FvDevice *device, const char *file, GError **error)
{
    char *found[FIELDS];
    const char *other = NULL;
    describe(device, found);
    for (int i = 0; i < FIELDS && !other; i++) {
        g_autofree char *text = g_key_file_get_string(keys, head, fields[i], NULL);
        if (g_strcmp0(text, found[i]) != 0)
            other = fields[i];
    }
    clear(found);
    if (!other)
        return TRUE;
    g_autofree char *reason = g_strdup_printf("not made with this %s", other);
    return wrong(file, reason, error);
}

static gboolean read_tiles(GKeyFile *keys, const char *file, GHashTable *all, GError **error)
{
    g_auto(GStrv) texts = g_key_file_get_keys(keys, tiles, NULL, NULL);
    for (char **text = texts; text && *text; text++) {
        g_autofree char *tile = g_key_file_get_string(keys, tiles, *text, NULL);
        const int number = number_of(tile);
        if (number == 0)
            return wrong(file, "names a tile that there is not", error);
        g_hash_table_insert(all, g_strdup(*text), GINT_TO_POINTER(number));
    }
    return TRUE;
}

gboolean fv_tiles_read(FvDevice *device, GError **error)
{
    g_clear_pointer(&device->tiles, g_hash_table_unref);
    if (g_strcmp0(g_getenv("FOVEA_CACHE"), "0") == 0 || fv_device_family(device) == FV_FAMILY_CPU)
        return TRUE;
    g_autofree char *file = fv_tiles_file(device);
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GStatBuf status;
    if (g_stat(file, &status) != 0)
        return errno == ENOENT || errno == ENOTDIR || wrong(file, g_strerror(errno), error);
    if (!S_ISREG(status.st_mode) || status.st_size > LARGEST)
        return wrong(file, "not a file of tiles", error);
    if (!g_key_file_load_from_file(keys, file, G_KEY_FILE_NONE, NULL))
        return wrong(file, "not a file of tiles", error);
    if (!check_head(keys, device, file, error) || !read_tiles(keys, file, all, error))
        return FALSE;
    device->tiles = g_steal_pointer(&all);
    return TRUE;
}

gboolean fv_tiles_write(FvDevice *device, const GArray *tuned, GError **error)
{
    g_autofree char *file = fv_tiles_file(device);
    g_autofree char *folder = g_path_get_dirname(file);
    g_autoptr(GKeyFile) keys = g_key_file_new();
    g_autoptr(GHashTable) all = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    char *found[FIELDS];
    GHashTableIter iter;
    gpointer text, number;

    if (device->tiles) {
        g_hash_table_iter_init(&iter, device->tiles);
        while (g_hash_table_iter_next(&iter, &text, &number))
            g_hash_table_insert(all, g_strdup(text), number);
    }
    for (guint i = 0; i < tuned->len; i++) {
        const FvTuned *one = &g_array_index(tuned, FvTuned, i);
        if (one->seconds > 0)
            g_hash_table_insert(all, g_strdup(one->text), GINT_TO_POINTER(one->tile));
    }
    describe(device, found);
    for (int i = 0; i < FIELDS; i++)
        g_key_file_set_string(keys, head, fields[i], found[i]);
    clear(found);
    g_autoptr(GList) texts = g_list_sort(g_hash_table_get_keys(all), (GCompareFunc) strcmp);
    for (GList *at = texts; at; at = at->next) {
        g_autofree char *tile = fv_plan_tile_text(GPOINTER_TO_INT(g_hash_table_lookup(all, at->data)));
        g_key_file_set_string(keys, tiles, at->data, tile);
    }
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", folder, g_strerror(errno));
        return FALSE;
    }
    gsize length = 0;
    g_autofree char *data = g_key_file_to_data(keys, &length, NULL);
    if (!fv_file_replace(file, data, length, error))
        return FALSE;
    g_clear_pointer(&device->tiles, g_hash_table_unref);
    device->tiles = g_steal_pointer(&all);
    return TRUE;
}
