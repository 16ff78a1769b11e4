/* SPDX-License-Identifier: MIT
 * npy: arrays of numbers with a class for each, as `fovea features` writes them. */
#include <fovea/plugin.h>

#include <math.h>
#include <string.h>

/* Classes are numbered from 0: a number far beyond all others is a mistake, not a class. */
enum { MOST_CLASSES = 1 << 16, MOST_NUMBERS = 1 << 28 };

typedef struct {
    float *numbers;
    int *labels;
    gint64 count;
} Split;

typedef struct {
    const char *x, *labels, *validate, *validate_labels, *test, *test_labels, *names;
    /* set by open */
    Split splits[FV_SPLITS];
    FvShape shape;
    int classes;
    char **class_names;
} Npy;

static const FvOption options[] = {
    FV_OPT_STRING(Npy, x, NULL, "array to train with: N,C or N,C,H,W", .flags = FV_REQUIRED),
    FV_OPT_STRING(Npy, labels, NULL, "array of their classes: N whole numbers from 0 on", .flags = FV_REQUIRED),
    FV_OPT_STRING(Npy, validate, "", "array to validate with; \"\": there is none"),
    FV_OPT_STRING(Npy, validate_labels, "", "and their classes"),
    FV_OPT_STRING(Npy, test, "", "array to test with; \"\": there is none"),
    FV_OPT_STRING(Npy, test_labels, "", "and their classes"),
    FV_OPT_STRING(Npy, names, "", "names of the classes with commas between them; \"\" for none"),
    { 0 }
};

