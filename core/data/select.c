/* SPDX-License-Identifier: MIT
 * select.c: some of the classes of a source, and some of the images of each, as a source of their own. */
#include "core/data/select.h"

#include "core/data/order.h"
#include "core/diag.h"

enum { LEFT_OUT = -1 };

struct FvSelection {
    FvSelectConfig from;
    FvSourceInfo info;
    int *labels; /* of each class of the source its new number, or LEFT_OUT */
    char **names;
    GArray *samples[FV_SPLITS]; /* of guint32: numbers in the source's split, ascending */
};

/* ------------------------------------------------------------------- classes */

static gboolean unknown(const FvSelectConfig *from, const FvWanted *wanted, GError **error)
{
    const char *const *names = from->info->class_names;
    if (!wanted->name) {
        g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "there is no class %d: the data have 0 to %d", wanted->number,
                    from->info->classes - 1);
    } else if (!names) {
        g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN,
                    "there is no class \"%s\": the classes of the data have numbers, 0 to %d, and no names",
                    wanted->name, from->info->classes - 1);
    } else {
        g_autofree char **list = g_new0(char *, (gsize) from->info->classes + 1); /* names are borrowed */
        for (int i = 0; i < from->info->classes; i++)
            list[i] = (char *) names[i];
        const char *nearest = fv_nearest(wanted->name, (const char *const *) list);
        g_autofree char *all = nearest ? g_strdup(nearest) : g_strjoinv("\", \"", list);
        g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "there is no class \"%s\"; %s \"%s\"%s", wanted->name,
                    nearest ? "did you mean" : "the data have", all, nearest ? "?" : "");
    }
    return FALSE;
}

static int find_class(const FvSelectConfig *from, const FvWanted *wanted)
{
    if (!wanted->name)
        return wanted->number < from->info->classes ? wanted->number : LEFT_OUT;
    for (int i = 0; from->info->class_names && i < from->info->classes; i++)
        if (g_str_equal(from->info->class_names[i], wanted->name))
            return i;
    return LEFT_OUT;
}

static gboolean choose_classes(FvSelection *selection, int *at, GError **error)
{
    const FvSelectConfig *from = &selection->from;
    selection->labels = g_new0(int, from->info->classes);
    for (int i = 0; i < from->info->classes; i++)
        selection->labels[i] = from->classes ? LEFT_OUT : i;
    for (int i = 0; from->classes && i < from->class_count; i++) {
        const int class = find_class(from, &from->classes[i]);
        *at = i;
        if (class == LEFT_OUT)
            return unknown(from, &from->classes[i], error);
        if (selection->labels[class] != LEFT_OUT) {
            g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "class %d is there already", class);
            return FALSE;
        }
        selection->labels[class] = i;
    }
    *at = -1;
    selection->info.classes = from->classes ? from->class_count : from->info->classes;
    if (!from->info->class_names)
        return TRUE;
    selection->names = g_new0(char *, (gsize) selection->info.classes + 1);
    for (int i = 0; i < from->info->classes; i++)
        if (selection->labels[i] != LEFT_OUT)
            selection->names[selection->labels[i]] = g_strdup(from->info->class_names[i]);
    selection->info.class_names = (const char *const *) selection->names;
    return TRUE;
}

/* ------------------------------------------------------------------- samples */

static gboolean label_of(const FvSelectConfig *from, FvSplit split, gint64 index, FvSample *sample, int *label,
                         GError **error)
{
    if (from->source->label) {
        *label = from->source->label(from->state, split, index);
    } else {
        g_byte_array_set_size(sample->pixels, 0);
        g_clear_pointer(&sample->name, g_free);
        sample->label = -1;
        if (!from->source->read(from->state, split, index, sample, error))
            return FALSE;
        *label = sample->label;
    }
    if (*label >= 0 && *label < from->info->classes)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "sample %" G_GINT64_FORMAT ": class %d, where classes are 0 to %d",
                index, *label, from->info->classes - 1);
    return FALSE;
}

