/* SPDX-License-Identifier: MIT
 * annotate.h: the labels of a batch: of its images, moved along, written beside its outputs. */
#ifndef FOVEA_BATCH_ANNOTATE_H
#define FOVEA_BATCH_ANNOTATE_H

#include "core/augment/augment.h"
#include "core/batch/images.h"
#include "core/batch/outputs.h"
#include "core/labels/labels.h"

/** Labels of a data set, and those of its outputs. Thread-safe. */
typedef struct FvAnnotations FvAnnotations;

/** @in: what @images were opened from. @labels: a file or folder, the name of a format, or NULL for what lies beside
 * the images. Errors: those of fv_label_set_open(). */
FvAnnotations *fv_annotations_open(const char *in, const char *labels, FvImages *images, double least_visible,
                                   GError **error);
void fv_annotations_free(FvAnnotations *annotations);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvAnnotations, fv_annotations_free)

/** Labels of image @i, which has this extent. */
FvLabels *fv_annotations_get(const FvAnnotations *annotations, guint32 i, FvShape image, GError **error);
/** Labels of an output that is made of images with these labels. */
FvLabels *fv_annotations_moved(const FvAnnotations *annotations, const FvDraw *draw, FvLabels *const *labels);
/** Adds the labels of output @name: to what is written at the end, and to its @files, unless they are there (NULL). */
gboolean fv_annotations_add(FvAnnotations *annotations, const char *name, const FvLabels *labels, GPtrArray *files,
                            GError **error);
/** Writes what there is one of for all outputs. */
gboolean fv_annotations_finish(FvAnnotations *annotations, FvOutputs *outputs, gboolean replace, GError **error);
/** What was left out, a line each. */
GPtrArray *fv_annotations_warnings(const FvAnnotations *annotations);

/** The mask of an image in the extent that it was decoded at. NULL without an error where it has none.
 * @like: set to the mask with its palette; fv_mask_free() it. */
GByteArray *fv_annotations_mask(const FvAnnotations *annotations, const FvLabels *labels, FvShape decoded,
                                const FvImageScale *scale, FvMask **like, GError **error);
/** Adds the mask of output @name to its files, as masks/NAME.png. */
void fv_annotations_add_mask(const char *name, const FvMask *like, const guint8 *classes, FvShape shape,
                             GPtrArray *files);

#endif
