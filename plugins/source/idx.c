/* SPDX-License-Identifier: MIT
 * idx: images and labels in the IDX files of MNIST and its relatives, plain or compressed by gzip. */
#include "idx_file.h"

#include <string.h>

/* Images are read on a thread of their own, while the net is made ready. */
typedef struct {
    GMutex lock;
    GThread *thread; /* NULL: all is read */
    GError *failed;
    gint done; /* atomic: thread was joined */
} Reading;

typedef struct {
    const char *path, *names;
    /* set by open */
    Reading *reading; /* of each split */
    Idx images[FV_SPLITS], labels[FV_SPLITS];
    FvShape shape;
    char **class_names;
} IdxSource;

static const FvOption options[] = {
    FV_OPT_STRING(IdxSource, path, NULL, "folder that holds train-images-idx3-ubyte and the others",
                  .flags = FV_REQUIRED),
    FV_OPT_STRING(IdxSource, names, "",
                  "names of the classes with commas between them, or a text file with one a line; \"\" for none"),
    { 0 }
};

static gpointer read_images(gpointer data)
{
    Idx *images = data;
    GError *failed = NULL;
    return idx_read_data(images->file, images, &failed) ? NULL : failed;
}

static void start_reading(IdxSource *source)
{
    source->reading = g_new0(Reading, FV_SPLITS);
    for (int split = 0; split < FV_SPLITS; split++) {
        Reading *reading = &source->reading[split];
        Idx *images = &source->images[split];
        g_mutex_init(&reading->lock);
        if (images->from)
            reading->thread = g_thread_try_new("idx", read_images, images, NULL);
        if (images->from && !reading->thread)
            reading->failed = read_images(images);
    }
}

/* Waits until the images of a split are there. */
static gboolean finish_reading(Reading *reading, GError **error)
{
    if (!g_atomic_int_get(&reading->done)) {
        g_mutex_lock(&reading->lock);
        if (reading->thread)
            reading->failed = g_thread_join(g_steal_pointer(&reading->thread));
        g_atomic_int_set(&reading->done, TRUE);
        g_mutex_unlock(&reading->lock);
    }
    if (reading->failed && error)
        *error = g_error_copy(reading->failed);
    return !reading->failed;
}

/* Finds PREFIX-KIND-idxN-ubyte under the names that it goes by; NULL where there is none. */
static char *find(const char *folder, FvSplit split, const char *kind, const char *ranks)
{
    static const char *const prefixes[FV_SPLITS][2] = { { "train", NULL }, { NULL, NULL }, { "t10k", "test" } };
    static const char *const forms[] = { "%s/%s-%s-idx%c-ubyte", "%s/%s-%s-idx%c-ubyte.gz", "%s/%s-%s.idx%c-ubyte",
                                         "%s/%s-%s.idx%c-ubyte.gz" };
    for (int i = 0; i < 2 && prefixes[split][i]; i++)
        for (const char *rank = ranks; *rank; rank++)
            for (guint j = 0; j < G_N_ELEMENTS(forms); j++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
                g_autofree char *file = g_strdup_printf(forms[j], folder, prefixes[split][i], kind, *rank);
#pragma GCC diagnostic pop
                if (g_file_test(file, G_FILE_TEST_EXISTS))
                    return g_steal_pointer(&file);
            }
    return NULL;
}

static FvShape image_shape(const Idx *images)
{
    const gint64 *dims = images->dims;
    return images->rank == 3 ? (FvShape){ 1, (int) dims[1], (int) dims[2] }
                             : (FvShape){ (int) dims[1], (int) dims[2], (int) dims[3] };
}

