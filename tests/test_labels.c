/* SPDX-License-Identifier: MIT
 * test_labels.c: labels of each format there and back, moved against analytic results, and those that must be refused.
 */
#include "core/labels/labels.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

static const FvShape image = { 3, 80, 100 };

#define POINT(array, i) g_array_index(array, FvPoint, i)

/* ------------------------------------------------------------- files in memory */

typedef struct {
    const char *path, *text;
} File;

static GBytes *give(gpointer data, const char *path, GError **error)
{
    for (const File *file = data; file->path; file++)
        if (!strcmp(file->path, path))
            return g_bytes_new(file->text, strlen(file->text));
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: not there", path);
    return NULL;
}

/* The set borrows @paths. */
static FvLabelSet *open_files(const File *list, GPtrArray *paths, const char *only, FvLabelFormat format,
                              GError **error)
{
    for (const File *file = list; file->path; file++)
        g_ptr_array_add(paths, (char *) file->path);
    const FvLabelFiles files = { .name = "data", .paths = paths, .open = give, .data = (gpointer) list };
    return fv_label_set_new(&files, only, format, error);
}

static gboolean stay(gpointer data, double *u, double *v)
{
    return TRUE;
}

/* The text that is written for a.jpg when nothing moves; @at: the file's expected path. */
static char *write_text(FvLabelSet *set, const FvLabels *labels, const char *at)
{
    GError *error = NULL;
    g_autoptr(FvLabelWriter) writer = fv_label_writer_new(set);
    FvLabelFile *file = NULL;
    fv_label_writer_add(writer, "a.jpg", labels, &file, &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) all = fv_label_writer_finish(writer);
    if (!file && all->len)
        file = g_ptr_array_steal_index(all, 0);
    if (!file)
        return NULL;
    g_assert_cmpstr(file->path, ==, at);
    char *text = g_strndup(g_bytes_get_data(file->content, NULL), g_bytes_get_size(file->content));
    fv_label_file_free(file);
    return text;
}

/* Reads @text as labels of a.jpg. */
static FvLabels *read_one(const char *path, const char *text, FvLabelFormat format, FvLabelSet **set, GPtrArray *paths)
{
    GError *error = NULL;
    const File list[] = { { "a.jpg", "" }, { path, text }, { 0 } };
    const gboolean one = format == FV_LABELS_COCO || format == FV_LABELS_CSV;
    *set = open_files(list, paths, one ? path : NULL, format, &error);
    g_assert_no_error(error);
    FvLabels *labels = fv_label_set_get(*set, "a.jpg", image, &error);
    g_assert_no_error(error);
    return labels;
}

/* What is written, unmoved, says @expected; and that, read and written again, says itself. */
static void assert_written(const char *path, const char *text, FvLabelFormat format, const char *expected)
{
    for (int round = 0; round < 2; round++) {
        g_autoptr(GPtrArray) paths = g_ptr_array_new();
        g_autoptr(FvLabelSet) set = NULL;
        g_autoptr(FvLabels) labels = read_one(path, round ? expected : text, format, &set, paths);
        g_autoptr(FvLabels) moved = fv_labels_moved(labels, stay, NULL, image, 0);
        g_autofree char *written = write_text(set, moved, path);
        g_assert_cmpstr(written, ==, expected);
    }
}

static void test_yolo(void)
{
    const char *text = "0 0.5 0.5 0.25 0.5\n3 0.1 0.1 0.9 0.1 0.5 0.8\n";
    assert_written("a.txt", text, FV_LABELS_YOLO, text);
    assert_written("a.txt", "\r\n7\t0.5 0.5  1 1\r\n", FV_LABELS_YOLO, "7 0.5 0.5 1 1\n");
    /* 0.0005 over the edge is rounding */
    assert_written("a.txt", "7 0.9 0.5 0.2005 1", FV_LABELS_YOLO, "7 0.899875 0.5 0.20025 1\n");
}

static void test_yolo_classes(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    const File list[] = {
        { "classes.txt", "cat\ndog\n" }, { "images/a.jpg", "" }, { "labels/a.txt", "1 0.5 0.5 0.5 0.5" }, { 0 }
    };
    g_autoptr(FvLabelSet) set = open_files(list, paths, NULL, FV_LABELS_YOLO, &error);
    g_assert_no_error(error);
    g_autoptr(FvLabels) labels = fv_label_set_get(set, "images/a.jpg", image, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(labels->boxes->len, ==, 1);
    g_autofree char *name = fv_label_set_class(set, ((FvBox *) labels->boxes->pdata[0])->label);
    g_assert_cmpstr(name, ==, "dog");
    g_autoptr(FvLabelWriter) writer = fv_label_writer_new(set);
    FvLabelFile *file;
    g_assert_true(fv_label_writer_add(writer, "images/a-1.png", labels, &file, &error));
    g_assert_cmpstr(file->path, ==, "labels/a-1.txt");
    fv_label_file_free(file);
    g_autoptr(GPtrArray) all = fv_label_writer_finish(writer);
    g_assert_cmpuint(all->len, ==, 1);
    file = all->pdata[0];
    g_assert_cmpstr(file->path, ==, "classes.txt");
    g_assert_cmpmem(g_bytes_get_data(file->content, NULL), g_bytes_get_size(file->content), "cat\ndog\n", 8);
}

static void test_coco(void)
{
    static const char text[] =
        "{\"info\": {\"year\": 2020}, \"images\": [{\"id\": 7, \"file_name\": \"a.jpg\", \"license\": 0}], "
        "\"annotations\": [{\"id\": 9, \"image_id\": 7, \"category_id\": 3, \"iscrowd\": 0, "
        "\"segmentation\": [[10, 20, 30, 20, 30, 40]], \"keypoints\": [12, 21, 2, 0, 0, 0, 20.5, 22, 1], "
        "\"bbox\": [10, 20, 20, 20], \"score\": 0.5}], "
        "\"categories\": [{\"id\": 3, \"name\": \"c\\\"t\", \"supercategory\": \"animal\"}]}";
    assert_written(
        "annotations.json", text, FV_LABELS_COCO,
        "{\"images\": [\n  {\"id\": 1, \"file_name\": \"a.jpg\", \"width\": 100, \"height\": 80, \"license\": 0}],\n"
        "\"annotations\": [\n  {\"id\": 1, \"image_id\": 1, \"category_id\": 3, \"bbox\": [10, 20, 20, 20], "
        "\"segmentation\": [[10, 20, 30, 20, 30, 40]], \"keypoints\": [12, 21, 2, 0, 0, 0, 20.5, 22, 1], "
        "\"num_keypoints\": 2, \"area\": 200, \"iscrowd\": 0, \"score\": 0.5}],\n"
        "\"categories\": [{\"id\":3,\"name\":\"c\\\"t\",\"supercategory\":\"animal\"}], \"info\": {\"year\":2020}}\n");
}

static void test_coco_runs(void)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(FvLabelSet) set = NULL;
    g_autoptr(FvLabels) labels =
        read_one("x.json",
                 "{\"images\": [{\"id\": 7, \"file_name\": \"JPEGImages/a.jpg\"}], \"annotations\": [{\"id\": 9, "
                 "\"image_id\": 7, "
                 "\"category_id\": 3, \"iscrowd\": 1, \"segmentation\": {\"counts\": [1, 2], \"size\": [80, 100]}, "
                 "\"bbox\": [1, 2, 3, 4]}], \"categories\": [{\"id\": 3, \"name\": \"cat\"}]}",
                 FV_LABELS_COCO, &set, paths);
    g_assert_cmpuint(labels->boxes->len, ==, 1); /* named from another folder on, too */
    g_autoptr(GPtrArray) warnings = fv_label_set_warnings(set);
    g_assert_cmpuint(warnings->len, ==, 1);
    g_assert_cmpstr(warnings->pdata[0], ==,
                    "data/x.json: annotations[0]: a mask in run lengths is left out, its box kept");
}

