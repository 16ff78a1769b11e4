/* SPDX-License-Identifier: MIT
 * manifest.h: manifest.jsonl: a line for each output, with all that was drawn for it. */
#ifndef FOVEA_BATCH_MANIFEST_H
#define FOVEA_BATCH_MANIFEST_H

#include "core/batch/work.h"

/** What a line tells beside the draw. */
typedef struct {
    const FvWorkItem *item;
    const FvDraw *draw;
    int parts;
    guint32 images[FV_AUGMENT_PARTS];  /* that it is made of */
    guint32 samples[FV_AUGMENT_PARTS]; /* their numbers as drawn */
    FvShape shapes[FV_AUGMENT_PARTS];  /* in full size */
    int eighths[FV_AUGMENT_PARTS];     /* at which they are decoded */
    int quality;                       /* 0: none */
} FvManifestLine;

/** The line, with its end; g_free() it. */
char *fv_manifest_line(const FvManifestLine *line, const FvImages *images);

/** Reads a manifest, or any lines of one.
 * Returns FvWorkItems, which own their names and `drawn`. Errors: as fv_work_from_manifest(). */
GPtrArray *fv_manifest_read(const char *file, FvImages *images, GError **error);

#endif