static gboolean check_pair(const Idx *images, const Idx *labels, GError **error)
{
    enum { MAX_SIDE = 65500, MAX_ELEMENTS = 300 * 1000 * 1000 };
    if (images->rank == 1)
        return idx_wrong(images->file, error, "rank 1, where images have 3 or 4");
    if (labels->rank != 1)
        return idx_wrong(labels->file, error, "rank %d, where labels have 1", labels->rank);
    for (int i = 1; i < images->rank; i++)
        if (images->dims[i] > MAX_SIDE)
            return idx_wrong(images->file, error, "an image of %" G_GINT64_FORMAT " pixels a side", images->dims[i]);
    if (fv_shape_elements(image_shape(images)) > MAX_ELEMENTS)
        return idx_wrong(images->file, error, "an image of more than %d bytes", MAX_ELEMENTS);
    if (images->dims[0] != labels->dims[0])
        return idx_wrong(images->file, error, "%" G_GINT64_FORMAT " images, but %" G_GINT64_FORMAT " labels in %s",
                         images->dims[0], labels->dims[0], labels->file);
    return TRUE;
}

static gboolean load_split(IdxSource *source, FvSplit split, GError **error)
{
    Idx *images = &source->images[split], *labels = &source->labels[split];
    images->file = find(source->path, split, "images", "34");
    labels->file = find(source->path, split, "labels", "1");
    if (!images->file && !labels->file)
        return TRUE;
    if (!images->file || !labels->file)
        return idx_wrong(images->file ? images->file : labels->file, error, "there are no %s beside it",
                         images->file ? "labels" : "images");
    if (!idx_open(images->file, images, error) || !idx_open(labels->file, labels, error) ||
        !check_pair(images, labels, error) || !idx_read_data(labels->file, labels, error))
        return FALSE;
    FvShape shape = image_shape(images);
    if (source->shape.c && !fv_shape_equal(shape, source->shape))
        return idx_wrong(images->file, error, "images are %dx%dx%d, those to train with %dx%dx%d", shape.c, shape.h,
                         shape.w, source->shape.c, source->shape.h, source->shape.w);
    source->shape = shape;
    return TRUE;
}

static gboolean missing(const char *path, GError **error)
{
    g_autofree char *base = g_path_get_basename(path);
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s%s", path,
                g_file_test(path, G_FILE_TEST_IS_DIR)
                    ? "neither train-images-idx3-ubyte nor t10k-images-idx3-ubyte in it"
                    : "no such folder",
                strstr(base, "fashion-mnist") ? "; Debian's package dataset-fashion-mnist has it" : "");
    return FALSE;
}

