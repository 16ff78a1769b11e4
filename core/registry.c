/* SPDX-License-Identifier: MIT
 * registry.c: finds plugins by kind and name, checks them before anything calls them, loads each at most once. */
#include "core/registry.h"

#include "core/descriptor.h"
#include "core/diag.h"

#include <errno.h>
#include <gmodule.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
    const FvPlugin *plugin;
    char *file;
    GModule *module; /* NULL where added by hand */
} Entry;

struct FvRegistry {
    GPtrArray *folders;  /* absolute paths */
    GHashTable *entries; /* "kind/name" -> Entry */
    GHashTable *unknown; /* "kind/name" -> the message: folders are not searched again for the same mistake */
};

static const struct {
    const char *name, *plural, *other, *article;
} kinds[FV_KINDS] = {
    [FV_SOURCE] = { "source", "sources", "data", "a source" },
    [FV_AUGMENT] = { "augment", "augments", "augmentation", "an augmentation" },
    [FV_LAYER] = { "layer", "layers", "layers", "a layer" },
    [FV_LOSS] = { "loss", "losses", "losses", "a loss" },
    [FV_OPTIM] = { "optimizer", "optimizers", "optim", "an optimizer" },
    [FV_SCHEDULE] = { "schedule", "schedules", "schedules", "a schedule" },
    [FV_METRIC] = { "metric", "metrics", "metrics", "a metric" },
};

const char *fv_kind_name(FvKind kind)
{
    return kind >= 0 && kind < FV_KINDS ? kinds[kind].name : "plugin";
}

FvKind fv_kind_from_name(const char *name)
{
    for (int kind = 0; kind < FV_KINDS; kind++) {
        if (g_str_equal(name, kinds[kind].name) || g_str_equal(name, kinds[kind].plural) ||
            g_str_equal(name, kinds[kind].other))
            return kind;
    }
    return FV_KINDS;
}

/* -------------------------------------------------------------- the path */

static void entry_free(gpointer data)
{
    Entry *entry = data;
    if (entry->module)
        g_module_close(entry->module);
    g_free(entry->file);
    g_free(entry);
}

static void add_folder(FvRegistry *registry, const char *folder)
{
    if (*folder)
        g_ptr_array_add(registry->folders, g_canonicalize_filename(folder, NULL));
}

FvRegistry *fv_registry_new(void)
{
    FvRegistry *registry = g_new0(FvRegistry, 1);
    registry->folders = g_ptr_array_new_with_free_func(g_free);
    registry->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    registry->unknown = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    const char *path = g_getenv("FOVEA_PLUGIN_PATH");
    g_auto(GStrv) named = g_strsplit(path ? path : "", G_SEARCHPATH_SEPARATOR_S, -1);
    for (char **folder = named; *folder; folder++)
        add_folder(registry, *folder);
    g_autofree char *own = g_build_filename(g_get_user_data_dir(), "fovea", "plugins", NULL);
    add_folder(registry, own);
    add_folder(registry, FV_PLUGINSDIR);
    return registry;
}

void fv_registry_free(FvRegistry *registry)
{
    if (!registry)
        return;
    g_hash_table_unref(registry->entries);
    g_hash_table_unref(registry->unknown);
    g_ptr_array_unref(registry->folders);
    g_free(registry);
}

static char *entry_key(FvKind kind, const char *name)
{
    return g_strconcat(kinds[kind].name, "/", name, NULL);
}

static void add_names(GHashTable *names, const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *file;
    while (dir && (file = g_dir_read_name(dir))) {
        if (!g_str_has_suffix(file, ".so"))
            continue;
        char *name = g_strndup(file, strlen(file) - strlen(".so"));
        if (fv_name_valid(name))
            g_hash_table_add(names, name);
        else
            g_free(name);
    }
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

char **fv_registry_names(FvRegistry *registry, FvKind kind)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (guint i = 0; i < registry->folders->len; i++) {
        const char *folder = registry->folders->pdata[i];
        g_autofree char *inner = g_build_filename(folder, kinds[kind].name, NULL);
        add_names(names, inner);
        add_names(names, folder);
    }
    GHashTableIter iter;
    gpointer data;
    g_hash_table_iter_init(&iter, registry->entries);
    while (g_hash_table_iter_next(&iter, NULL, &data)) {
        const FvPlugin *plugin = ((Entry *) data)->plugin;
        if (plugin->kind == kind)
            g_hash_table_add(names, g_strdup(plugin->name));
    }
    GPtrArray *sorted = g_ptr_array_new();
    g_hash_table_iter_init(&iter, names);
    while (g_hash_table_iter_next(&iter, &data, NULL))
        g_ptr_array_add(sorted, g_strdup(data));
    g_ptr_array_sort(sorted, compare_names);
    g_ptr_array_add(sorted, NULL);
    return (char **) g_ptr_array_free(sorted, FALSE);
}