/* Samples of each class of a split, by its new number: of GArray of guint32. */
static GPtrArray *sort_out(FvSelection *selection, FvSplit split, GError **error)
{
    const FvSelectConfig *from = &selection->from;
    g_autoptr(GPtrArray) classes = g_ptr_array_new_with_free_func((GDestroyNotify) g_array_unref);
    FvSample sample = { .pixels = g_byte_array_new() };
    gboolean done = from->info->count[split] <= G_MAXUINT32;
    if (!done)
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "more than %u samples", G_MAXUINT32);
    for (int i = 0; i < selection->info.classes; i++)
        g_ptr_array_add(classes, g_array_new(FALSE, FALSE, sizeof(guint32)));
    for (gint64 i = 0; done && i < from->info->count[split]; i++) {
        int label;
        const guint32 number = (guint32) i;
        done = label_of(from, split, i, &sample, &label, error);
        if (done && selection->labels[label] != LEFT_OUT)
            g_array_append_val(classes->pdata[selection->labels[label]], number);
    }
    g_byte_array_unref(sample.pixels);
    g_free(sample.name);
    return done ? g_steal_pointer(&classes) : NULL;
}

/* Keeps so many of a class: which, depends on the seed and on the class's number in the source, and not on which other
 * classes are taken. */
static gboolean draw(const FvSelection *selection, GArray *samples, int class, GError **error)
{
    const FvSelectConfig *from = &selection->from;
    guint32 original = 0;
    while ((int) original < from->info->classes && selection->labels[original] != class)
        original++;
    if ((int) samples->len < from->per_class) {
        g_autofree char *name = selection->names ? g_strdup_printf(" (%s)", selection->names[class]) : g_strdup("");
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "class %u%s has %u images to train with, not %d", original, name,
                    samples->len, from->per_class);
        return FALSE;
    }
    fv_order_shuffle((guint32 *) (void *) samples->data, samples->len,
                     fv_random(from->seed, 0, original, FV_STREAM_SELECT));
    g_array_set_size(samples, (guint) from->per_class);
    return TRUE;
}

static int ascending(const void *a, const void *b)
{
    const guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;
    return (x > y) - (x < y);
}

static gboolean choose_samples(FvSelection *selection, FvSplit split, GError **error)
{
    GArray *chosen = selection->samples[split] = g_array_new(FALSE, FALSE, sizeof(guint32));
    g_autoptr(GPtrArray) classes = sort_out(selection, split, error);
    if (!classes)
        return FALSE;
    for (guint i = 0; i < classes->len; i++) {
        GArray *samples = classes->pdata[i];
        if (split == FV_TRAIN && selection->from.per_class > 0 && !draw(selection, samples, (int) i, error))
            return FALSE;
        g_array_append_vals(chosen, samples->data, samples->len);
    }
    g_array_sort(chosen, ascending);
    selection->info.count[split] = chosen->len;
    return TRUE;
}

FvSelection *fv_selection_new(const FvSelectConfig *config, int *at, GError **error)
{
    g_autoptr(FvSelection) selection = g_new0(FvSelection, 1);
    selection->from = *config;
    selection->info = *config->info;
    *at = -1;
    if (config->info->classes < 1) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "the data have no classes to choose from");
        return NULL;
    }
    if (!choose_classes(selection, at, error))
        return NULL;
    for (int split = 0; split < FV_SPLITS; split++)
        if (!choose_samples(selection, (FvSplit) split, error))
            return NULL;
    return g_steal_pointer(&selection);
}

void fv_selection_free(FvSelection *selection)
{
    if (!selection)
        return;
    for (int split = 0; split < FV_SPLITS; split++)
        g_clear_pointer(&selection->samples[split], g_array_unref);
    g_strfreev(selection->names);
    g_free(selection->labels);
    g_free(selection);
}

const FvSourceInfo *fv_selection_info(const FvSelection *selection)
{
    return &selection->info;
}

/* -------------------------------------------------------------------- source */

/* Never reached: the state comes opened from fv_selection_new(). */
static gboolean selection_open(void *self, FvSourceInfo *info, GError **error)
{
    return TRUE;
}

static void selection_close(void *self)
{
}

static gboolean selection_read(const void *self, FvSplit split, gint64 index, FvSample *sample, GError **error)
{
    const FvSelection *selection = self;
    const FvSelectConfig *from = &selection->from;
    if (!from->source->read(from->state, split, g_array_index(selection->samples[split], guint32, index), sample,
                            error))
        return FALSE;
    if (sample->label >= 0 && sample->label < from->info->classes)
        sample->label = selection->labels[sample->label];
    return TRUE;
}

static const FvOption no_options[] = { { 0 } };

const FvSource *fv_selection_source(void)
{
    static const FvSource source = {
        .base = { FV_HEAD(FvSource, FvNone), .kind = FV_SOURCE, .name = "selection",
                  .summary = "some of the classes of a source", .options = no_options },
        .open = selection_open,
        .read = selection_read,
        .close = selection_close,
    };
    return &source;
}
