/* SPDX-License-Identifier: MIT
 * test_label_sets.c: where labels are looked for, which names of images and classes count, and that nothing that was
 * asked for is lost in silence. */
#include "core/labels/labels.h"

#include <glib/gstdio.h>
#include <string.h>

enum { MOST_FILES = 6 };

typedef struct {
    const char *path, *text; /* text NULL: an image, which nobody reads */
} File;

typedef struct {
    FvLabelFormat format;
    const char *only; /* the one file with labels, or NULL */
    File files[MOST_FILES];
} Data;

/* A set, and the paths that it borrows. */
typedef struct {
    FvLabelSet *set;
    GPtrArray *paths;
} Opened;

static void opened_clear(Opened *opened)
{
    g_clear_pointer(&opened->set, fv_label_set_free);
    g_clear_pointer(&opened->paths, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opened, opened_clear)

static const char *text_of(const File *files, const char *path)
{
    for (int i = 0; i < MOST_FILES && files[i].path; i++)
        if (!strcmp(files[i].path, path))
            return files[i].text;
    return NULL;
}

static GBytes *give(gpointer files, const char *path, GError **error)
{
    const char *text = text_of(files, path);
    g_assert_nonnull(text);
    return g_bytes_new_static(text, strlen(text));
}

/* opened->set is NULL where that fails. */
static void open_data(Opened *opened, const Data *data, GError **error)
{
    opened->paths = g_ptr_array_new();
    for (int i = 0; i < MOST_FILES && data->files[i].path; i++)
        g_ptr_array_add(opened->paths, (char *) data->files[i].path);
    const FvLabelFiles files = { "data", opened->paths, give, (File *) data->files };
    opened->set = fv_label_set_new(&files, data->only, data->format, error);
}

static FvLabels *get_labels(const Opened *opened, const char *path)
{
    GError *error = NULL;
    FvLabels *labels = fv_label_set_get(opened->set, path, (FvShape){ 3, 40, 80 }, &error);
    g_assert_no_error(error);
    return labels;
}

static void assert_class(const Opened *opened, const FvLabels *labels, guint i, const char *name)
{
    g_assert_cmpuint(i, <, labels->boxes->len);
    g_autofree char *class = fv_label_set_class(opened->set, ((const FvBox *) labels->boxes->pdata[i])->label);
    g_assert_cmpstr(class, ==, name);
}

static void assert_text(const Data *data, const FvLabelFile *file)
{
    gsize size;
    const char *content = g_bytes_get_data(file->content, &size);
    g_autofree char *text = g_strndup(content, size);
    g_assert_cmpstr(text, ==, text_of(data->files, file->path));
}

/* Every file of labels must come out as it went in; @count: of those that are written. */
static void assert_kept(const Data *data, guint count)
{
    g_auto(Opened) opened = { 0 };
    GError *error = NULL;
    open_data(&opened, data, &error);
    g_assert_no_error(error);
    g_autoptr(FvLabelWriter) writer = fv_label_writer_new(opened.set);
    guint written = 0;
    for (int i = 0; i < MOST_FILES && data->files[i].path; i++) {
        if (data->files[i].text)
            continue;
        FvLabelFile *file = NULL;
        g_autoptr(FvLabels) labels = get_labels(&opened, data->files[i].path);
        fv_label_writer_add(writer, data->files[i].path, labels, &file, &error);
        g_assert_no_error(error);
        if (!file)
            continue;
        assert_text(data, file);
        fv_label_file_free(file);
        written++;
    }
    g_autoptr(GPtrArray) all = fv_label_writer_finish(writer);
    for (guint i = 0; i < all->len; i++)
        assert_text(data, all->pdata[i]);
    g_assert_cmpuint(written + all->len, ==, count);
}

static const Data yolo = { FV_LABELS_YOLO,
                           NULL,
                           { { "a.png", NULL },
                             { "a.txt", "0 0.5 0.5 0.25 0.25\n1 0.75 0.25 0.2 0.1\n" },
                             { "b.png", NULL },
                             { "b.txt", "1 0.1 0.1 0.5 0.1 0.5 0.5\n" },
                             { "classes.txt", "cat\ndog\n" } } };

/* Darknet's folders; where nothing names classes, their numbers do. */
static const Data apart = { FV_LABELS_YOLO,
                            NULL,
                            { { "images/x/a.png", NULL }, { "labels/x/a.txt", "7 0.5 0.5 0.25 0.25\n" } } };

static void test_yolo(void)
{
    g_auto(Opened) opened = { 0 };
    assert_kept(&yolo, 3);
    assert_kept(&apart, 1);
    open_data(&opened, &apart, NULL);
    g_autoptr(FvLabels) labels = get_labels(&opened, "images/x/a.png");
    assert_class(&opened, labels, 0, "7");
}

/* labelImg writes classes.txt beside the labels. */
static void test_classes_beside(void)
{
    static const Data data = { FV_LABELS_YOLO,
                               NULL,
                               { { "images/a.png", NULL },
                                 { "labels/a.txt", "1 0.5 0.5 0.2 0.2\n" },
                                 { "labels/classes.txt", "cat\r\ndog" } } };
    g_auto(Opened) opened = { 0 };
    open_data(&opened, &data, NULL);
    g_autoptr(FvLabels) labels = get_labels(&opened, "images/a.png");
    assert_class(&opened, labels, 0, "dog");
}

/* An image of that name would have the file with the classes for its labels. */
static void test_classes_image(void)
{
    g_auto(Opened) opened = { 0 };
    g_autoptr(GError) error = NULL;
    open_data(&opened, &yolo, NULL);
    g_autoptr(FvLabels) labels = get_labels(&opened, "classes.png");
    g_autoptr(FvLabelWriter) writer = fv_label_writer_new(opened.set);
    FvLabelFile *file = NULL;
    g_assert_cmpuint(labels->boxes->len, ==, 0);
    g_assert_false(fv_label_writer_add(writer, "classes.png", labels, &file, &error));
    g_assert_null(file);
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_cmpstr(error->message, ==, "classes.png: another image has this name, or its file of labels is taken");
}

static const Data coco = {
    FV_LABELS_COCO,
    "all.json",
    { { "a.png", NULL },
      { "all.json",
        "{\"images\": [\n"
        "  {\"id\": 1, \"file_name\": \"a.png\", \"width\": 80, \"height\": 40, \"license\": 3},\n"
        "  {\"id\": 2, \"file_name\": \"sub/b \\\"1\\\".png\", \"width\": 80, \"height\": 40}],\n"
        "\"annotations\": [\n"
        "  {\"id\": 1, \"image_id\": 1, \"category_id\": 4, \"bbox\": [10, 10, 20, 20], "
        "\"segmentation\": [[10, 10, 30, 10, 30, 30], [12, 20, 12, 30, 14, 30]], \"area\": 210, "
        "\"weight\": 0.25},\n"
        "  {\"id\": 2, \"image_id\": 2, \"category_id\": 9, \"segmentation\": [], \"keypoints\": [7, 8, "
        "2], \"num_keypoints\": 1, \"area\": 0}],\n"
        "\"categories\": [{\"id\":9,\"name\":\"dog\"},{\"id\":4,\"name\":\"cat\"}]}\n" },
      { "sub/b \"1\".png", NULL } }
};

/* Several polygons, weights, and key points that have no box. */
static void test_coco_kept(void)
{
    assert_kept(&coco, 1);
}

/* Files name images from another folder on than the user does; but two images are never taken for one. */
static void test_names(void)
{
    g_auto(Opened) opened = { 0 };
    open_data(&opened, &coco, NULL);
    g_autoptr(FvLabels) under = get_labels(&opened, "photos/a.png");
    g_autoptr(FvLabels) within = get_labels(&opened, "b \"1\".png");
    g_autoptr(FvLabels) other = get_labels(&opened, "other/b \"1\".png");
    assert_class(&opened, under, 0, "cat");
    assert_class(&opened, within, 0, "dog");
    g_assert_cmpuint(other->boxes->len, ==, 0);
}

static void test_unused(void)
{
    g_auto(Opened) opened = { 0 };
    open_data(&opened, &coco, NULL);
    g_autoptr(FvLabels) labels = get_labels(&opened, "other.png");
    g_autoptr(GPtrArray) warnings = fv_label_set_warnings(opened.set);
    g_assert_cmpuint(warnings->len, ==, 1);
    g_assert_cmpstr(warnings->pdata[0], ==, "data: no image has coco labels");
    g_autoptr(FvLabels) there = get_labels(&opened, "a.png");
    g_autoptr(GPtrArray) fewer = fv_label_set_warnings(opened.set);
    g_assert_cmpuint(fewer->len, ==, 0);
}

static void test_missing(void)
{
    static const struct {
        Data data;
        const char *message;
    } all[] = {
        { { FV_LABELS_YOLO, NULL, { { "a.png", NULL } } }, "data: no yolo labels there" },
        { { FV_LABELS_VOC, NULL, { { "a.png", NULL }, { "a.txt", "" } } }, "data: no voc labels there" },
        { { FV_LABELS_LABELME, NULL, { { "a.png", NULL } } }, "data: no labelme labels there" },
        { { FV_LABELS_CSV, NULL, { { "a.csv", "" }, { "b.csv", "" } } },
          "data/b.csv: a.csv is there too: say which has the labels" },
        { { FV_LABELS_MASKS, NULL, { { "a.png", NULL } } }, "data: masks must be in a folder of their own: give that" },
        { { FV_LABELS_TOLD, "a.txt", { { "a.txt", "" } } },
          "data/a.txt: neither a .csv nor COCO's .json: say the format" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
        g_auto(Opened) opened = { 0 };
        g_autoptr(GError) error = NULL;
        open_data(&opened, &all[i].data, &error);
        g_assert_null(opened.set);
        g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
        g_assert_cmpstr(error->message, ==, all[i].message);
    }
}

/* Folders tell classes without a file, whatever the image is called. */
static void test_folder_of_bytes(void)
{
    static const Data data = { FV_LABELS_FOLDERS, NULL, { { "cats/\xff.png", NULL } } };
    assert_kept(&data, 0);
}

/* ------------------------------------------------------------------- on the disk */

typedef struct {
    char *root, *images, *masks, *mask;
} Place;

static void place_new(Place *place)
{
    static const guint8 classes[6] = { 0, 1, 2, 2, 1, 0 };
    const FvMask like = { .palette = { .count = 3, .rgb = { { 0, 0, 0 }, { 128, 0, 0 }, { 0, 128, 9 } } } };
    g_autoptr(GBytes) bytes = fv_mask_write(&like, classes, 3, 2);
    GError *error = NULL;
    place->root = g_dir_make_tmp("fovea-labels-XXXXXX", &error);
    g_assert_no_error(error);
    place->images = g_build_filename(place->root, "images", NULL);
    place->masks = g_build_filename(place->root, "masks", NULL);
    place->mask = g_build_filename(place->masks, "a.png", NULL);
    g_assert_cmpint(g_mkdir(place->images, 0700), ==, 0);
    g_assert_cmpint(g_mkdir(place->masks, 0700), ==, 0);
    g_file_set_contents(place->mask, g_bytes_get_data(bytes, NULL), (gssize) g_bytes_get_size(bytes), &error);
    g_assert_no_error(error);
}

static void place_clear(Place *place)
{
    g_remove(place->mask);
    g_rmdir(place->masks);
    g_rmdir(place->images);
    g_rmdir(place->root);
    g_free(place->mask);
    g_free(place->masks);
    g_free(place->images);
    g_free(place->root);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Place, place_clear)

static void test_masks(void)
{
    g_auto(Place) place = { 0 };
    GError *error = NULL;
    place_new(&place);
    g_autoptr(FvLabelSet) set = fv_label_set_open(place.images, place.masks, FV_LABELS_TOLD, &error);
    g_assert_no_error(error);
    g_assert_cmpint(fv_label_set_format(set), ==, FV_LABELS_MASKS);
    g_autoptr(FvLabels) labels = fv_label_set_get(set, "a.jpg", (FvShape){ 3, 2, 3 }, &error);
    g_assert_no_error(error);
    g_autoptr(FvLabels) other = fv_label_set_get(set, "b.jpg", (FvShape){ 3, 2, 3 }, &error);
    g_assert_no_error(error);
    g_assert_null(other->mask);
    g_autoptr(GBytes) bytes = fv_label_set_mask(set, labels, &error);
    g_assert_no_error(error);
    g_autoptr(FvMask) mask = fv_mask_read(labels->mask, bytes, 6, &error);
    g_assert_no_error(error);
    g_assert_cmpint(mask->w, ==, 3);
    g_assert_cmpint(mask->classes[2], ==, 2);
}

static void test_nothing_there(void)
{
    g_auto(Place) place = { 0 };
    g_autoptr(GError) error = NULL;
    place_new(&place);
    g_autofree char *message = g_strdup_printf("%s: no such labels there", place.images);
    g_autoptr(FvLabelSet) set = fv_label_set_open(place.masks, place.images, FV_LABELS_TOLD, &error);
    g_assert_null(set);
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_cmpstr(error->message, ==, message);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/label-sets/yolo", test_yolo);
    g_test_add_func("/label-sets/classes-beside", test_classes_beside);
    g_test_add_func("/label-sets/classes-image", test_classes_image);
    g_test_add_func("/label-sets/coco-kept", test_coco_kept);
    g_test_add_func("/label-sets/names", test_names);
    g_test_add_func("/label-sets/unused", test_unused);
    g_test_add_func("/label-sets/missing", test_missing);
    g_test_add_func("/label-sets/folder-of-bytes", test_folder_of_bytes);
    g_test_add_func("/label-sets/masks", test_masks);
    g_test_add_func("/label-sets/nothing-there", test_nothing_there);
    return g_test_run();
}
