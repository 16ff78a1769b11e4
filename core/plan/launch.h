/* SPDX-License-Identifier: MIT
 * launch.h: a recorded list of kernel launches, and the buffers and kernels that it names. */
#ifndef FOVEA_LAUNCH_H
#define FOVEA_LAUNCH_H

#include "core/device/device.h"

struct FvBuffer {
    cl_mem memory;
    guint64 bytes;
};

struct FvKernel {
    char *name; /* as in the program: "fv3_forward" */
    cl_program program;
};

/** An argument that is set again at every step. */
typedef struct {
    cl_uint index;
    FvArgType type;
    int stride; /* FV_ARG_SLOT: results of one step */
} FvPatch;

typedef struct {
    cl_kernel kernel;
    const char *name; /* the FvKernel's */
    size_t global[3], local[3];
    gboolean has_local;
    GArray *patches; /* of FvPatch, or NULL */
} FvLaunch;

struct FvList {
    GPtrArray *launches; /* of FvLaunch */
    int samples, lanes;
    gboolean training;
    size_t real_size;
    int result_stride; /* of the node that is being recorded */
    GError *failed;    /* the first launch that could not be made */
};

FvList *fv_list_new(int samples, int lanes, size_t real_size, gboolean training);
void fv_list_free(FvList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvList, fv_list_free)

#endif