static void test_voc(void)
{
    static const char text[] =
        "<annotation><folder>VOC</folder><filename>a.jpg</filename><source><database>x &amp; y</database></source>"
        "<size><width>1</width></size><object><name>person</name><pose>Left</pose><truncated>1</truncated>"
        "<bndbox><xmin>11</xmin><ymin>6</ymin><xmax>40</xmax><ymax>45</ymax></bndbox>"
        "<part><name>head</name><bndbox><xmin>15</xmin><ymin>6</ymin><xmax>25</xmax><ymax>16</ymax></bndbox></part>"
        "</object></annotation>";
    assert_written("a.xml", text, FV_LABELS_VOC,
                   "<annotation>\n  <filename>a.jpg</filename>\n  <folder>VOC</folder>\n  <source>\n"
                   "    <database>x &amp; y</database>\n  </source>\n"
                   "  <size>\n    <width>100</width>\n    <height>80</height>\n    <depth>3</depth>\n  </size>\n"
                   "  <object>\n    <name>person</name>\n    <pose>Left</pose>\n    <truncated>1</truncated>\n"
                   "    <bndbox>\n      <xmin>11</xmin>\n      <ymin>6</ymin>\n      <xmax>40</xmax>\n"
                   "      <ymax>45</ymax>\n    </bndbox>\n    <part>\n      <name>head</name>\n      <bndbox>\n"
                   "        <xmin>15</xmin>\n        <ymin>6</ymin>\n        <xmax>25</xmax>\n"
                   "        <ymax>16</ymax>\n      </bndbox>\n    </part>\n  </object>\n</annotation>\n");
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(FvLabelSet) set = NULL;
    g_autoptr(FvLabels) labels = read_one("a.xml", text, FV_LABELS_VOC, &set, paths);
    const FvBox *box = labels->boxes->pdata[0];
    g_assert_cmpfloat(box->x0, ==, 10); /* from 1 to 0; the last pixel is within */
    g_assert_cmpfloat(box->x1, ==, 40);
}

static void test_csv(void)
{
    const char *boxes = "file,x0,y0,x1,y1,class\na.jpg,1,2,30,40.5,\"big \"\"cat\"\", old\"\n";
    assert_written("labels.csv", boxes, FV_LABELS_CSV, boxes);
    const char *empty = "a.jpg,,,,,\n";
    assert_written("labels.csv", empty, FV_LABELS_CSV, empty);
    const char *keys = "image,x1,y1,x2,y2,class\na.jpg,1,2,,,eye\n";
    assert_written("labels.csv", keys, FV_LABELS_CSV, keys);
    assert_written("labels.csv", "a.jpg,1,2", FV_LABELS_CSV, "a.jpg,1,2\n");
    const char *weights = "a.jpg,cat,0.25\na.jpg,dog,0.75\n";
    assert_written("labels.csv", weights, FV_LABELS_CSV, weights);
    assert_written("labels.csv",
                   "\xef\xbb\xbf"
                   "file,class\r\n\"a.jpg\",cat\r\n\r\n",
                   FV_LABELS_CSV, "file,class\na.jpg,cat\n");
}

static void test_labelme(void)
{
    static const char text[] =
        "{\"version\": \"4.0.0\", \"shapes\": [{\"label\": \"r\", \"points\": [[32, 35], [12, 5]], \"group_id\": null, "
        "\"shape_type\": \"rectangle\"}, {\"label\": \"s\", \"points\": [[4, 18], [40, 27], [54, 27]], "
        "\"shape_type\": \"linestrip\"}, {\"label\": \"o\", \"points\": [[34, 17]], \"shape_type\": \"point\"}], "
        "\"imagePath\": \"b.jpg\", \"imageData\": \"AAAA\", \"imageHeight\": 1, \"imageWidth\": 1}";
    assert_written("a.json", text, FV_LABELS_LABELME,
                   "{\n  \"shapes\": [\n"
                   "    {\"label\": \"r\", \"points\": [[12, 5], [32, 35]], \"shape_type\": \"rectangle\", "
                   "\"group_id\": null},\n"
                   "    {\"label\": \"s\", \"points\": [[4, 18], [40, 27], [54, 27]], \"shape_type\": \"linestrip\"},\n"
                   "    {\"label\": \"o\", \"points\": [[34, 17]], \"shape_type\": \"point\"}],\n"
                   "  \"imagePath\": \"a.jpg\", \"imageData\": null, \"imageHeight\": 80, \"imageWidth\": 100, "
                   "\"version\": \"4.0.0\"\n}\n");
}

