/* SPDX-License-Identifier: MIT
 * launch.h: a recorded list of kernel launches, and the buffers and kernels that it names. */
#ifndef FOVEA_LAUNCH_H
#define FOVEA_LAUNCH_H

#include "core/device/device.h"

/* Values that a kernel may add to what it writes, and that it may read for that in all. */
enum { FV_MAX_SUMMANDS = 4, FV_MAX_MORE = 8 };

struct FvBuffer {
    cl_mem memory;
    guint64 bytes;
};

struct FvKernel {
    char *name; /* as in the program: "fv3_forward" */
    cl_program program;
    FvBuffer *more[FV_MAX_MORE]; /* arguments after those of a launch */
    int more_count;
};

/** An argument that is set again at every step. */
typedef struct {
    cl_uint index;
    FvArgType type;
    int stride;    /* FV_ARG_SLOT: results of one step */
    double factor; /* FV_ARG_RATE: of the rate */
} FvPatch;

typedef struct {
    cl_kernel kernel;
    const char *name;  /* the FvKernel's */
    const char *layer; /* whose launch it is: the path of a layer, the name of a loss, metric or optimizer; or NULL */
    guint64 bytes;     /* of the buffers that it names, each counted once */
    size_t global[3], local[3];
    gboolean has_local;
    GArray *patches; /* of FvPatch, or NULL */
} FvLaunch;

struct FvList {
    GPtrArray *launches; /* of FvLaunch */
    int samples, lanes;
    gboolean training;
    size_t real_size;
    const char *layer; /* of the node that is being recorded, borrowed from its graph */
    int result_stride; /* and of its results */
    GError *failed;    /* the first launch that could not be made */
};

/** "conv1: fv3_forward"; g_free() it. */
char *fv_launch_text(const FvLaunch *launch);

FvList *fv_list_new(int samples, int lanes, size_t real_size, gboolean training);
void fv_list_free(FvList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvList, fv_list_free)

#endif
