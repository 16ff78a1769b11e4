/* SPDX-License-Identifier: MIT
 * device.c: finds, describes and opens OpenCL devices. */
#include "core/device/device.h"

#include <string.h>

static const char no_device[] =
    "no OpenCL device found; to compute on the CPU install PoCL (Debian: apt install pocl-opencl-icd), for a GPU its "
    "vendor's OpenCL driver";

void fv_device_info_free(FvDeviceInfo *info)
{
    if (!info)
        return;
    g_free(info->name);
    g_free(info->platform);
    g_free(info->vendor);
    g_free(info->version);
    g_free(info->driver);
    g_free(info);
}

static char *device_text(cl_device_id id, cl_device_info what)
{
    size_t size = 0;
    if (clGetDeviceInfo(id, what, 0, NULL, &size) != CL_SUCCESS || size == 0)
        return g_strdup("");
    char *text = g_malloc0(size + 1);
    clGetDeviceInfo(id, what, size, text, NULL);
    return g_strstrip(text);
}

static char *platform_text(cl_platform_id id, cl_platform_info what)
{
    size_t size = 0;
    if (clGetPlatformInfo(id, what, 0, NULL, &size) != CL_SUCCESS || size == 0)
        return g_strdup("");
    char *text = g_malloc0(size + 1);
    clGetPlatformInfo(id, what, size, text, NULL);
    return g_strstrip(text);
}

static FvDeviceInfo *describe(cl_platform_id platform, cl_device_id id)
{
    FvDeviceInfo *info = g_new0(FvDeviceInfo, 1);
    cl_ulong memory = 0, max_alloc = 0, local = 0;
    cl_uint units = 1, width = 1, align = 1024;

    info->platform_id = platform;
    info->id = id;
    info->name = device_text(id, CL_DEVICE_NAME);
    info->vendor = device_text(id, CL_DEVICE_VENDOR);
    info->version = device_text(id, CL_DEVICE_VERSION);
    info->driver = device_text(id, CL_DRIVER_VERSION);
    info->platform = platform_text(platform, CL_PLATFORM_NAME);
    clGetDeviceInfo(id, CL_DEVICE_TYPE, sizeof info->type, &info->type, NULL);
    clGetDeviceInfo(id, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof max_alloc, &max_alloc, NULL);
    clGetDeviceInfo(id, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local, &local, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL);
    clGetDeviceInfo(id, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof align, &align, NULL);
    clGetDeviceInfo(id, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof info->max_group, &info->max_group, NULL);

    g_autofree char *extensions = device_text(id, CL_DEVICE_EXTENSIONS);
    info->has_double = strstr(extensions, "cl_khr_fp64") != NULL;
    info->memory = memory;
    info->max_alloc = max_alloc;
    info->local_memory = local;
    info->units = MAX(1, units);
    info->vector_width = width;
    info->align = MAX(1, align / 8);
    return info;
}

/* Lower comes first. */
static int rank(const FvDeviceInfo *info)
{
    if (info->type & CL_DEVICE_TYPE_GPU)
        return 0;
    if (info->type & CL_DEVICE_TYPE_CPU)
        return strstr(info->name, "llvmpipe") ? 2 : 1; /* PoCL before the software rasteriser */
    return 3;
}

static int by_rank(const void *a, const void *b)
{
    const FvDeviceInfo *const *x = a, *const *y = b;
    return rank(*x) - rank(*y);
}

static void add_platform(GPtrArray *devices, cl_platform_id platform)
{
    cl_uint count = 0;
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &count) != CL_SUCCESS || count == 0)
        return;
    g_autofree cl_device_id *ids = g_new0(cl_device_id, count);
    if (clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, ids, NULL) != CL_SUCCESS)
        return;
    for (cl_uint i = 0; i < count; i++)
        g_ptr_array_add(devices, describe(platform, ids[i]));
}

GPtrArray *fv_device_list(GError **error)
{
    /* Without it PoCL sometimes puts both of its workers on one core. It must stand before the first OpenCL call. */
    g_setenv("POCL_AFFINITY", "1", FALSE);

    g_autoptr(GPtrArray) devices = g_ptr_array_new_with_free_func((GDestroyNotify) fv_device_info_free);
    cl_uint count = 0;
    if (clGetPlatformIDs(0, NULL, &count) == CL_SUCCESS && count > 0) {
        g_autofree cl_platform_id *platforms = g_new0(cl_platform_id, count);
        if (clGetPlatformIDs(count, platforms, NULL) == CL_SUCCESS)
            for (cl_uint i = 0; i < count; i++)
                add_platform(devices, platforms[i]);
    }
    if (devices->len == 0) {
        g_set_error_literal(error, FV_ERROR, FV_ERROR_OPENCL, no_device);
        return NULL;
    }
    g_ptr_array_sort(devices, by_rank);
    return g_steal_pointer(&devices);
}