/* ----------------------------------------------------------------- loading */

/* Whoever can change the file, or put another in its place, can run code as this user. */
static gboolean only_ours(const char *path, const char *what, GError **error)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "%s", g_strerror(errno));
        return FALSE;
    }
    if (status.st_mode & S_IWOTH) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "refused: others may write to %s %s", what, path);
        return FALSE;
    }
    return TRUE;
}

static gboolean folder_ours(const char *path, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(path);
    return only_ours(folder, "the folder", error);
}

/* The file that a path stands for, checked through links: the link's folder, the file, and the file's folder. */
static char *checked_path(const char *path, const char *folder, GError **error)
{
    g_autofree char *real = NULL;
    char *resolved = realpath(path, NULL);
    if (!resolved) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "%s", g_strerror(errno));
        return NULL;
    }
    real = g_strdup(resolved);
    free(resolved);
    if (!g_file_test(real, G_FILE_TEST_IS_REGULAR)) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "not a regular file");
        return NULL;
    }
    if (!only_ours(folder, "the folder", error) || !folder_ours(path, error) || !folder_ours(real, error) ||
        !only_ours(real, "the file", error))
        return NULL;
    return g_steal_pointer(&real);
}

/* What the library exports, of the interface that this fovea has; a kind other than @kind is not refused here. */
static const FvPlugin *descriptor_of(GModule *module, FvKind kind, GError **error)
{
    gpointer symbol = NULL;
    if (!g_module_symbol(module, FV_SYMBOL, &symbol) || !symbol) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "no symbol %s: not a plugin", FV_SYMBOL);
        return NULL;
    }
    const FvPlugin *plugin = ((FvEntry) symbol)();
    if (!plugin) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "%s gives no descriptor", FV_SYMBOL);
        return NULL;
    }
    return fv_descriptor_fits(plugin, kind, error) ? plugin : NULL;
}

static Entry *load(const char *path, const char *folder, FvKind kind, const char *name, GError **error)
{
    g_autofree char *real = checked_path(path, folder, error);
    if (!real)
        return NULL;
    GModule *module = g_module_open(real, G_MODULE_BIND_LAZY | G_MODULE_BIND_LOCAL);
    if (!module) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "cannot be loaded: %s", g_module_error());
        return NULL;
    }
    const FvPlugin *plugin = descriptor_of(module, kind, error);
    gboolean sound = plugin && fv_descriptor_check(plugin, error);
    if (sound && !g_str_equal(plugin->name, name)) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "the plugin in it is called \"%s\"", plugin->name);
        sound = FALSE;
    }
    if (!sound) {
        g_module_close(module);
        return NULL;
    }
    Entry *entry = g_new0(Entry, 1);
    entry->plugin = plugin;
    entry->module = module;
    entry->file = g_strdup(path);
    return entry;
}

/* Keeps the first of each kind and name. */
static void keep(FvRegistry *registry, Entry *entry)
{
    g_autofree char *key = entry_key(entry->plugin->kind, entry->plugin->name);
    if (g_hash_table_contains(registry->entries, key))
        entry_free(entry);
    else
        g_hash_table_insert(registry->entries, g_steal_pointer(&key), entry);
}

static const FvPlugin *known(FvRegistry *registry, FvKind kind, const char *name)
{
    g_autofree char *key = entry_key(kind, name);
    const Entry *entry = g_hash_table_lookup(registry->entries, key);
    return entry ? entry->plugin : NULL;
}

/* Loads the file where there is one. FALSE with @error where it must be refused. */
static gboolean try_file(FvRegistry *registry, const char *folder, const char *inner, FvKind kind, const char *name,
                         GError **error)
{
    g_autofree char *file = g_strconcat(name, ".so", NULL);
    g_autofree char *path = g_build_filename(folder, inner ? inner : file, inner ? file : NULL, NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return TRUE;
    Entry *entry = load(path, folder, kind, name, error);
    if (entry && inner && entry->plugin->kind != kind) {
        g_set_error(error, FV_ERROR, FV_ERROR_ABI, "the plugin in it is %s, not %s", kinds[entry->plugin->kind].article,
                    kinds[kind].article);
        entry_free(entry);
        entry = NULL;
    }
    if (!entry) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    keep(registry, entry);
    return TRUE;
}

/* Another kind that has a plugin of that name, FV_KINDS where none has; looks at places, loads nothing. */
static FvKind kind_of_name(FvRegistry *registry, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".so", NULL);
    for (int kind = 0; kind < FV_KINDS; kind++) {
        if (known(registry, kind, name))
            return kind;
        for (guint i = 0; i < registry->folders->len; i++) {
            g_autofree char *path = g_build_filename(registry->folders->pdata[i], kinds[kind].name, file, NULL);
            if (g_file_test(path, G_FILE_TEST_EXISTS))
                return kind;
        }
    }
    return FV_KINDS;
}

