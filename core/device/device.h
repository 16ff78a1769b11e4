/* SPDX-License-Identifier: MIT
 * device.h: the OpenCL layer: which devices there are, memory, programs with a cache, errors with their names.
 * Nothing here needs more than OpenCL 1.2. */
#ifndef FOVEA_DEVICE_H
#define FOVEA_DEVICE_H

#include <fovea/plugin.h>

#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>

/** What a device says of itself. */
typedef struct {
    cl_platform_id platform_id;
    cl_device_id id;
    char *name, *platform, *vendor, *version, *driver;
    cl_device_type type;
    guint64 memory, max_alloc, local_memory; /* bytes */
    guint units, vector_width;               /* compute units; native floats in a vector */
    size_t max_group;
    size_t align; /* of sub-buffers, bytes */
    gboolean has_double;
} FvDeviceInfo;

void fv_device_info_free(FvDeviceInfo *info);

/** All devices of all platforms, GPUs before CPUs before the rest, otherwise as the platforms give them.
 * FV_ERROR_OPENCL, with how to install PoCL, where there is none. */
GPtrArray *fv_device_list(GError **error);

/** "GPU", "CPU", "accelerator", "custom" */
const char *fv_device_type_name(cl_device_type type);

typedef struct {
    FvDeviceInfo *info;
    cl_context context;
    cl_command_queue queue; /* in order */
    gboolean profiling;     /* it keeps times */
    gboolean host_memory;   /* buffers lie in the host's memory: a CPU */
    GHashTable *tiles;      /* what plans are given as FvPlanSettings.tiles, or NULL; its own reference */
} FvDevice;

/** Opens a device.
 * @which: its number in fv_device_list(), or a part of its name, platform, vendor or version (case ignored); NULL: what
 *         FOVEA_DEVICE says, else the first. "pocl", "rusticl", "nvidia" will do. */
FvDevice *fv_device_open(const char *which, GError **error);
void fv_device_close(FvDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvDevice, fv_device_close)

/** Whether events of what is enqueued from now on tell when it ran, which costs time. Not so after fv_device_open().
 * Waits for what was enqueued before. */
gboolean fv_device_set_profiling(FvDevice *device, gboolean profiling, GError **error);
/** Waits for everything that was enqueued. */
gboolean fv_device_finish(FvDevice *device, GError **error);

/** The two families of kernels: one work-item in a work-group, with its tile in vector registers; or work-groups of
 * many work-items, with tiles in local memory. */
typedef enum { FV_FAMILY_CPU, FV_FAMILY_GPU } FvFamily;
/** The family for a device: GPUs and accelerators take the second; FOVEA_KERNELS=cpu|gpu decides for any device.
 * @device: NULL where it is not known: FOVEA_KERNELS, else the first. */
FvFamily fv_device_family(const FvDevice *device);
/** Bytes of local memory that kernels written for CPUs, one work-item in a group, may use; 0 where they are not taken,
 * or on other devices. */
guint64 fv_device_group_memory(const FvDevice *device);

/** "CL_OUT_OF_RESOURCES" */
const char *fv_cl_error_name(cl_int code);
/** Sets FV_ERROR_OPENCL (FV_ERROR_NOMEM where memory ran out) with "WHAT: NAME"; returns FALSE. */
gboolean fv_cl_fail(cl_int code, const char *what, GError **error);

/** Memory of the device, zeroed. On CPUs it is asked for in a way that fails rather than aborts (PoCL). */
cl_mem fv_device_alloc(FvDevice *device, size_t bytes, GError **error);
/** The same, but what it holds is not set: for large memory that is filled bit by bit. */
cl_mem fv_device_alloc_unset(FvDevice *device, size_t bytes, GError **error);
/** A part of it; offset is a multiple of info->align. */
cl_mem fv_device_part(cl_mem whole, size_t offset, size_t bytes, GError **error);
gboolean fv_device_write(FvDevice *device, cl_mem memory, size_t offset, size_t bytes, const void *data,
                         GError **error);
/** Waits for everything enqueued before. */
gboolean fv_device_read(FvDevice *device, cl_mem memory, size_t offset, size_t bytes, void *data, GError **error);

/** Compiles, or takes the binary from the cache ($XDG_CACHE_HOME/fovea, keyed by device, driver, source and options;
 * FOVEA_CACHE=0 turns it off). On failure the message holds the compiler's log. */
cl_program fv_program_build(FvDevice *device, const char *source, const char *options, GError **error);

#endif
