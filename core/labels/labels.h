/* SPDX-License-Identifier: MIT
 * labels.h: what is known about images (classes, boxes, polygons, key points, masks): read, moved along and written.
 *
 * Points are in pixels of the image: (0, 0) is its upper left corner, (w, h) its lower right one. Everything read is
 * taken as hostile: errors name the file (and the line where there is one) and the reason, in one line. */
#ifndef FOVEA_LABELS_H
#define FOVEA_LABELS_H

#include "core/data/image.h"

typedef enum {
    FV_LABELS_TOLD,    /* by what lies there */
    FV_LABELS_NONE,    /* there are none */
    FV_LABELS_FOLDERS, /* the class is the first folder of an image's path */
    FV_LABELS_YOLO, /* a .txt per image: `class cx cy w h`, or `class x y x y x y ...` (a polygon), shares of its size
                     */
    FV_LABELS_COCO, /* one .json: images, annotations (bbox, polygons, keypoints), categories */
    FV_LABELS_VOC,  /* an .xml per image, boxes of 1-based pixels that are both within */
    FV_LABELS_CSV,  /* one .csv: `file,class[,weight]`, `file,x0,y0,x1,y1,class`, or `file,x1,y1,...,xn,yn[,class]` */
    FV_LABELS_LABELME, /* a .json per image: shapes */
    FV_LABELS_MASKS,   /* a .png per image: class numbers, or a palette's */
    FV_LABELS_FORMATS
} FvLabelFormat;

/** "told", "none", "folders", "yolo", "coco", "voc", "csv", "labelme", "masks". */
const char *fv_label_format_name(FvLabelFormat format);
/** FV_ERROR_UNKNOWN with the names that there are. */
gboolean fv_label_format_find(const char *name, FvLabelFormat *format, GError **error);

/* ------------------------------------------------------------ of one image */

typedef struct {
    double x, y;
    int visible; /* 0: not there (x and y are 0), 1: there and hidden, 2: seen (as COCO counts) */
} FvPoint;

/** How an object's place is given. */
typedef enum { FV_OUTLINE_BOX, FV_OUTLINE_POLYGON, FV_OUTLINE_LINE, FV_OUTLINE_POINT } FvOutline;

/** One object of an image. */
typedef struct FvBox {
    int label;             /* its class, a number for fv_label_set_class(); -1: none */
    double x0, y0, x1, y1; /* what bounds it: x0 <= x1, y0 <= y1 */
    FvOutline outline;     /* POLYGON: `outlines` are closed, LINE: open; BOX, POINT: none */
    GPtrArray *outlines;   /* of GArray of FvPoint, or NULL */
    GArray *points;        /* key points, of FvPoint, or NULL; their number and order do not change */
    GPtrArray *parts;      /* of FvBox: boxes of its parts (VOC), or NULL */
    double visible;        /* share of its area that moving and covering have left */
    double weight;         /* of its image where that is blended with others */
    char *kept;            /* GRefString: what else its file says of it, in the file's own language, or NULL */
} FvBox;

/** A class of a whole image, with its share in a mix. */
typedef struct {
    int label;
    double weight;
} FvClass;

/** What is known about one image. */
typedef struct {
    FvShape image;    /* its extent */
    GArray *classes;  /* of FvClass; sum of weights 1, or none */
    GPtrArray *boxes; /* of FvBox, in the order of the file */
    char *mask;       /* the mask's path, for fv_label_set_mask(), or NULL */
    char *kept;       /* GRefString, as in FvBox */
} FvLabels;

void fv_labels_free(FvLabels *labels);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvLabels, fv_labels_free)
FvLabels *fv_labels_copy(const FvLabels *labels);

/** Moves point (*u, *v); FALSE where it has no place any more. */
typedef gboolean (*FvMove)(gpointer data, double *u, double *v);

/** Labels of an image that was moved into one of extent @out.
 * The outline of an object (polygons, whose edges are divided where they bend; else the edges of the box, 16 points a
 * side) is moved and clipped to the output; the box is what bounds that. It is dropped where less than @least_visible
 * (0 to 1) of its moved area is left, or nothing. Key points outside get visible 0; an object that is a single point
 * is dropped there. Which key point is left and which right does not change in a mirror image. */
FvLabels *fv_labels_moved(const FvLabels *labels, FvMove move, gpointer data, FvShape out, double least_visible);

/** A step of an image's way. What comes to lie outside of @out is cut off there, whatever later steps do: what a crop
 * took away does not come back when the rest is turned. */
typedef struct {
    FvMove move;
    gpointer data;
    FvShape out;
} FvMoveStep;

/** fv_labels_moved() by @count steps, one after another; least_visible is of all of them together. */
FvLabels *fv_labels_moved_along(const FvLabels *labels, const FvMoveStep *steps, int count, double least_visible);

