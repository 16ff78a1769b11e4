/* SPDX-License-Identifier: MIT
 * annotate.c: the labels of a batch. */
#include "core/batch/annotate.h"

#include "core/batch/names.h"

struct FvAnnotations {
    const FvImages *images;
    FvLabelSet *set;
    FvLabelWriter *writer;
    double least_visible;
};

/* ------------------------------------------------------------------- reading */

/* Labels beside the images: in the folder, in the tar, or in the folder of the list. */
static FvLabelSet *open_beside(const char *in, FvImages *images, FvLabelFormat format, GError **error)
{
    const GPtrArray *paths = fv_images_paths(images);
    if (paths) {
        const FvLabelFiles files = { in, paths, fv_images_open_path, images };
        return fv_label_set_new(&files, NULL, format, error);
    }
    g_autofree char *folder = g_file_test(in, G_FILE_TEST_IS_DIR) ? g_strdup(in) : g_path_get_dirname(in);
    return fv_label_set_open(folder, NULL, format, error);
}

FvAnnotations *fv_annotations_open(const char *in, const char *labels, FvImages *images, double least_visible,
                                   GError **error)
{
    FvLabelFormat format = FV_LABELS_TOLD;
    g_autoptr(FvAnnotations) annotations = g_new0(FvAnnotations, 1);
    annotations->images = images;
    annotations->least_visible = least_visible;
    if (!labels || fv_label_format_find(labels, &format, NULL))
        annotations->set = open_beside(in, images, format, error);
    else
        annotations->set = fv_label_set_open(in, labels, format, error);
    if (!annotations->set)
        return NULL;
    annotations->writer = fv_label_writer_new(annotations->set);
    return g_steal_pointer(&annotations);
}

void fv_annotations_free(FvAnnotations *annotations)
{
    if (!annotations)
        return;
    g_clear_pointer(&annotations->writer, fv_label_writer_free);
    g_clear_pointer(&annotations->set, fv_label_set_free);
    g_free(annotations);
}

FvLabels *fv_annotations_get(const FvAnnotations *annotations, guint32 i, FvShape image, GError **error)
{
    return fv_label_set_get(annotations->set, fv_images_names(annotations->images)[i], image, error);
}

GPtrArray *fv_annotations_warnings(const FvAnnotations *annotations)
{
    return fv_label_set_warnings(annotations->set);
}

/* -------------------------------------------------------------------- moving */

typedef struct {
    const FvDraw *draw;
    int part, step;
} Operation;

static gboolean move(gpointer data, double *u, double *v)
{
    const Operation *operation = data;
    return fv_draw_step(operation->draw, operation->part, operation->step, u, v);
}

static FvLabels *move_part(const FvDraw *draw, int part, const FvLabels *labels, double least_visible)
{
    const int count = fv_draw_steps(draw, part);
    g_autofree Operation *operations = g_new(Operation, (gsize) count);
    g_autofree FvMoveStep *steps = g_new(FvMoveStep, (gsize) count);
    for (int i = 0; i < count; i++) {
        operations[i] = (Operation){ draw, part, i };
        steps[i] = (FvMoveStep){ move, &operations[i], fv_draw_step_output(draw, part, i) };
    }
    return fv_labels_moved_along(labels, steps, count, least_visible);
}

FvLabels *fv_annotations_moved(const FvAnnotations *annotations, const FvDraw *draw, FvLabels *const *labels)
{
    const int count = fv_draw_parts(draw);
    const FvShape out = fv_draw_output(draw);
    FvLabels *moved[FV_AUGMENT_PARTS];
    FvLabelPart parts[FV_AUGMENT_PARTS];
    for (int part = 0; part < count; part++) {
        moved[part] = move_part(draw, part, labels[part], annotations->least_visible);
        parts[part] = (FvLabelPart){ .labels = moved[part], .weight = fv_draw_weight(draw, part) };
        fv_draw_region(draw, part, parts[part].region);
    }
    if (count == 1)
        return moved[0];
    FvLabels *merged = fv_labels_merged(parts, count, out, annotations->least_visible);
    for (int part = 0; part < count; part++)
        fv_labels_free(moved[part]);
    return merged;
}

/* ------------------------------------------------------------------- writing */

static void add_bytes(GPtrArray *files, const char *name, GBytes *content)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(content, &size);
    GByteArray *bytes = g_byte_array_sized_new((guint) size);
    g_byte_array_append(bytes, data, (guint) size);
    fv_output_files_add(files, g_strdup(name), bytes);
}

gboolean fv_annotations_add(FvAnnotations *annotations, const char *name, const FvLabels *labels, GPtrArray *files,
                            GError **error)
{
    FvLabelFile *file = NULL;
    if (!fv_label_writer_add(annotations->writer, name, labels, &file, error))
        return FALSE;
    if (file && files)
        add_bytes(files, file->path, file->content);
    if (file)
        fv_label_file_free(file);
    return TRUE;
}

gboolean fv_annotations_finish(FvAnnotations *annotations, FvOutputs *outputs, gboolean replace, GError **error)
{
    g_autoptr(GPtrArray) files = fv_label_writer_finish(annotations->writer);
    for (guint i = 0; i < files->len; i++) {
        const FvLabelFile *file = files->pdata[i];
        g_autofree char *name = fv_outputs_own(outputs, file->path);
        gsize size;
        const void *data = g_bytes_get_data(file->content, &size);
        if (!fv_folder_put(fv_outputs_folder(outputs), name, replace, data, size, error))
            return FALSE;
    }
    return TRUE;
}

/* --------------------------------------------------------------------- masks */

GByteArray *fv_annotations_mask(const FvAnnotations *annotations, const FvLabels *labels, FvShape decoded,
                                const FvImageScale *scale, FvMask **like, GError **error)
{
    if (!labels || !labels->mask)
        return NULL;
    g_autoptr(GBytes) bytes = fv_label_set_mask(annotations->set, labels, error);
    FvMask *mask = bytes ? fv_mask_read(labels->mask, bytes, (gint64) labels->image.w * labels->image.h, error) : NULL;
    if (!mask)
        return NULL;
    if (mask->w != labels->image.w || mask->h != labels->image.h) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "%s: the mask is %dx%d, its image %dx%d", labels->mask, mask->w,
                    mask->h, labels->image.w, labels->image.h);
        fv_mask_free(mask);
        return NULL;
    }
    FvShape shape = { 1, mask->h, mask->w };
    GByteArray *classes = g_byte_array_new();
    g_byte_array_append(classes, mask->classes, (guint) fv_shape_elements(shape));
    fv_mask_shrink(classes, &shape, decoded, scale);
    *like = mask;
    return classes;
}

void fv_annotations_add_mask(const char *name, const FvMask *like, const guint8 *classes, FvShape shape,
                             GPtrArray *files)
{
    g_autoptr(GBytes) bytes = fv_mask_write(like, classes, shape.w, shape.h);
    g_autofree char *path = g_strdup_printf("masks/%.*s.png", (int) fv_name_stem(name), name);
    add_bytes(files, path, bytes);
}
