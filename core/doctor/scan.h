/* SPDX-License-Identifier: MIT
 * scan.h: the images of all splits, each of which is read once. */
#ifndef FOVEA_DOCTOR_SCAN_H
#define FOVEA_DOCTOR_SCAN_H

#include "core/doctor/private.h"

enum { FV_DOCTOR_DIGEST = 16 };

/** What is kept of an image. */
typedef struct {
    guint8 digest[FV_DOCTOR_DIGEST]; /* of its shape and its bytes */
    gint32 label;
    gboolean constant; /* all pixels are the same */
} FvDoctorSeen;

typedef struct {
    gsize count;        /* of images that were read */
    gsize all;          /* images of the split: more, where there were too many */
    FvDoctorSeen *seen; /* NULL: there is no such split */
} FvDoctorSplit;

typedef struct {
    FvDoctorSplit splits[FV_SPLITS];
    gsize total; /* images that were read */
} FvDoctorScan;

/** Reads them, on all processors. fv_doctor_scan_clear() in any case. FALSE with an error, or without one where it was
 * stopped. */
gboolean fv_doctor_scan(const FvDoctor *doctor, FvDoctorScan *scan, GError **error);
void fv_doctor_scan_clear(FvDoctorScan *scan);

#endif