static gboolean wrong(const char *file, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
static gboolean wrong(const char *file, GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: %s", file, reason);
    return FALSE;
}

/* N,C,H,W, of which trailing dims may be missing. */
static gboolean take_shape(const char *file, int rank, const gint64 *dims, FvShape *shape, GError **error)
{
    int sides[3] = { 1, 1, 1 };
    gint64 elements = 1;
    if (rank < 2 || rank > 4)
        return wrong(file, error, "has %d dims, where samples have N,C or N,C,H,W", rank);
    for (int i = 1; i < rank; i++) {
        if (dims[i] < 1 || dims[i] > MOST_NUMBERS || (elements *= dims[i]) > MOST_NUMBERS)
            return wrong(file, error, "a sample has none, or more than %d numbers", MOST_NUMBERS);
        sides[i - 1] = (int) dims[i];
    }
    if (dims[0] < 1)
        return wrong(file, error, "there are no samples in it");
    *shape = (FvShape){ sides[0], sides[1], sides[2] };
    return TRUE;
}

static gboolean all_finite(const char *file, const float *numbers, gint64 count, GError **error)
{
    for (gint64 i = 0; i < count; i++)
        if (!isfinite(numbers[i]))
            return wrong(file, error, "number %" G_GINT64_FORMAT " is not finite", i);
    return TRUE;
}

static gboolean take_labels(Npy *npy, Split *split, const char *file, GError **error)
{
    int rank;
    gint64 dims[8];
    g_autofree float *numbers = fv_array_read(file, &rank, dims, error);
    if (!numbers)
        return FALSE;
    if (rank != 1 || dims[0] != split->count)
        return wrong(file, error,
                     "expected a class for each of %" G_GINT64_FORMAT " samples: an array of %" G_GINT64_FORMAT
                     " numbers",
                     split->count, split->count);
    split->labels = g_new(int, split->count);
    for (gint64 i = 0; i < split->count; i++) {
        if (!(numbers[i] >= 0 && numbers[i] < MOST_CLASSES && numbers[i] == floorf(numbers[i])))
            return wrong(file, error,
                         "element %" G_GINT64_FORMAT
                         " is %g, and no class: they are whole numbers from 0 "
                         "to %d",
                         i, (double) numbers[i], MOST_CLASSES - 1);
        split->labels[i] = (int) numbers[i];
        npy->classes = MAX(npy->classes, split->labels[i] + 1);
    }
    return TRUE;
}

static gboolean load_split(Npy *npy, FvSplit which, const char *file, const char *labels, GError **error)
{
    Split *split = &npy->splits[which];
    FvShape shape = { 0 };
    int rank;
    gint64 dims[8];
    if (!*file && !*labels)
        return TRUE;
    if (!*file || !*labels)
        return wrong(*file ? file : labels, error, "stands alone: an array and its classes go together");
    split->numbers = fv_array_read(file, &rank, dims, error);
    if (!split->numbers || !take_shape(file, rank, dims, &shape, error))
        return FALSE;
    if (npy->shape.c && !fv_shape_equal(shape, npy->shape))
        return wrong(file, error, "samples are %dx%dx%d, those to train with %dx%dx%d", shape.c, shape.h, shape.w,
                     npy->shape.c, npy->shape.h, npy->shape.w);
    npy->shape = shape;
    split->count = dims[0];
    return all_finite(file, split->numbers, split->count * fv_shape_elements(shape), error) &&
           take_labels(npy, split, labels, error);
}

static gboolean take_names(Npy *npy, GError **error)
{
    if (!*npy->names)
        return TRUE;
    npy->class_names = g_strsplit(npy->names, ",", -1);
    for (char **name = npy->class_names; *name; name++)
        g_strstrip(*name);
    const int named = (int) g_strv_length(npy->class_names);
    if (named < npy->classes)
        return wrong(npy->labels, error, "class %d, where there are %d names", npy->classes - 1, named);
    npy->classes = named;
    return TRUE;
}

static void close_source(void *self)
{
    Npy *npy = self;
    for (int i = 0; i < FV_SPLITS; i++) {
        g_clear_pointer(&npy->splits[i].numbers, g_free);
        g_clear_pointer(&npy->splits[i].labels, g_free);
        npy->splits[i].count = 0;
    }
    g_clear_pointer(&npy->class_names, g_strfreev);
    npy->shape = (FvShape){ 0 };
    npy->classes = 0;
}

static gboolean open_source(void *self, FvSourceInfo *info, GError **error)
{
    Npy *npy = self;
    if (!load_split(npy, FV_TRAIN, npy->x, npy->labels, error) ||
        !load_split(npy, FV_VALIDATE, npy->validate, npy->validate_labels, error) ||
        !load_split(npy, FV_TEST, npy->test, npy->test_labels, error) || !take_names(npy, error)) {
        close_source(npy);
        return FALSE;
    }
    for (int i = 0; i < FV_SPLITS; i++)
        info->count[i] = npy->splits[i].count;
    info->shape = npy->shape;
    info->classes = npy->classes;
    info->class_names = (const char *const *) npy->class_names;
    info->floats = TRUE;
    return TRUE;
}

static gboolean read_sample(const void *self, FvSplit split, gint64 index, FvSample *sample, GError **error)
{
    const Npy *npy = self;
    const gint64 each = fv_shape_elements(npy->shape);
    const gsize bytes = (gsize) each * sizeof(float);
    g_byte_array_set_size(sample->pixels, (guint) bytes);
    memcpy(sample->pixels->data, npy->splits[split].numbers + index * each, bytes);
    sample->shape = npy->shape;
    sample->label = npy->splits[split].labels[index];
    return TRUE;
}

static int label_of(const void *self, FvSplit split, gint64 index)
{
    return ((const Npy *) self)->splits[split].labels[index];
}

static const char *const examples[] = { "npy(\"x.npy\", \"y.npy\", test=\"xt.npy\", test_labels=\"yt.npy\")",
                                        "npy(\"x.npy\", \"y.npy\", \"xv.npy\", \"yv.npy\", names=\"no, yes\")", NULL };

static const FvSource npy = {
    .base = { FV_HEAD(FvSource, Npy), .kind = FV_SOURCE, .name = "npy",
              .summary = "arrays of numbers with a class for each, in NumPy's files", .options = options,
              .details =
                  "A sample is a row of x: C numbers, or C,H,W of them, float32, float64, int32, int64 or uint8 in "
                  "C order. They go to the net as they are: the net's input has their shape, and operations on "
                  "images (normalize, crop, flip ...) are refused; layers that are fitted (standardize, pca, "
                  "select) can prepare them. All are held in memory, as float32. fovea features writes such "
                  "arrays: what a trained net makes of images, to be told apart by a net of its own.",
              .examples = examples },
    .open = open_source,
    .read = read_sample,
    .close = close_source,
    .label = label_of,
};
FV_EXPORT(npy)