static void test_circle(void)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(FvLabelSet) set = NULL;
    g_autoptr(FvLabels) labels = read_one(
        "a.json", "{\"shapes\": [{\"label\": \"c\", \"points\": [[50, 40], [53, 44]], \"shape_type\": \"circle\"}]}",
        FV_LABELS_LABELME, &set, paths);
    const FvBox *box = labels->boxes->pdata[0];
    /* around the circle of radius 5, by a thousandth of it */
    g_assert_true(box->x0 <= 45 + 1e-9 && box->x0 > 44.98 && box->y1 >= 45 - 1e-9 && box->y1 < 45.02);
}

static void test_folders(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    const File list[] = { { "cat/a.jpg", "" }, { "dog/x/b.png", "" }, { 0 } };
    g_autoptr(FvLabelSet) set = open_files(list, paths, NULL, FV_LABELS_TOLD, &error);
    g_assert_no_error(error);
    g_assert_cmpint(fv_label_set_format(set), ==, FV_LABELS_FOLDERS);
    g_autoptr(FvLabels) cat = fv_label_set_get(set, "cat/a.jpg", image, &error);
    g_autoptr(FvLabels) dog = fv_label_set_get(set, "dog/x/b.png", image, &error);
    g_assert_cmpint(g_array_index(dog->classes, FvClass, 0).label, ==, 1);
    g_autofree char *alone = write_text(set, cat, NULL);
    g_assert_null(alone); /* the folder says it */
    const FvLabelPart parts[] = { { cat, 0.75, { 0, 0, 100, 80 } }, { dog, 0.25, { 0, 0, 100, 80 } } };
    g_autoptr(FvLabels) mixed = fv_labels_merged(parts, 2, image, 0);
    g_autofree char *text = write_text(set, mixed, "labels.csv");
    g_assert_cmpstr(text, ==, "file,class,weight\na.jpg,cat,0.75\na.jpg,dog,0.25\n");
}

static void test_told(void)
{
    static const struct {
        File file;
        FvLabelFormat format;
    } cases[] = {
        { { "a.txt", "0 0.5 0.5 1 1" }, FV_LABELS_YOLO },
        { { "a.xml", "<annotation/>" }, FV_LABELS_VOC },
        { { "a.json", "{\"shapes\": []}" }, FV_LABELS_LABELME },
        { { "annotations.json", "{\"images\": [], \"annotations\": [], \"categories\": []}" }, FV_LABELS_COCO },
        { { "labels.csv", "a.jpg,cat" }, FV_LABELS_CSV },
        { { "README.txt", "x" }, FV_LABELS_NONE },
        { { "package.json", "{}" }, FV_LABELS_NONE },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) paths = g_ptr_array_new();
        const File list[] = { { "a.jpg", "" }, cases[i].file, { 0 } };
        g_autoptr(FvLabelSet) set = open_files(list, paths, NULL, FV_LABELS_TOLD, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(fv_label_format_name(fv_label_set_format(set)), ==, fv_label_format_name(cases[i].format));
    }
}

/* ------------------------------------------------------------------------ moved */

static FvLabels *one_box(double x0, double y0, double x1, double y1)
{
    g_autofree char *text = g_strdup_printf("a.jpg,%g,%g,%g,%g,cat", x0, y0, x1, y1);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(FvLabelSet) set = NULL;
    return read_one("labels.csv", text, FV_LABELS_CSV, &set, paths);
}

static FvLabels *one_polygon(const char *corners)
{
    g_autofree char *text =
        g_strdup_printf("{\"shapes\": [{\"label\": \"p\", \"points\": %s, \"shape_type\": \"polygon\"}]}", corners);
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(FvLabelSet) set = NULL;
    return read_one("a.json", text, FV_LABELS_LABELME, &set, paths);
}

static void assert_box(const FvLabels *labels, double x0, double y0, double x1, double y1)
{
    g_assert_cmpuint(labels->boxes->len, ==, 1);
    const FvBox *box = labels->boxes->pdata[0];
    g_assert_cmpfloat_with_epsilon(box->x0, x0, 1e-9);
    g_assert_cmpfloat_with_epsilon(box->y0, y0, 1e-9);
    g_assert_cmpfloat_with_epsilon(box->x1, x1, 1e-9);
    g_assert_cmpfloat_with_epsilon(box->y1, y1, 1e-9);
}

static double visible(const FvLabels *labels)
{
    g_assert_cmpuint(labels->boxes->len, ==, 1);
    return ((const FvBox *) labels->boxes->pdata[0])->visible;
}

typedef struct {
    double m[6];
} Affine;

static gboolean affine(gpointer data, double *u, double *v)
{
    const double *m = ((const Affine *) data)->m, x = *u, y = *v;
    *u = m[0] * x + m[1] * y + m[2];
    *v = m[3] * x + m[4] * y + m[5];
    return TRUE;
}

/* About (50, 40), the middle of the image. */
static Affine rotation(double degrees)
{
    const double c = cos(degrees * G_PI / 180), s = sin(degrees * G_PI / 180);
    return (Affine){ { c, -s, 50 - c * 50 + s * 40, s, c, 40 - s * 50 - c * 40 } };
}

static void test_quarter_turn(void)
{
    const FvShape turned = { 3, 100, 80 };
    Affine quarter = { { 0, -1, 80, 1, 0, 0 } };
    g_autoptr(FvLabels) labels = one_box(10, 20, 30, 50);
    g_autoptr(FvLabels) moved = fv_labels_moved(labels, affine, &quarter, turned, 1);
    assert_box(moved, 30, 10, 60, 30);
    g_assert_cmpfloat_with_epsilon(visible(moved), 1, 1e-12);
}

/* A box a x b turned by t has a |cos t| + b |sin t| and a |sin t| + b |cos t|, about the same middle. */
static void test_rotations(void)
{
    for (int degrees = -180; degrees <= 180; degrees += 7) {
        Affine turn = rotation(degrees);
        const double c = fabs(cos(degrees * G_PI / 180)), s = fabs(sin(degrees * G_PI / 180));
        const double w = 24 * c + 18 * s, h = 24 * s + 18 * c;
        g_autoptr(FvLabels) labels = one_box(38, 31, 62, 49);
        g_autoptr(FvLabels) moved = fv_labels_moved(labels, affine, &turn, image, 0.999);
        assert_box(moved, 50 - w / 2, 40 - h / 2, 50 + w / 2, 40 + h / 2);
        g_autoptr(FvLabels) polygon = one_polygon("[[38, 31], [62, 31], [62, 49], [38, 49]]");
        g_autoptr(FvLabels) turned = fv_labels_moved(polygon, affine, &turn, image, 0.999);
        assert_box(turned, 50 - w / 2, 40 - h / 2, 50 + w / 2, 40 + h / 2);
        /* straight edges stay what they are: four corners */
        const FvBox *box = turned->boxes->pdata[0];
        g_assert_cmpuint(((GArray *) box->outlines->pdata[0])->len, ==, 4);
    }
}

