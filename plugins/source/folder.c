/* SPDX-License-Identifier: MIT
 * folder: PNG, JPEG and WebP files, a sub-folder for each class. */
#include <fovea/plugin.h>

#include <string.h>

typedef struct {
    char *file;
    int label;
} File;

typedef struct {
    const char *path;
    int channels;
    /* set by open */
    GPtrArray *classes; /* names, sorted */
    GArray *files[FV_SPLITS];
} Folder;

static const FvOption options[] = {
    FV_OPT_STRING(Folder, path, NULL,
                  "folder with a sub-folder for each class, or with train, validate and test, each "
                  "with a sub-folder for each class",
                  .flags = FV_REQUIRED),
    FV_OPT_INT(Folder, channels, 3, 1, 3, "1 to read images as grey, 3 as colour"),
    { 0 }
};

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static gboolean is_folder(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_DIR);
}

static gboolean is_image(const char *folder, const char *name)
{
    static const char *const endings[] = { ".png", ".jpg", ".jpeg", ".webp" };
    g_autofree char *lower = g_ascii_strdown(name, -1);
    for (guint i = 0; i < G_N_ELEMENTS(endings); i++)
        if (g_str_has_suffix(lower, endings[i]))
            return TRUE;
    return FALSE;
}

/* Sorted, so that the order does not hang on the file system; hidden ones are left out. */
static GPtrArray *list(const char *folder, gboolean (*wanted)(const char *folder, const char *name), GError **error)
{
    GError *reason = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &reason);
    if (!dir) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s", reason->message);
        g_clear_error(&reason);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name; (name = g_dir_read_name(dir));)
        if (name[0] != '.' && wanted(folder, name))
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, by_name);
    return names;
}

static int class_of(const Folder *folder, const char *name)
{
    guint index;
    return g_ptr_array_find_with_equal_func(folder->classes, name, g_str_equal, &index) ? (int) index : -1;
}

static gboolean add_class(Folder *folder, FvSplit split, const char *path, const char *name, GError **error)
{
    g_autofree char *class_path = g_build_filename(path, name, NULL);
    int label = class_of(folder, name);
    if (label < 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: there is no class of that name to train with", class_path);
        return FALSE;
    }
    g_autoptr(GPtrArray) images = list(class_path, is_image, error);
    if (!images)
        return FALSE;
    if (images->len == 0 && split == FV_TRAIN) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: no PNG, JPEG or WebP files in it", class_path);
        return FALSE;
    }
    for (guint i = 0; i < images->len; i++) {
        File file = { g_build_filename(class_path, g_ptr_array_index(images, i), NULL), label };
        g_array_append_val(folder->files[split], file);
    }
    return TRUE;
}

static gboolean add_split(Folder *folder, FvSplit split, const char *path, GError **error)
{
    g_autoptr(GPtrArray) names = list(path, is_folder, error);
    if (!names)
        return FALSE;
    if (split == FV_TRAIN) {
        if (names->len == 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                        "%s: no sub-folders in it, where there should be one for each class", path);
            return FALSE;
        }
        g_clear_pointer(&folder->classes, g_ptr_array_unref);
        folder->classes = g_ptr_array_new_with_free_func(g_free);
        for (guint i = 0; i < names->len; i++)
            g_ptr_array_add(folder->classes, g_strdup(g_ptr_array_index(names, i)));
    }
    for (guint i = 0; i < names->len; i++)
        if (!add_class(folder, split, path, g_ptr_array_index(names, i), error))
            return FALSE;
    return TRUE;
}

/* train comes first: the others must not have classes of their own. */
static gboolean add_splits(Folder *folder, GError **error)
{
    static const struct {
        const char *name;
        FvSplit split;
    } splits[] = { { "train", FV_TRAIN }, { "validate", FV_VALIDATE }, { "val", FV_VALIDATE }, { "test", FV_TEST } };
    if (!is_folder(folder->path, splits[0].name))
        return add_split(folder, FV_TRAIN, folder->path, error);
    for (guint i = 0; i < G_N_ELEMENTS(splits); i++) {
        g_autofree char *path = g_build_filename(folder->path, splits[i].name, NULL);
        if (!g_file_test(path, G_FILE_TEST_IS_DIR) || folder->files[splits[i].split]->len > 0)
            continue;
        if (!add_split(folder, splits[i].split, path, error))
            return FALSE;
    }
    return TRUE;
}

static void clear_file(gpointer data)
{
    g_free(((File *) data)->file);
}

static void close_folder(void *self)
{
    Folder *folder = self;
    g_clear_pointer(&folder->classes, g_ptr_array_unref);
    for (int i = 0; i < FV_SPLITS; i++)
        g_clear_pointer(&folder->files[i], g_array_unref);
}

static gboolean open_folder(void *self, FvSourceInfo *info, GError **error)
{
    Folder *folder = self;
    if (folder->channels == 2) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "channels must be 1 or 3");
        return FALSE;
    }
    for (int i = 0; i < FV_SPLITS; i++) {
        folder->files[i] = g_array_new(FALSE, FALSE, sizeof(File));
        g_array_set_clear_func(folder->files[i], clear_file);
    }
    if (!add_splits(folder, error)) {
        close_folder(folder);
        return FALSE;
    }
    for (int i = 0; i < FV_SPLITS; i++)
        info->count[i] = folder->files[i]->len;
    info->shape = (FvShape){ folder->channels, 0, 0 };
    info->classes = (int) folder->classes->len;
    info->class_names = (const char *const *) folder->classes->pdata;
    return TRUE;
}

static gboolean read_image(const void *self, FvSplit split, gint64 index, FvSample *sample, GError **error)
{
    const Folder *folder = self;
    const File *file = &g_array_index(folder->files[split], File, index);
    sample->label = file->label;
    sample->name = g_strdup(file->file);
    return fv_image_read(file->file, folder->channels, &sample->shape, sample->pixels, error);
}

static int label_of(const void *self, FvSplit split, gint64 index)
{
    const Folder *folder = self;
    return g_array_index(folder->files[split], File, index).label;
}

static const char *const examples[] = { "folder(\"photos\")", "folder(\"digits\", channels=1)", NULL };

static const FvSource folder = {
    .base = { FV_HEAD(FvSource, Folder), .kind = FV_SOURCE, .name = "folder",
              .summary = "PNG, JPEG and WebP files, a sub-folder for each class", .options = options,
              .details =
                  "Classes are the sub-folders, sorted by name; files in them end in .png, .jpg, .jpeg or .webp. Where "
                  "there is a sub-folder train, it holds the classes, and validate (or val) and test hold the "
                  "other splits, with classes of the same names. Hidden files are left out. Images may differ "
                  "in size: crop(...) brings them to one.",
              .examples = examples },
    .open = open_folder,
    .read = read_image,
    .close = close_folder,
    .label = label_of,
};
FV_EXPORT(folder)