/* The text of a file of names, one a line; an empty last line is none. */
static char *read_names_file(const char *file, GError **error)
{
    enum { MAX_BYTES = 1 << 20 };
    struct stat about;
    g_autofree char *text = NULL;
    gsize size = 0;
    if (stat(file, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > MAX_BYTES ||
        !g_file_get_contents(file, &text, &size, NULL)) {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: cannot be read as a list of names", file);
        return NULL;
    }
    if (!g_utf8_validate(text, (gssize) size, NULL)) {
        idx_wrong(file, error, "not UTF-8 text");
        return NULL;
    }
    return g_strchomp(g_steal_pointer(&text));
}

static gboolean read_names(IdxSource *source, GError **error)
{
    const gboolean given = strchr(source->names, ',') != NULL;
    g_autofree char *text = given ? g_strdup(source->names) : read_names_file(source->names, error);
    if (!text)
        return FALSE;
    source->class_names = g_strsplit(text, given ? "," : "\n", -1);
    for (char **name = source->class_names; *name; name++)
        g_strstrip(*name);
    return source->class_names[0] || idx_wrong(source->names, error, "no names in it");
}

static gboolean count_classes(const IdxSource *source, FvSourceInfo *info, GError **error)
{
    int named = source->class_names ? (int) g_strv_length(source->class_names) : 0;
    info->classes = named;
    for (int split = 0; split < FV_SPLITS; split++) {
        const Idx *labels = &source->labels[split];
        for (gint64 i = 0; i < labels->size; i++) {
            if (named && labels->data[i] >= named)
                return idx_wrong(labels->file, error, "class %d, where %s names %d", labels->data[i], source->names,
                                 named);
            info->classes = MAX(info->classes, labels->data[i] + 1);
        }
    }
    return TRUE;
}

static gboolean load_all(IdxSource *source, FvSourceInfo *info, GError **error)
{
    if (!load_split(source, FV_TRAIN, error) || !load_split(source, FV_TEST, error))
        return FALSE;
    if (!source->shape.c)
        return missing(source->path, error);
    if (source->names[0] && !read_names(source, error))
        return FALSE;
    for (int split = 0; split < FV_SPLITS; split++)
        info->count[split] = source->images[split].dims[0];
    info->shape = source->shape;
    info->class_names = (const char *const *) source->class_names;
    if (!count_classes(source, info, error))
        return FALSE;
    start_reading(source);
    return TRUE;
}

static gboolean read_sample(const void *self, FvSplit split, gint64 index, FvSample *sample, GError **error)
{
    const IdxSource *source = self;
    const Idx *images = &source->images[split];
    const FvShape shape = source->shape;
    gsize area = (gsize) shape.h * (gsize) shape.w;
    if (!finish_reading(&source->reading[split], error))
        return FALSE;
    const guint8 *image = images->data + (gsize) index * area * (gsize) shape.c;
    g_byte_array_set_size(sample->pixels, (guint) (area * (gsize) shape.c));
    if (shape.c == 1)
        memcpy(sample->pixels->data, image, area);
    /* The file has one channel after the other; samples have them interleaved. */
    for (int c = 0; shape.c > 1 && c < shape.c; c++)
        for (gsize i = 0; i < area; i++)
            sample->pixels->data[i * (gsize) shape.c + (gsize) c] = image[(gsize) c * area + i];
    sample->shape = shape;
    sample->label = source->labels[split].data[index];
    sample->name = g_strdup_printf("%s: image %" G_GINT64_FORMAT, images->file, index);
    return TRUE;
}

static int label_of(const void *self, FvSplit split, gint64 index)
{
    const IdxSource *source = self;
    return source->labels[split].data[index];
}

static void close_source(void *self)
{
    IdxSource *source = self;
    for (int split = 0; source->reading && split < FV_SPLITS; split++) {
        Reading *reading = &source->reading[split];
        g_atomic_int_set(&source->images[split].stop, TRUE);
        finish_reading(reading, NULL);
        g_clear_error(&reading->failed);
        g_mutex_clear(&reading->lock);
    }
    g_clear_pointer(&source->reading, g_free);
    for (int split = 0; split < FV_SPLITS; split++) {
        idx_clear(&source->images[split]);
        idx_clear(&source->labels[split]);
    }
    g_clear_pointer(&source->class_names, g_strfreev);
    source->shape = (FvShape){ 0 };
}

static gboolean open_source(void *self, FvSourceInfo *info, GError **error)
{
    if (load_all(self, info, error))
        return TRUE;
    close_source(self);
    return FALSE;
}

static const char *const examples[] = { "idx(\"/usr/share/datasets/fashion-mnist\")", NULL };

static const FvSource idx = {
    .base = { FV_HEAD(FvSource, IdxSource), .kind = FV_SOURCE, .name = "idx",
              .summary = "images and labels in the IDX files of MNIST and its relatives", .options = options,
              .details = "Files are {train,t10k}-images-idx3-ubyte and {train,t10k}-labels-idx1-ubyte, also with .gz, "
                         "and with .idx3 for -idx3. Images are bytes of rank 3 (N, H, W) or 4 (N, C, H, W). All are "
                         "held in memory.",
              .reference = "LeCun, Cortes, Burges: the MNIST database of handwritten digits, 1998",
              .examples = examples },
    .open = open_source,
    .read = read_sample,
    .close = close_source,
    .label = label_of,
};
FV_EXPORT(idx)