static void test_clipped(void)
{
    Affine left = { { 1, 0, -20, 0, 1, 0 } };
    g_autoptr(FvLabels) labels = one_box(10, 20, 50, 40);
    g_autoptr(FvLabels) moved = fv_labels_moved(labels, affine, &left, image, 0.75);
    assert_box(moved, 0, 20, 30, 40); /* three quarters are left: that is enough */
    g_assert_cmpfloat_with_epsilon(visible(moved), 0.75, 1e-12);
    g_autoptr(FvLabels) dropped = fv_labels_moved(labels, affine, &left, image, 0.76);
    g_assert_cmpuint(dropped->boxes->len, ==, 0);
    Affine far = { { 1, 0, -60, 0, 1, 0 } };
    g_autoptr(FvLabels) gone = fv_labels_moved(labels, affine, &far, image, 0);
    g_assert_cmpuint(gone->boxes->len, ==, 0);
    /* what the image itself does not hold was never seen, and does not count */
    g_autoptr(FvLabels) beyond = one_box(-1000, 20, 50, 40);
    g_autoptr(FvLabels) within = fv_labels_moved(beyond, stay, NULL, image, 1);
    assert_box(within, 0, 20, 50, 40);
    /* a quarter of a right-angled triangle's area is beyond the middle of its side */
    g_autoptr(FvLabels) triangle = one_polygon("[[0, 0], [40, 0], [0, 40]]");
    g_autoptr(FvLabels) cut = fv_labels_moved(triangle, affine, &left, image, 0);
    assert_box(cut, 0, 0, 20, 20);
    g_assert_cmpfloat_with_epsilon(visible(cut), 0.25, 1e-12);
}

/* What one step cut off does not come back in the next. */
static void test_steps(void)
{
    Affine left = { { 1, 0, -20, 0, 1, 0 } }, right = { { 1, 0, 20, 0, 1, 0 } }, turn = rotation(180);
    const FvMoveStep there_and_back[] = { { affine, &left, image }, { affine, &right, image } };
    g_autoptr(FvLabels) labels = one_box(10, 20, 50, 40);
    g_autoptr(FvLabels) moved = fv_labels_moved_along(labels, there_and_back, 2, 0.75);
    assert_box(moved, 20, 20, 50, 40);
    g_assert_cmpfloat_with_epsilon(visible(moved), 0.75, 1e-12);
    g_autoptr(FvLabels) dropped = fv_labels_moved_along(labels, there_and_back, 2, 0.76);
    g_assert_cmpuint(dropped->boxes->len, ==, 0);
    /* a box is not bounded anew at every step: two turns by 45 degrees are one by 90 */
    Affine half = rotation(45);
    const FvMoveStep twice[] = { { affine, &half, image }, { affine, &half, image }, { affine, &turn, image } };
    g_autoptr(FvLabels) middle = one_box(40, 35, 60, 45);
    g_autoptr(FvLabels) turned = fv_labels_moved_along(middle, twice, 3, 1);
    assert_box(turned, 45, 30, 55, 50);
    g_autoptr(FvLabels) still = fv_labels_moved_along(middle, NULL, 0, 1);
    assert_box(still, 40, 35, 60, 45);
}

/* A twist about the middle, less and less towards the edge; nothing comes from beyond 60 pixels. */
static gboolean twist(gpointer data, double *u, double *v)
{
    const double x = *u - 50, y = *v - 40, r = hypot(x, y), angle = 0.9 * exp(-r / 30);
    *u = 50 + cos(angle) * x - sin(angle) * y;
    *v = 40 + sin(angle) * x + cos(angle) * y;
    return r < 60;
}

static void assert_bounds(const FvBox *box, double x0, double y0, double x1, double y1, double slack)
{
    for (double x = x0; x <= x1; x += 0.5)
        for (double y = y0; y <= y1; y += 0.5) {
            double u = x, v = y;
            if (!twist(NULL, &u, &v) || u < 0 || v < 0 || u > image.w || v > image.h)
                continue;
            g_assert_true(u >= box->x0 - slack && v >= box->y0 - slack && u <= box->x1 + slack && v <= box->y1 + slack);
        }
}

static void test_bent(void)
{
    static const double boxes[][4] = { { 20, 20, 45, 38 }, { 5, 5, 95, 75 }, { 48, 10, 52, 70 }, { 60, 41, 61, 42 } };
    for (guint i = 0; i < G_N_ELEMENTS(boxes); i++) {
        const double *b = boxes[i];
        g_autoptr(FvLabels) labels = one_box(b[0], b[1], b[2], b[3]);
        g_autoptr(FvLabels) moved = fv_labels_moved(labels, twist, NULL, image, 0);
        g_assert_cmpuint(moved->boxes->len, ==, 1);
        assert_bounds(moved->boxes->pdata[0], b[0], b[1], b[2], b[3], 0.5);
        g_autofree char *corners =
            g_strdup_printf("[[%g, %g], [%g, %g], [%g, %g], [%g, %g]]", b[0], b[1], b[2], b[1], b[2], b[3], b[0], b[3]);
        g_autoptr(FvLabels) polygon = one_polygon(corners);
        g_autoptr(FvLabels) bent = fv_labels_moved(polygon, twist, NULL, image, 0);
        assert_bounds(bent->boxes->pdata[0], b[0], b[1], b[2], b[3], 0.5);
    }
}

static gboolean nowhere(gpointer data, double *u, double *v)
{
    *u = NAN;
    return TRUE;
}

static void test_nowhere(void)
{
    g_autoptr(FvLabels) labels = one_box(10, 20, 50, 40);
    g_autoptr(FvLabels) moved = fv_labels_moved(labels, nowhere, NULL, image, 0);
    g_assert_cmpuint(moved->boxes->len, ==, 0);
    g_autoptr(FvLabels) flat = one_box(10, 20, 10, 40); /* without area nothing can be seen of it */
    g_autoptr(FvLabels) still = fv_labels_moved(flat, stay, NULL, image, 0);
    g_assert_cmpuint(still->boxes->len, ==, 0);
}

