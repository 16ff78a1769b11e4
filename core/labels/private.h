/* SPDX-License-Identifier: MIT
 * private.h: what the files of core/labels share: a set's parts, and the hooks of a format. */
#ifndef FOVEA_LABELS_PRIVATE_H
#define FOVEA_LABELS_PRIVATE_H

#include "core/labels/labels.h"

#include <json-glib/json-glib.h>

enum {
    FV_LABELS_MOST_DEPTH = 64,    /* of JSON and XML */
    FV_LABELS_MOST_CLASS = 99999, /* the largest class number */
    FV_LABELS_MOST_COORDINATE = 10000000
};

/** A format's hooks; those that it does not have are NULL. */
typedef struct {
    const char *name;
    const char *extension; /* of the file beside an image, with the dot; NULL: none */
    /* Reads what is for all images, once. */
    gboolean (*load)(FvLabelSet *set, GError **error);
    /* Adds to @labels what @bytes says, the file @file of one image. */
    gboolean (*read)(FvLabelSet *set, const char *file, GBytes *bytes, FvLabels *labels, GError **error);
    /* The file of one image. */
    void (*write)(FvLabelSet *set, const char *path, const FvLabels *labels, GString *text);
    /* The file for all images; @paths are sorted, @all the labels of each. FALSE: there is none. */
    gboolean (*write_all)(FvLabelSet *set, const GPtrArray *paths, const GPtrArray *all, GString *text);
    const char *all; /* its name, where the set was not read from one file */
} FvLabelHooks;

extern const FvLabelHooks fv_labels_yolo, fv_labels_coco, fv_labels_voc, fv_labels_csv, fv_labels_labelme,
    fv_labels_folders, fv_labels_masks;

struct FvLabelSet {
    FvLabelFormat format;
    const FvLabelHooks *hooks;
    FvLabelFiles files;
    char *name, *only;
    GPtrArray *owned;     /* the paths of a folder, or NULL */
    GHashTable *known;    /* all paths */
    GHashTable *images;   /* path -> FvLabels, of formats with one file */
    GHashTable *by_name;  /* base name -> path; "" where it is not the only one */
    GMutex lock;          /* of what follows */
    GPtrArray *classes;   /* names */
    GHashTable *class_of; /* name -> number + 1 */
    GPtrArray *warnings;
    gboolean asked, found; /* an image was asked for; there were labels of one */
    /* Of single formats. */
    gboolean apart;    /* images are in images/, their labels in labels/ */
    const char *named; /* YOLO: the file with names of classes, or NULL */
    char *kept;        /* GRefString; COCO: other members, as text; CSV: the heading */
    char *categories;  /* COCO: the array, as text */
    GArray *ids;       /* COCO: gint64, of the categories */
    int columns;       /* CSV */
    gboolean boxes;    /* CSV: its columns are boxes */
};

/* ------------------------------------------------------------------- errors */

/** FV_ERROR_DATA "FILE:LINE: reason"; no line where it is 0. Returns FALSE. */
gboolean fv_label_refuse(const FvLabelSet *set, const char *file, int line, GError **error, const char *format, ...)
    G_GNUC_PRINTF(5, 6);
void fv_label_warn(FvLabelSet *set, const char *file, const char *format, ...) G_GNUC_PRINTF(3, 4);

/* ------------------------------------------------------------------ objects */

FvBox *fv_box_new(int label);
FvBox *fv_box_copy(const FvBox *box);
void fv_box_free(gpointer data);
FvLabels *fv_labels_new(FvShape image);
GArray *fv_points_new(void);
void fv_points_add(GArray *points, double x, double y, int visible);
/** Appends an outline, which it takes. */
void fv_box_add_outline(FvBox *box, FvOutline kind, GArray *outline);
/** Sets what bounds the box, from its outlines or its key points. */
void fv_box_bound(FvBox *box);

/* ----------------------------------------------------------------- geometry */

/** Area of a polygon, or length of a line. */
double fv_outline_measure(const GArray *outline, gboolean open);
/** What of @outline is in @box (x0, y0, x1, y1): pieces are appended to @pieces. */
void fv_outline_clip(const GArray *outline, gboolean open, const double box[4], GPtrArray *pieces);
/** What of @outline is outside of @box. */
void fv_outline_subtract(const GArray *outline, gboolean open, const double box[4], GPtrArray *pieces);
/** Outlines of a box: its polygons or lines, else its four corners. A new array. */
GPtrArray *fv_box_outlines(const FvBox *box);
/** Takes @pieces for what is left of @box; FALSE: that is nothing. */
gboolean fv_box_set_pieces(FvBox *box, GPtrArray *pieces);

/* --------------------------------------------------------------------- sets */

/** The number of a class, which is added where it is new. */
int fv_label_set_intern(FvLabelSet *set, const char *name);
/** The file that belongs to an image: @path with another extension. */
char *fv_label_beside(const char *path, const char *extension);
gboolean fv_label_has_extension(const char *path, const char *extension);
/** Relative, without `..`, `.` and empty parts. */
gboolean fv_label_path_safe(const char *path);
/** Finds which format a set is in, and the file with all labels where that has one. @asked: FV_LABELS_TOLD, or the
 * format that was said. @placed: somebody said where labels are; @separate: and that is not with the images. */
gboolean fv_label_set_tell(FvLabelSet *set, FvLabelFormat asked, gboolean placed, gboolean separate, GError **error);
GBytes *fv_label_set_read(const FvLabelSet *set, const char *file, GError **error);
/** A finite decimal number, all of @text, within what coordinates may be. */
gboolean fv_label_number(const char *text, double *number);
void fv_label_put_number(GString *text, double number);

/* --------------------------------------------------------------------- JSON */

/** The object that @bytes is. */
JsonNode *fv_label_json(const FvLabelSet *set, const char *file, GBytes *bytes, GError **error);
/** Members but those of @known, which ends with NULL, as `, "name": value ...`; NULL: there are none. */
char *fv_label_json_kept(JsonObject *object, const char *const *known);
/** A member as a coordinate, a string, an array; FALSE: not there or of another type. */
gboolean fv_label_json_number(JsonNode *node, double *number);
gboolean fv_label_json_integer(JsonObject *object, const char *name, gint64 *number);
/** A mixed object's weight: the member `weight`, 1 where there is none or it is no number from 0 to 1. */
double fv_label_json_weight(JsonObject *object);
const char *fv_label_json_string(JsonObject *object, const char *name);
JsonArray *fv_label_json_array(JsonObject *object, const char *name);
/** Element @i as an object, or NULL. */
JsonObject *fv_label_json_element(JsonArray *array, guint i);
void fv_label_put_string(GString *text, const char *string);

#endif
