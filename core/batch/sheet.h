/* SPDX-License-Identifier: MIT
 * sheet.h: a contact sheet: samples beside their originals, with their boxes and points. */
#ifndef FOVEA_BATCH_SHEET_H
#define FOVEA_BATCH_SHEET_H

#include <fovea/plugin.h>

/** What is drawn over an image: a box, or a point where both corners are one; in pixels of the image. */
typedef struct {
    double x0, y0, x1, y1;
    int label;
} FvSheetMark;

typedef struct {
    FvShape shape;
    const guint8 *pixels;
    const FvSheetMark *marks;
    guint mark_count;
} FvSheetImage;

typedef struct {
    const char *source, *output; /* names */
    FvSheetImage before, after;
} FvSheetPair;

typedef struct FvSheet FvSheet;

enum { FV_SHEET_MOST = 16 /* pairs */ };

FvSheet *fv_sheet_new(int pairs);
void fv_sheet_free(FvSheet *sheet);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvSheet, fv_sheet_free)

/** Draws a pair; several threads may, each at its own place. */
void fv_sheet_set(FvSheet *sheet, int place, const FvSheetPair *pair);
/** Writes it as PNG, whole or not at all. FV_ERROR_IO */
gboolean fv_sheet_write(const FvSheet *sheet, const char *file, GError **error);

#endif