static void test_keys(void)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(FvLabelSet) set = NULL;
    g_autoptr(FvLabels) labels = read_one("labels.csv", "a.jpg,10,20,40,50,,", FV_LABELS_CSV, &set, paths);
    Affine left = { { 1, 0, -20, 0, 1, 0 } };
    g_autoptr(FvLabels) moved = fv_labels_moved(labels, affine, &left, image, 0);
    const FvBox *box = moved->boxes->pdata[0];
    g_assert_cmpuint(box->points->len, ==, 3);
    g_assert_cmpint(POINT(box->points, 0).visible, ==, 0);
    g_assert_cmpint(POINT(box->points, 1).visible, ==, 2);
    g_assert_cmpfloat(POINT(box->points, 1).x, ==, 20);
    g_assert_cmpint(POINT(box->points, 2).visible, ==, 0);
    Affine far = { { 1, 0, -60, 0, 1, 0 } };
    g_autoptr(FvLabels) gone = fv_labels_moved(labels, affine, &far, image, 0);
    g_assert_cmpuint(gone->boxes->len, ==, 0);
}

/* A line that leaves the image and comes back is two. */
static void test_line(void)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(FvLabelSet) set = NULL;
    g_autoptr(FvLabels) labels =
        read_one("a.json",
                 "{\"shapes\": [{\"label\": \"l\", \"points\": [[10, 10], [50, 10], [50, 30], [10, 30]], "
                 "\"shape_type\": \"linestrip\"}]}",
                 FV_LABELS_LABELME, &set, paths);
    Affine right = { { 1, 0, 70, 0, 1, 0 } };
    g_autoptr(FvLabels) moved = fv_labels_moved(labels, affine, &right, image, 0);
    g_assert_cmpfloat_with_epsilon(visible(moved), 0.4, 1e-12); /* 2 * 20 of 100 */
    g_autofree char *text = write_text(set, moved, "a.json");
    g_assert_nonnull(strstr(text, "[[80, 10], [100, 10]], \"shape_type\": \"line\"}"));
    g_assert_nonnull(strstr(text, "[[100, 30], [80, 30]], \"shape_type\": \"line\"}"));
}

/* ----------------------------------------------------------------------- merged */

static void test_cutmix(void)
{
    g_autoptr(FvLabels) under = one_box(10, 10, 50, 30), over = one_box(40, 0, 60, 40);
    const FvLabelPart parts[] = { { under, 0.8, { 0, 0, 100, 80 } }, { over, 0.2, { 40, 0, 80, 80 } } };
    g_autoptr(FvLabels) merged = fv_labels_merged(parts, 2, image, 0);
    g_assert_cmpuint(merged->boxes->len, ==, 2);
    const FvBox *cut = merged->boxes->pdata[0], *whole = merged->boxes->pdata[1];
    g_assert_cmpfloat(cut->x1, ==, 40);
    g_assert_cmpfloat_with_epsilon(cut->visible, 0.75, 1e-12);
    g_assert_cmpfloat(whole->x0, ==, 40);
    g_assert_cmpfloat(whole->visible, ==, 1);
    g_assert_cmpfloat(whole->weight, ==, 1);
    g_autoptr(FvLabels) strict = fv_labels_merged(parts, 2, image, 0.8);
    g_assert_cmpuint(strict->boxes->len, ==, 1);
    /* a hole in the middle leaves the box what it was, and less of it to be seen */
    const FvLabelPart hole[] = { { under, 0.8, { 0, 0, 100, 80 } }, { over, 0.2, { 20, 15, 40, 25 } } };
    g_autoptr(FvLabels) holed = fv_labels_merged(hole, 1 + 1, image, 0);
    cut = holed->boxes->pdata[0];
    g_assert_cmpfloat(cut->x0, ==, 10);
    g_assert_cmpfloat(cut->x1, ==, 50);
    g_assert_cmpfloat_with_epsilon(cut->visible, 0.75, 1e-12);
}

static void test_mosaic(void)
{
    g_autoptr(FvLabels) labels = one_box(20, 20, 80, 60);
    const FvLabelPart parts[] = { { labels, 0.25, { 0, 0, 50, 40 } },
                                  { labels, 0.25, { 50, 0, 100, 40 } },
                                  { labels, 0.25, { 0, 40, 50, 80 } },
                                  { labels, 0.25, { 50, 40, 100, 80 } } };
    static const double expected[4][4] = {
        { 20, 20, 50, 40 }, { 50, 20, 80, 40 }, { 20, 40, 50, 60 }, { 50, 40, 80, 60 }
    };
    g_autoptr(FvLabels) merged = fv_labels_merged(parts, 4, image, 0.25);
    g_assert_cmpuint(merged->boxes->len, ==, 4);
    for (guint i = 0; i < 4; i++) {
        const FvBox *box = merged->boxes->pdata[i];
        const double is[4] = { box->x0, box->y0, box->x1, box->y1 };
        g_assert_cmpmem(is, sizeof is, expected[i], sizeof expected[i]);
    }
}

static void test_mixup(void)
{
    g_autoptr(FvLabels) a = one_box(10, 10, 50, 30), b = one_box(20, 20, 60, 40);
    const FvLabelPart parts[] = { { a, 0.75, { 0, 0, 100, 80 } }, { b, 0.25, { 0, 0, 100, 80 } } };
    g_autoptr(FvLabels) merged = fv_labels_merged(parts, 2, image, 1);
    g_assert_cmpuint(merged->boxes->len, ==, 2);
    g_assert_cmpfloat(((FvBox *) merged->boxes->pdata[0])->weight, ==, 0.75);
    g_assert_cmpfloat(((FvBox *) merged->boxes->pdata[1])->weight, ==, 0.25);
}

/* --------------------------------------------------------------------- written */