/** One of the images that an output is made of. */
typedef struct {
    const FvLabels *labels; /* moved already */
    double weight;          /* its share of the class: fv_draw_weight() */
    double region[4];       /* what it fills: fv_draw_region() */
} FvLabelPart;

/** The labels of all parts together. Objects are clipped to their part's region, and lose what later parts cover of it;
 * parts with the same region are blended, none covers the other (mixup). Classes are summed up. `kept` and the mask
 * are part 0's. */
FvLabels *fv_labels_merged(const FvLabelPart *parts, int count, FvShape out, double least_visible);

/* ---------------------------------------------------------- of a data set */

/** The labels of a data set. Immutable but for names of classes, which are added as files are read: thread-safe. */
typedef struct FvLabelSet FvLabelSet;

/** Files that labels are read from: a folder's, an archive's. */
typedef struct {
    const char *name;       /* for messages */
    const GPtrArray *paths; /* of char *, relative, sorted; all files that there are, images too */
    /* The whole of one of them; thread-safe. Messages name the file. */
    GBytes *(*open)(gpointer data, const char *path, GError **error);
    gpointer data;
} FvLabelFiles;

/** Reads labels of the images in folder @in.
 * @labels: a file (.json, .csv) or a folder, with the same relative paths as the images; NULL: beside the images.
 * Errors: FV_ERROR_IO; FV_ERROR_DATA: malformed, no labels of @format or none in @labels, or MASKS, which look like
 * images, beside the images. Where nobody said that there are labels and none are, the set has format NONE. */
FvLabelSet *fv_label_set_open(const char *in, const char *labels, FvLabelFormat format, GError **error);
/** The same of any files. @only: the path of the one file with labels, or NULL. @files is copied, its paths and data
 * are borrowed. */
FvLabelSet *fv_label_set_new(const FvLabelFiles *files, const char *only, FvLabelFormat format, GError **error);
void fv_label_set_free(FvLabelSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvLabelSet, fv_label_set_free)

FvLabelFormat fv_label_set_format(const FvLabelSet *set);
/** The name of a class; its number as text where it has none. Free it. */
char *fv_label_set_class(FvLabelSet *set, int label);
/** What was left out while reading (COCO's RLE), and that no image had labels; a line each, sorted; free it with
 * g_ptr_array_unref(). */
GPtrArray *fv_label_set_warnings(FvLabelSet *set);

/** Labels of the image at relative path @path, which has extent @image as oriented (YOLO's shares are of it). An image
 * that no label knows of has none: never NULL without error. Errors: FV_ERROR_IO, FV_ERROR_DATA. Thread-safe. */
FvLabels *fv_label_set_get(FvLabelSet *set, const char *path, FvShape image, GError **error);

/** The bytes of a mask's file. */
GBytes *fv_label_set_mask(FvLabelSet *set, const FvLabels *labels, GError **error);

/* ------------------------------------------------------------------ written */

/** A file to be written. */
typedef struct {
    char *path; /* relative to the output */
    GBytes *content;
} FvLabelFile;
void fv_label_file_free(FvLabelFile *file);

/** Writes labels in the format of their set. */
typedef struct FvLabelWriter FvLabelWriter;
FvLabelWriter *fv_label_writer_new(FvLabelSet *set);
void fv_label_writer_free(FvLabelWriter *writer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvLabelWriter, fv_label_writer_free)

/** One output image. Thread-safe; the order of the calls does not show in what is written. After a resume, images that
 * are there already must be added too.
 * @path: the image's, relative to the output. @file: gets the file that belongs to it, or NULL where the format has
 * none, or one for all images. Errors: FV_ERROR_DATA: a path that is absolute or has `..`, two images with one file. */
gboolean fv_label_writer_add(FvLabelWriter *writer, const char *path, const FvLabels *labels, FvLabelFile **file,
                             GError **error);
/** Files for all images: annotations (COCO, CSV), classes.txt (YOLO), labels.csv with weights where images of FOLDERS
 * are mixed. An array of FvLabelFile, empty where there are none; free it with g_ptr_array_unref(). */
GPtrArray *fv_label_writer_finish(FvLabelWriter *writer);

/* -------------------------------------------------------------------- masks */

/** A mask: class numbers, and the palette that shows them. */
typedef struct {
    int w, h;
    guint8 *classes; /* h x w */
    FvPalette palette;
} FvMask;

/** Reads a PNG with a palette or of grey values, 8 bits or fewer. @bytes is of file @name.
 * FV_ERROR_DATA: no such PNG, or larger than @most_pixels. */
FvMask *fv_mask_read(const char *name, GBytes *bytes, gint64 most_pixels, GError **error);
/** A PNG of @w x @h class numbers with the palette of @like. */
GBytes *fv_mask_write(const FvMask *like, const guint8 *classes, int w, int h);
void fv_mask_free(FvMask *mask);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvMask, fv_mask_free)

#endif
