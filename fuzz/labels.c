/* SPDX-License-Identifier: MIT
 * labels.c: any bytes as labels of each format: read or refused with one line; what is read can be turned and written,
 * and what is written is read again. */
#include "core/labels/labels.h"

#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const FvShape image = { 3, 50, 60 };

typedef struct {
    const char *path; /* of the one file that is not empty */
    GBytes *bytes;
} File;

static GBytes *give(gpointer data, const char *path, GError **error)
{
    const File *file = data;
    return strcmp(file->path, path) ? g_bytes_new_static("", 0) : g_bytes_ref(file->bytes);
}

static gboolean turn(gpointer data, double *u, double *v)
{
    const double x = *u - 30, y = *v - 25;
    *u = 30 + 0.8 * x - 0.6 * y;
    *v = 25 + 0.6 * x + 0.8 * y;
    return TRUE;
}

static void check_refusal(const GError *error)
{
    if (!error || strchr(error->message, '\n') || !strstr(error->message, "there/"))
        g_abort();
}

static FvLabelSet *open_set(const char *only, File *file, GPtrArray *paths, FvLabelFormat format, GError **error)
{
    const FvLabelFiles files = { .name = "there", .paths = paths, .open = give, .data = file };
    return fv_label_set_new(&files, only, format, error);
}

/* What our own writer made must be read. */
static void read_again(const char *only, const char *path, GBytes *bytes, GPtrArray *paths, FvLabelFormat format)
{
    g_autoptr(GError) error = NULL;
    File file = { path, bytes };
    g_autoptr(FvLabelSet) set = open_set(only, &file, paths, format, &error);
    g_autoptr(FvLabels) labels = set ? fv_label_set_get(set, "a.jpg", image, &error) : NULL;
    if (!labels)
        g_error("%s in: %.*s", error->message, (int) g_bytes_get_size(bytes),
                (const char *) g_bytes_get_data(bytes, NULL));
}

static void check_boxes(const FvLabels *labels)
{
    for (guint i = 0; i < labels->boxes->len; i++) {
        const FvBox *box = labels->boxes->pdata[i];
        if (!(box->x0 >= 0 && box->x0 <= box->x1 && box->x1 <= image.w && box->y0 >= 0 && box->y0 <= box->y1 &&
              box->y1 <= image.h && box->visible <= 1))
            g_abort();
    }
}

static void write_moved(FvLabelSet *set, const char *only, const FvLabels *labels, GPtrArray *paths)
{
    g_autoptr(FvLabels) moved = fv_labels_moved(labels, turn, NULL, image, 0.1);
    g_autoptr(FvLabelWriter) writer = fv_label_writer_new(set);
    FvLabelFile *file = NULL;
    check_boxes(moved);
    if (!fv_label_writer_add(writer, "a.jpg", moved, &file, NULL))
        g_abort();
    if (file)
        read_again(only, file->path, file->content, paths, fv_label_set_format(set));
    fv_label_file_free(file);
    g_autoptr(GPtrArray) all = fv_label_writer_finish(writer);
    for (guint i = 0; i < all->len; i++)
        read_again(only, ((FvLabelFile *) all->pdata[i])->path, ((FvLabelFile *) all->pdata[i])->content, paths,
                   fv_label_set_format(set));
}

static void run(GBytes *bytes, FvLabelFormat format, const char *only, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    File file = { path, bytes };
    g_ptr_array_add(paths, (char *) "a.jpg");
    g_ptr_array_add(paths, (char *) path);
    g_autoptr(FvLabelSet) set = open_set(only, &file, paths, format, &error);
    g_autoptr(FvLabels) labels = set ? fv_label_set_get(set, "a.jpg", image, &error) : NULL;
    if (labels)
        write_moved(set, only, labels, paths);
    else
        check_refusal(error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(data, size);
    run(bytes, FV_LABELS_YOLO, NULL, "a.txt");
    run(bytes, FV_LABELS_YOLO, NULL, "classes.txt");
    run(bytes, FV_LABELS_VOC, NULL, "a.xml");
    run(bytes, FV_LABELS_LABELME, NULL, "a.json");
    run(bytes, FV_LABELS_COCO, "all.json", "all.json");
    run(bytes, FV_LABELS_CSV, "all.csv", "all.csv");
    return 0;
}