static void test_order(void)
{
    g_autofree char *texts[2] = { NULL };
    static const char *const names[2][3] = { { "a.jpg", "b/c.jpg", "b.jpg" }, { "b.jpg", "a.jpg", "b/c.jpg" } };
    for (int order = 0; order < 2; order++) {
        g_autoptr(GPtrArray) paths = g_ptr_array_new();
        g_autoptr(FvLabelSet) set = NULL;
        g_autoptr(FvLabels) labels = read_one("labels.csv", "a.jpg,1,2,3,4,cat", FV_LABELS_CSV, &set, paths);
        g_autoptr(FvLabelWriter) writer = fv_label_writer_new(set);
        FvLabelFile *file;
        for (int i = 0; i < 3; i++)
            g_assert_true(fv_label_writer_add(writer, names[order][i], labels, &file, NULL));
        g_autoptr(GPtrArray) all = fv_label_writer_finish(writer);
        GBytes *content = ((FvLabelFile *) all->pdata[0])->content;
        texts[order] = g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    }
    g_assert_cmpstr(texts[0], ==, "a.jpg,1,2,3,4,cat\nb.jpg,1,2,3,4,cat\nb/c.jpg,1,2,3,4,cat\n");
    g_assert_cmpstr(texts[1], ==, texts[0]);
    g_free(texts[1]); /* g_autofree frees the first of an array alone */
}

static void test_names_written(void)
{
    static const char *const bad[] = { "../a.jpg", "/a.jpg", "b/../../a.jpg", "", "a//b.jpg", "./a.jpg", "\xff.jpg" };
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(FvLabelSet) set = NULL;
    g_autoptr(FvLabels) labels = read_one("a.txt", "0 0.5 0.5 1 1", FV_LABELS_YOLO, &set, paths);
    g_autoptr(FvLabelWriter) writer = fv_label_writer_new(set);
    FvLabelFile *file;
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_false(fv_label_writer_add(writer, bad[i], labels, &file, &error));
        g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    }
    g_assert_true(fv_label_writer_add(writer, "a.jpg", labels, &file, NULL));
    fv_label_file_free(file);
    g_autoptr(GError) error = NULL;
    g_assert_false(fv_label_writer_add(writer, "a.png", labels, &file, &error)); /* both would have a.txt */
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
}

/* --------------------------------------------------------------------- refused */

#define COCO(annotations)                                                                                    \
    "{\"images\": [{\"id\": 1, \"file_name\": \"a.jpg\"}], \"categories\": [{\"id\": 1, \"name\": \"c\"}], " \
    "\"annotations\": [" annotations "]}"
#define SHAPE(type, points) "{\"shapes\": [{\"label\": \"x\", \"shape_type\": \"" type "\", \"points\": " points "}]}"
#define OBJECT(inner) "<annotation>\n<object>" inner "</object></annotation>"
#define EDGES(a, b, c, d) "<bndbox><xmin>" a "</xmin><ymin>" b "</ymin><xmax>" c "</xmax><ymax>" d "</ymax></bndbox>"