const char *fv_device_type_name(cl_device_type type)
{
    if (type & CL_DEVICE_TYPE_GPU)
        return "GPU";
    if (type & CL_DEVICE_TYPE_CPU)
        return "CPU";
    return type & CL_DEVICE_TYPE_ACCELERATOR ? "accelerator" : "custom";
}

static gboolean contains(const char *text, const char *part)
{
    g_autofree char *a = g_ascii_strdown(text, -1);
    g_autofree char *b = g_ascii_strdown(part, -1);
    return strstr(a, b) != NULL;
}

static int choose(const GPtrArray *devices, const char *which, GError **error)
{
    if (!which || !*which)
        return 0;
    char *end;
    guint64 number = g_ascii_strtoull(which, &end, 10);
    if (*end == '\0') {
        if (number < devices->len)
            return (int) number;
        g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "no device %s; there are %u (see fovea devices)", which,
                    devices->len);
        return -1;
    }
    for (guint i = 0; i < devices->len; i++) {
        const FvDeviceInfo *d = devices->pdata[i];
        if (contains(d->name, which) || contains(d->platform, which) || contains(d->vendor, which) ||
            contains(d->version, which))
            return (int) i;
    }
    g_set_error(error, FV_ERROR, FV_ERROR_UNKNOWN, "no device with \"%s\" in its name (see fovea devices)", which);
    return -1;
}

FvDevice *fv_device_open(const char *which, GError **error)
{
    g_autoptr(GPtrArray) devices = fv_device_list(error);
    if (!devices)
        return NULL;
    int chosen = choose(devices, which ? which : g_getenv("FOVEA_DEVICE"), error);
    if (chosen < 0)
        return NULL;

    g_autoptr(FvDevice) device = g_new0(FvDevice, 1);
    device->info = devices->pdata[chosen];
    devices->pdata[chosen] = NULL;
    device->host_memory = (device->info->type & CL_DEVICE_TYPE_CPU) != 0;

    cl_int code;
    cl_context_properties properties[] = { CL_CONTEXT_PLATFORM, (cl_context_properties) device->info->platform_id, 0 };
    device->context = clCreateContext(properties, 1, &device->info->id, NULL, NULL, &code);
    if (code == CL_SUCCESS)
        device->queue = clCreateCommandQueue(device->context, device->info->id, 0, &code);
    if (code != CL_SUCCESS) {
        fv_cl_fail(code, device->info->name, error);
        return NULL;
    }
    return g_steal_pointer(&device);
}

gboolean fv_device_set_profiling(FvDevice *device, gboolean profiling, GError **error)
{
    if (device->profiling == profiling)
        return TRUE;
    if (!fv_device_finish(device, error))
        return FALSE;
    cl_int code;
    cl_command_queue queue =
        clCreateCommandQueue(device->context, device->info->id, profiling ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
    if (code != CL_SUCCESS)
        return fv_cl_fail(code, "a queue that keeps times", error);
    clReleaseCommandQueue(device->queue);
    device->queue = queue;
    device->profiling = profiling;
    return TRUE;
}

FvFamily fv_device_family(const FvDevice *device)
{
    const char *forced = g_getenv("FOVEA_KERNELS");
    if (forced && g_str_equal(forced, "gpu"))
        return FV_FAMILY_GPU;
    if (!device || (forced && g_str_equal(forced, "cpu")))
        return FV_FAMILY_CPU;
    const cl_device_type grouped = CL_DEVICE_TYPE_GPU | CL_DEVICE_TYPE_ACCELERATOR;
    return device->info->type & grouped ? FV_FAMILY_GPU : FV_FAMILY_CPU;
}

guint64 fv_device_group_memory(const FvDevice *device)
{
    return device->host_memory && fv_device_family(device) == FV_FAMILY_CPU ? device->info->local_memory : 0;
}

void fv_device_close(FvDevice *device)
{
    if (!device)
        return;
    if (device->queue) {
        clFinish(device->queue);
        clReleaseCommandQueue(device->queue);
    }
    if (device->context)
        clReleaseContext(device->context);
    g_clear_pointer(&device->tiles, g_hash_table_unref);
    fv_device_info_free(device->info);
    g_free(device);
}
