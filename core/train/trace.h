/* SPDX-License-Identifier: MIT
 * trace.h: one step of a net with every number that it computes: values, loss terms, gradients, the update. */
#ifndef FOVEA_TRACE_H
#define FOVEA_TRACE_H

#include "core/train/weights.h"

typedef struct {
    const FvGraph *graph; /* borrowed, as everything here */
    FvDevice *device;
    FvBeginning begin;         /* parameters */
    const char *const *params; /* NULL-ended "NAME=NUMBER,NUMBER...", set after that; or NULL */
    const char *in;            /* a .npy file, or numbers with commas between them: one or more samples */
    const char *target;        /* the same, or classes; NULL: forward only, as for prediction */
} FvTraceSettings;

/** What one reader gives to the gradient of a value. */
typedef struct {
    char *from;
    double *numbers; /* N,C,H,W */
} FvTraceShare;

/** A layer. Arrays are N,C,H,W of the layer's output shape. */
typedef struct {
    double *value;     /* NULL: not needed, or that of its input */
    double *gradient;  /* of the loss by the value; NULL: there is none */
    GPtrArray *shares; /* of FvTraceShare: what the gradient is the sum of */
} FvTraceLayer;

/** A loss term, penalty or metric. */
typedef struct {
    double mean;      /* what it adds to the loss: its factor times the mean over the samples, or the whole penalty */
    double *samples;  /* factor times the loss of each sample, or the metric of each; NULL for penalties */
    double *elements; /* the loss of each element of each sample, without the factor; NULL where it is no such sum */
} FvTraceTerm;

typedef struct {
    FvTensor *before, *gradient, *after; /* the last two NULL where there is none */
    FvTensor **slots;                    /* NULL-ended: of the optimizer, after the update; or NULL */
} FvTraceParam;

typedef struct {
    FvPlan *plan;
    int samples;
    gboolean doubles; /* computed in double precision: where the device has it */
    FvTensor *target;
    FvTraceLayer *layers; /* fv_plan_layers() of them */
    FvTraceTerm *terms;   /* fv_plan_terms() */
    FvTraceParam *params; /* fv_plan_params() */
    gboolean backward, updated;
    double loss, rate; /* rate: of this step, by the schedule */
} FvTrace;

/** Runs the first step of a training in one batch: forward and, with a target, losses, backward, and the optimizer's
 * update where the pipeline has one. For the schedule an epoch is one step. Of optimizers that
 * evaluate a batch again and again, values and gradients are those of the last evaluation. FV_ERROR_DATA: input, target
 * or a parameter does not fit. */
FvTrace *fv_trace_new(const FvTraceSettings *settings, GError **error);
void fv_trace_free(FvTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvTrace, fv_trace_free)

#endif