static const struct {
    FvLabelFormat format;
    const char *path, *text, *message;
} refused[] = {
    { FV_LABELS_YOLO, "a.txt", "\n0 0.5 0.5 1", "data/a.txt:2: 4 fields" },
    { FV_LABELS_YOLO, "a.txt", "0 0.5 0.5 1 1 0.9", "data/a.txt:1: 6 fields" },
    { FV_LABELS_YOLO, "a.txt", "x 0.5 0.5 1 1", "data/a.txt:1: 'x' is no class" },
    { FV_LABELS_YOLO, "a.txt", "-1 0.5 0.5 1 1", "'-1' is no class" },
    { FV_LABELS_YOLO, "a.txt", "0.5 0.5 0.5 1 1", "'0.5' is no class" },
    { FV_LABELS_YOLO, "a.txt", "99999999999 0.5 0.5 1 1", "is no class" },
    { FV_LABELS_YOLO, "a.txt", "0 nan 0.5 1 1", "numbers from 0 to 1" },
    { FV_LABELS_YOLO, "a.txt", "0 inf 0.5 1 1", "numbers from 0 to 1" },
    { FV_LABELS_YOLO, "a.txt", "0 0x1 0.5 1 1", "numbers from 0 to 1" },
    { FV_LABELS_YOLO, "a.txt", "0 50 0.5 1 1", "numbers from 0 to 1" },
    { FV_LABELS_YOLO, "a.txt", "0 0.5 0.5 -0.1 1", "numbers from 0 to 1" },
    { FV_LABELS_YOLO, "a.txt", "0 1e999 0.5 1 1", "numbers from 0 to 1" },
    { FV_LABELS_YOLO, "classes.txt", "cat\ncat\n", "data/classes.txt:2: class 'cat' is there twice" },
    { FV_LABELS_YOLO, "classes.txt", "cat\n\ndog\n", "data/classes.txt:2: a class without a name" },
    { FV_LABELS_YOLO, "classes.txt", "\xff\n", "data/classes.txt: not UTF-8" },
    { FV_LABELS_COCO, "x.json", "", "data/x.json: empty" },
    { FV_LABELS_COCO, "x.json", "{\"a\": \"\xff\"}", "data/x.json: not UTF-8" },
    { FV_LABELS_COCO, "x.json", "{\n\"a\": }", "data/x.json: 2:" },
    { FV_LABELS_COCO, "x.json", "[]", "not a JSON object" },
    { FV_LABELS_COCO, "x.json", "{}", "no array 'categories'" },
    { FV_LABELS_COCO, "x.json", "{\"categories\": [], \"images\": []}", "no array 'annotations'" },
    { FV_LABELS_COCO, "x.json", "{\"categories\": [1]}", "categories[0]: no id or no name" },
    { FV_LABELS_COCO, "x.json", "{\"categories\": [{\"id\": 1, \"name\": \"a\"}, {\"id\": 1, \"name\": \"b\"}]}",
      "categories[1]: id 1 is there twice" },
    { FV_LABELS_COCO, "x.json", "{\"categories\": [], \"images\": [{\"id\": \"1\", \"file_name\": \"a.jpg\"}]}",
      "images[0]: no id or no file_name" },
    { FV_LABELS_COCO, "x.json", "{\"categories\": [], \"images\": [{\"id\": 1, \"file_name\": \"../a.jpg\"}]}",
      "images[0]: file_name '../a.jpg' is not a relative path" },
    { FV_LABELS_COCO, "x.json", "{\"categories\": [], \"images\": [{\"id\": 1, \"file_name\": \"/a.jpg\"}]}",
      "is not a relative path" },
    { FV_LABELS_COCO, "x.json",
      "{\"categories\": [], \"images\": [{\"id\": 1, \"file_name\": \"a\"}, {\"id\": 1, \"file_name\": \"b\"}]}",
      "images[1]: id 1 or 'b' is there twice" },
    { FV_LABELS_COCO, "x.json",
      "{\"categories\": [], \"images\": [{\"id\": 1, \"file_name\": \"a\"}, {\"id\": 2, \"file_name\": \"a\"}]}",
      "images[1]: id 2 or 'a' is there twice" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 1}"), "annotations[0]: no image_id or no category_id" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 2, \"category_id\": 1}"), "no image of id 2" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 1, \"category_id\": 2}"), "no category of id 2" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 1, \"category_id\": 1}"), "neither bbox nor polygons" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3]}"), "bbox must be" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, -3, 4]}"),
      "bbox must be" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3, 1e300]}"),
      "bbox must be" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 1, \"category_id\": 1, \"segmentation\": [[1, 2, 3, 4]]}"),
      "segmentation must be" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 1, \"category_id\": 1, \"keypoints\": [1, 2]}"),
      "keypoints must be" },
    { FV_LABELS_COCO, "x.json", COCO("{\"image_id\": 1, \"category_id\": 1, \"keypoints\": [1, 2, 3]}"),
      "keypoints must be" },
    { FV_LABELS_COCO, "x.json",
      COCO("{\"id\": 5, \"image_id\": 1, \"category_id\": 1, \"bbox\": [1, 2, 3, 4]}, {\"id\": 5, \"image_id\": 1, "
           "\"category_id\": 1, \"bbox\": [1, 2, 3, 4]}"),
      "annotations[1]: id 5 is there twice" },
    { FV_LABELS_VOC, "a.xml", "", "data/a.xml: " },
    { FV_LABELS_VOC, "a.xml", "<?xml version='1.0'?>", "data/a.xml: no element" },
    { FV_LABELS_VOC, "a.xml", "<annotation/>\n<annotation/>", "data/a.xml: Error on line 2" },
    { FV_LABELS_VOC, "a.xml", "<annotation>\n", "data/a.xml: Error on line" },
    { FV_LABELS_VOC, "a.xml", "<html/>", "data/a.xml:1: <html> is not VOC's <annotation>" },
    { FV_LABELS_VOC, "a.xml", OBJECT(""), "data/a.xml:2: object without a name" },
    { FV_LABELS_VOC, "a.xml", OBJECT("<name>c</name>"), "data/a.xml:2: object without bndbox" },
    { FV_LABELS_VOC, "a.xml", OBJECT("<name>c</name><bndbox/>"), "bndbox must have numbers" },
    { FV_LABELS_VOC, "a.xml", OBJECT("<name>c</name>" EDGES("1", "nan", "3", "4")), "bndbox must have numbers" },
    { FV_LABELS_VOC, "a.xml", OBJECT("<name>c</name>" EDGES("1", "2", "1e30", "4")), "bndbox must have numbers" },
    { FV_LABELS_VOC, "a.xml", OBJECT("<name>c</name>" EDGES("9", "2", "3", "4")), "ends before it begins" },
    { FV_LABELS_VOC, "a.xml", OBJECT("<name>c</name>" EDGES("1", "2", "3", "4") "<part/>"), "part without a name" },
    { FV_LABELS_VOC, "a.xml", "<annotation>&lol;</annotation>", "data/a.xml: Error on line 1" },
    { FV_LABELS_CSV, "x.csv", "a.jpg\n", "data/x.csv:1: a single column" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,cat\nb.jpg", "data/x.csv:2: 1 columns; the first row has 2" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,\"cat", "data/x.csv:1: a quote is not closed" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,\"cat\"x", "text after one" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,c\"at", "a quote within a field" },
    { FV_LABELS_CSV, "x.csv", "\"a\nb\",cat\n../a.jpg,dog", "data/x.csv:3: '../a.jpg' is not a relative path" },
    { FV_LABELS_CSV, "x.csv", "/a.jpg,dog", "is not a relative path" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,cat\na.jpg,dog", "data/x.csv:2: the file is there twice" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,", "no class" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,cat,2", "a weight must be a number from 0 to 1" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,1,2,x,4,cat", "x0, y0, x1, y1 must be numbers" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,1,2,3,4,", "no class" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,3,2,1,4,cat", "the box ends before it begins" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,1,2,3,", "key points must be numbers, or empty" },
    { FV_LABELS_CSV, "x.csv", "a.jpg,\xff", "not UTF-8" },
    { FV_LABELS_LABELME, "a.json", "{}", "data/a.json: no array 'shapes'" },
    { FV_LABELS_LABELME, "a.json", "{\"shapes\": [1]}", "shapes[0]: no label" },
    { FV_LABELS_LABELME, "a.json", SHAPE("cube", "[]"), "no shape_type 'cube'" },
    { FV_LABELS_LABELME, "a.json", SHAPE("polygon", "[[1, 2], [3, 4]]"), "these are no points of a polygon" },
    { FV_LABELS_LABELME, "a.json", SHAPE("circle", "[[1, 2]]"), "these are no points of a circle" },
    { FV_LABELS_LABELME, "a.json", SHAPE("point", "[[1, \"2\"]]"), "these are no points of a point" },
    { FV_LABELS_LABELME, "a.json", SHAPE("point", "[[1, 1e300]]"), "these are no points of a point" },
};

static void assert_refused(FvLabelFormat format, const char *path, const char *text, const char *message)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    const gboolean one = format == FV_LABELS_COCO || format == FV_LABELS_CSV;
    const File list[] = { { "a.jpg", "" }, { path, text }, { 0 } };
    g_autoptr(FvLabelSet) set = open_files(list, paths, one ? path : NULL, format, &error);
    g_autoptr(FvLabels) labels = set ? fv_label_set_get(set, "a.jpg", image, &error) : NULL;
    g_assert_null(labels);
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    if (!strstr(error->message, message) || strchr(error->message, '\n'))
        g_error("expected \"%s\" in: %s", message, error->message);
}

static void test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++)
        assert_refused(refused[i].format, refused[i].path, refused[i].text, refused[i].message);
}

static void test_deep(void)
{
    g_autoptr(GString) json = g_string_new("{\"shapes\": "), xml = g_string_new(NULL);
    for (int i = 0; i < 100000; i++) {
        g_string_append_c(json, '[');
        g_string_append(xml, "<a>");
    }
    assert_refused(FV_LABELS_LABELME, "a.json", json->str, "nested more than 64 deep");
    assert_refused(FV_LABELS_VOC, "a.xml", xml->str, "nested more than 64 deep");
}

