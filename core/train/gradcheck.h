/* SPDX-License-Identifier: MIT
 * gradcheck.h: compares the gradients that backward passes give with differences of the loss, in double precision. */
#ifndef FOVEA_GRADCHECK_H
#define FOVEA_GRADCHECK_H

#include "core/device/device.h"
#include "core/graph/graph.h"

/** What was found for one parameter, or for the net's input. */
typedef struct {
    const char *name; /* "conv1.weight", "input1" */
    int checked;      /* elements: all where they are few, else drawn */
    gint64 elements;  /* that it has */
    double worst;     /* the largest relative error */
} FvGradcheckResult;
typedef void (*FvGradcheckFunc)(const FvGradcheckResult *result, gpointer data);

typedef struct {
    const FvGraph *graph; /* borrowed, as everything here */
    FvDevice *device;
    guint64 seed;        /* of parameters, inputs, targets, and of which elements are looked at */
    int batch;           /* samples */
    const char *weights; /* file, or NULL: parameters as training begins with them */
    double tolerance;    /* FV_GRADCHECK_TOLERANCE */
} FvGradcheckSettings;

#define FV_GRADCHECK_TOLERANCE 1e-6

/** Checks a net with its losses, in training mode. The error of an element is |a - n| / max(|a|, |n|, floor): a
 * analytic, n from differences (Richardson's extrapolation of central ones), floor a thousandth of the largest of its
 * tensor and a ten-thousandth of the largest of all. Where a kink lies within a step, smaller steps are tried.
 * @passed: whether all errors are within the tolerance.
 * Errors: the pipeline's; FV_ERROR_OPENCL where the device has no double. */
gboolean fv_gradcheck(const FvGradcheckSettings *settings, FvGradcheckFunc func, gpointer data, gboolean *passed,
                      GError **error);

/** Pipelines that exercise a layer or a loss, one for each of its examples; NULL-ended, g_strfreev() it. Layers get
 * values of odd sizes, the value `other` beside what comes in (those without derivative the image itself); losses look
 * at `value`. NULL for plugins that have no gradient: other kinds, layers without input. */
char **fv_gradcheck_pipelines(const FvPlugin *plugin);

#endif
