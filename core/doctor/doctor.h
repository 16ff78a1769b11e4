/* SPDX-License-Identifier: MIT
 * doctor.h: looks a pipeline over before hours are spent on its training: data, net, losses, learning rate. */
#ifndef FOVEA_DOCTOR_H
#define FOVEA_DOCTOR_H

#include "core/sink/checkup.h"
#include "core/train/session.h"
#include "core/train/weights.h"

/** Called with each check as it is made. */
typedef void (*FvDoctorFunc)(const FvCheck *check, gpointer data);

typedef struct {
    const FvGraph *graph; /* borrowed, as everything here */
    FvDevice *device;
    const FvOpenSource *source; /* opened ahead, or NULL */
    FvBeginning begin;          /* of the parameters */
    gint64 images;              /* of a split that are compared with each other, at most; 0: 200000 */
    FvProgressBar *progress;    /* or NULL */
    const volatile sig_atomic_t *stop;
    FvDoctorFunc func; /* or NULL */
    gpointer data;
} FvDoctorSettings;

enum { FV_DOCTOR_IMAGES = 200000 };

/** Makes all checks. Nothing is written anywhere. A check that others explain (a loss that does not fall where all
 * units are dead) is no fault of its own, but a warning that says what it follows from. Errors: those of opening a
 * session; of reading the data. NULL without an error where it was stopped. */
FvCheckup *fv_doctor(const FvDoctorSettings *settings, GError **error);

#endif