static void test_ambiguous(void)
{
    g_autoptr(GPtrArray) paths = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    const File list[] = { { "a.jpg", "" }, { "a.txt", "" }, { "a.xml", "" }, { 0 } };
    g_assert_null(open_files(list, paths, NULL, FV_LABELS_TOLD, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_cmpstr(error->message, ==, "data/a.xml: voc labels beside yolo labels (a.txt): say which");
    g_clear_error(&error);
    g_assert_null(open_files(list, paths, NULL, FV_LABELS_COCO, &error));
    g_assert_cmpstr(error->message, ==, "data/annotations.json: no file with coco labels");
    g_clear_error(&error);
    g_assert_null(open_files(list, paths, "a.txt", FV_LABELS_YOLO, &error));
    g_assert_cmpstr(error->message, ==, "data/a.txt: yolo labels are not in one file: say their folder");
    g_clear_error(&error);
    FvLabelFormat format;
    g_assert_false(fv_label_format_find("pascal", &format, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_UNKNOWN);
}

/* ------------------------------------------------------------------------ masks */

static void test_mask(void)
{
    g_autoptr(GError) error = NULL;
    const guint8 classes[6] = { 0, 1, 2, 2, 1, 255 };
    FvMask like = { .palette = { .count = 3, .rgb = { { 1, 2, 3 }, { 4, 5, 6 }, { 9, 8, 7 } } } };
    g_autoptr(GBytes) coloured = fv_mask_write(&like, classes, 3, 2);
    g_autoptr(FvMask) same = fv_mask_read("m.png", coloured, 6, &error);
    g_assert_no_error(error);
    g_assert_cmpint(same->palette.count, >=, 3);
    g_assert_cmpmem(same->palette.rgb, 9, like.palette.rgb, 9);
    g_assert_cmpmem(same->classes, 6, classes, 6);
    like.palette.count = 0;
    g_autoptr(GBytes) bytes = fv_mask_write(&like, classes, 3, 2);
    g_autoptr(FvMask) mask = fv_mask_read("m.png", bytes, 6, &error);
    g_assert_no_error(error);
    g_assert_cmpint(mask->palette.count, ==, 0);
    g_assert_cmpint(mask->w, ==, 3);
    g_assert_cmpmem(mask->classes, 6, classes, 6);
    g_assert_null(fv_mask_read("m.png", bytes, 5, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
    g_assert_true(g_str_has_prefix(error->message, "m.png: "));
    g_clear_error(&error);
    g_autoptr(GBytes) short_bytes = g_bytes_new_from_bytes(bytes, 0, 40);
    g_assert_null(fv_mask_read("m.png", short_bytes, 6, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_DATA);
}

/* ---------------------------------------------------------------- labelme's own */

#define EXAMPLES "/usr/share/doc/labelme-examples/examples/"

static FvLabels *read_example(const char *in, const char *labels, const char *path, FvLabelFormat told)
{
    GError *error = NULL;
    g_autoptr(FvLabelSet) set = fv_label_set_open(in, labels, FV_LABELS_TOLD, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(fv_label_format_name(fv_label_set_format(set)), ==, fv_label_format_name(told));
    FvLabels *read = fv_label_set_get(set, path, (FvShape){ 3, 338, 500 }, &error);
    g_assert_no_error(error);
    return read;
}

static void test_examples(void)
{
    if (!g_file_test(EXAMPLES, G_FILE_TEST_IS_DIR)) {
        g_test_skip("labelme-examples is not installed");
        return;
    }
    static const struct {
        const char *in, *labels, *path;
        FvLabelFormat format;
        guint boxes;
    } cases[] = {
        { EXAMPLES "bbox_detection/data_annotated", NULL, "2011_000003.jpg", FV_LABELS_LABELME, 2 },
        { EXAMPLES "bbox_detection/data_dataset_voc/JPEGImages", EXAMPLES "bbox_detection/data_dataset_voc/Annotations",
          "2011_000003.jpg", FV_LABELS_VOC, 2 },
        { EXAMPLES "instance_segmentation/data_dataset_coco/JPEGImages",
          EXAMPLES "instance_segmentation/data_dataset_coco/annotations.json", "2011_000003.jpg", FV_LABELS_COCO, 3 },
        { EXAMPLES "primitives", NULL, "primitives.jpg", FV_LABELS_LABELME, 7 },
        { EXAMPLES "classification/data_annotated", NULL, "0001.jpg", FV_LABELS_LABELME, 0 },
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(FvLabels) labels = read_example(cases[i].in, cases[i].labels, cases[i].path, cases[i].format);
        if (labels->boxes->len != cases[i].boxes)
            g_error("%s: %u objects, %u expected", cases[i].in, labels->boxes->len, cases[i].boxes);
    }
}

static void test_no_place(void)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(fv_label_set_open("/nonexistent", NULL, FV_LABELS_TOLD, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_IO);
    g_clear_error(&error);
    g_assert_null(fv_label_set_open("/", "/nonexistent", FV_LABELS_TOLD, &error));
    g_assert_error(error, FV_ERROR, FV_ERROR_IO);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*test)(void);
    } tests[] = {
        { "yolo", test_yolo },
        { "yolo-classes", test_yolo_classes },
        { "coco", test_coco },
        { "coco-runs", test_coco_runs },
        { "voc", test_voc },
        { "csv", test_csv },
        { "labelme", test_labelme },
        { "circle", test_circle },
        { "folders", test_folders },
        { "told", test_told },
        { "quarter-turn", test_quarter_turn },
        { "rotations", test_rotations },
        { "clipped", test_clipped },
        { "steps", test_steps },
        { "bent", test_bent },
        { "nowhere", test_nowhere },
        { "key-points", test_keys },
        { "line", test_line },
        { "cutmix", test_cutmix },
        { "mosaic", test_mosaic },
        { "mixup", test_mixup },
        { "order", test_order },
        { "names-written", test_names_written },
        { "refused", test_refused },
        { "deep", test_deep },
        { "ambiguous", test_ambiguous },
        { "mask", test_mask },
        { "examples", test_examples },
        { "no-place", test_no_place },
    };
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/labels/%s", tests[i].name);
        g_test_add_func(path, tests[i].test);
    }
    return g_test_run();
}
