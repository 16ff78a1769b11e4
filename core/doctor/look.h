/* SPDX-License-Identifier: MIT
 * look.h: every value, gradient and parameter of a net that is about to be trained, over several batches. */
#ifndef FOVEA_DOCTOR_LOOK_H
#define FOVEA_DOCTOR_LOOK_H

#include "core/doctor/private.h"

/** A layer's output, over several batches. */
typedef struct {
    double sum, squares, least, largest;
    gint64 count;
    gboolean finite;
    double gradient_squares;
    gint64 gradient_count;
    double *lows, *highs; /* of each channel; NULL: it is not made of units */
} FvDoctorValue;

/** A parameter, over several batches. */
typedef struct {
    double gradient_squares;
    gint64 gradient_count;
    gboolean apart; /* its units got different gradients */
} FvDoctorParam;

typedef struct {
    FvDoctor *doctor;
    FvGraph small;         /* the pipeline's, with the sample's batch */
    FvDoctor copy;         /* a net that keeps everything */
    FvDoctorValue *values; /* of each layer */
    FvDoctorParam *params; /* of each parameter */
} FvDoctorLook;

/** Plans the net, runs it on the sample, forward and where it is trained backward, and reads all of it.
 * fv_doctor_look_clear() in any case. */
gboolean fv_doctor_look(FvDoctor *doctor, FvDoctorLook *look, GError **error);
void fv_doctor_look_clear(FvDoctorLook *look);
/** One batch forward, and back where the net is trained. */
gboolean fv_doctor_look_run(FvDoctorLook *look, guint batch, FvListKind kind, double rate, GError **error);
/** Reads the gradients of the batch that was run, on top of those before. */
gboolean fv_doctor_look_read_gradients(FvDoctorLook *look, GError **error);

/** Whether a layer computes something. */
gboolean fv_doctor_is_shown(const FvPlanLayer *layer);
/** Whether a tensor's rows, which belong to one unit each, are not all the same. */
gboolean fv_doctor_rows_differ(const FvTensor *tensor);
double fv_doctor_squares(const FvTensor *tensor);
double fv_doctor_root_mean(double squares, gint64 count);
double fv_doctor_mean(const FvDoctorValue *value);
double fv_doctor_deviation(const FvDoctorValue *value);
/** Whether a parameter is one of the layer of that path. */
gboolean fv_doctor_is_of(const char *param, const char *path);
/** Whether it is trained weights of units: a number for each input of each. */
gboolean fv_doctor_is_weight(const FvPlanParam *param);

/* ---- doctor_params.c */

void fv_doctor_judge_weights(FvDoctorLook *look);
/** And whether parameters move. */
gboolean fv_doctor_judge_gradients(FvDoctorLook *look, GError **error);

#endif