static char *folders_text(FvRegistry *registry)
{
    g_ptr_array_add(registry->folders, NULL);
    char *text = g_strjoinv(", ", (char **) registry->folders->pdata);
    g_ptr_array_remove_index(registry->folders, registry->folders->len - 1);
    return text;
}

static void set_unknown(FvRegistry *registry, FvKind kind, const char *name, GError **error)
{
    const FvKind other = fv_name_valid(name) ? kind_of_name(registry, name) : FV_KINDS;
    if (other != FV_KINDS) {
        g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "\"%s\" is %s, not %s", name, kinds[other].article,
                    kinds[kind].article);
        return;
    }
    g_auto(GStrv) names = fv_registry_names(registry, kind);
    const char *nearest = fv_nearest(name, (const char *const *) names);
    if (nearest) {
        g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "no %s is called \"%.64s\"; did you mean \"%s\"?",
                    kinds[kind].name, name, nearest);
        return;
    }
    if (names[0]) {
        g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "no %s is called \"%.64s\"", kinds[kind].name, name);
        return;
    }
    g_autofree char *folders = folders_text(registry);
    g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "no %s is called \"%.64s\": there are no plugins of that kind in %s",
                kinds[kind].name, name, folders);
}

gboolean fv_registry_check(FvRegistry *registry, GError **error)
{
    for (int kind = 0; kind < FV_KINDS; kind++) {
        g_auto(GStrv) names = fv_registry_names(registry, (FvKind) kind);
        if (names[0])
            return TRUE;
    }
    g_autofree char *folders = folders_text(registry);
    g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN,
                "there are no plugins in %s; FOVEA_PLUGIN_PATH says where else to look", folders);
    return FALSE;
}

static const FvPlugin *search(FvRegistry *registry, FvKind kind, const char *name, GError **error)
{
    if (!fv_name_valid(name)) {
        set_unknown(registry, kind, name, error);
        return NULL;
    }
    const FvPlugin *plugin = known(registry, kind, name);
    for (guint i = 0; i < registry->folders->len && !plugin; i++) {
        const char *folder = registry->folders->pdata[i];
        if (!try_file(registry, folder, kinds[kind].name, kind, name, error))
            return NULL;
        if (!known(registry, kind, name) && !try_file(registry, folder, NULL, kind, name, error))
            return NULL;
        plugin = known(registry, kind, name);
    }
    if (!plugin)
        set_unknown(registry, kind, name, error);
    return plugin;
}

const FvPlugin *fv_registry_find(FvRegistry *registry, FvKind kind, const char *name, GError **error)
{
    g_autofree char *key = g_strdup_printf("%s/%s", kinds[kind].name, name);
    const char *message = g_hash_table_lookup(registry->unknown, key);
    GError *reason = NULL;
    if (message) {
        g_set_error_literal(error, FV_ERROR, FV_ERROR_UNKNOWN, message);
        return NULL;
    }
    const FvPlugin *plugin = search(registry, kind, name, &reason);
    if (!plugin && g_error_matches(reason, FV_ERROR, FV_ERROR_UNKNOWN))
        g_hash_table_insert(registry->unknown, g_steal_pointer(&key), g_strdup(reason->message));
    if (reason)
        g_propagate_error(error, reason);
    return plugin;
}

const char *fv_registry_file(FvRegistry *registry, const FvPlugin *plugin)
{
    g_autofree char *key = entry_key(plugin->kind, plugin->name);
    const Entry *entry = g_hash_table_lookup(registry->entries, key);
    return entry ? entry->file : NULL;
}

void fv_registry_add(FvRegistry *registry, const FvPlugin *plugin)
{
    Entry *entry = g_new0(Entry, 1);
    entry->plugin = plugin;
    keep(registry, entry);
    g_hash_table_remove_all(registry->unknown);
}
