/* SPDX-License-Identifier: MIT
 * memory.c: device memory, and OpenCL's error codes by name. */
#include "core/device/device.h"

#define NAME(code)  \
    {               \
        code, #code \
    }
static const struct {
    cl_int code;
    const char *name;
} names[] = {
    NAME(CL_DEVICE_NOT_FOUND),
    NAME(CL_DEVICE_NOT_AVAILABLE),
    NAME(CL_COMPILER_NOT_AVAILABLE),
    NAME(CL_MEM_OBJECT_ALLOCATION_FAILURE),
    NAME(CL_OUT_OF_RESOURCES),
    NAME(CL_OUT_OF_HOST_MEMORY),
    NAME(CL_MEM_COPY_OVERLAP),
    NAME(CL_BUILD_PROGRAM_FAILURE),
    NAME(CL_MISALIGNED_SUB_BUFFER_OFFSET),
    NAME(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
    NAME(CL_COMPILE_PROGRAM_FAILURE),
    NAME(CL_LINKER_NOT_AVAILABLE),
    NAME(CL_LINK_PROGRAM_FAILURE),
    NAME(CL_INVALID_VALUE),
    NAME(CL_INVALID_DEVICE_TYPE),
    NAME(CL_INVALID_PLATFORM),
    NAME(CL_INVALID_DEVICE),
    NAME(CL_INVALID_CONTEXT),
    NAME(CL_INVALID_QUEUE_PROPERTIES),
    NAME(CL_INVALID_COMMAND_QUEUE),
    NAME(CL_INVALID_HOST_PTR),
    NAME(CL_INVALID_MEM_OBJECT),
    NAME(CL_INVALID_BINARY),
    NAME(CL_INVALID_BUILD_OPTIONS),
    NAME(CL_INVALID_PROGRAM),
    NAME(CL_INVALID_PROGRAM_EXECUTABLE),
    NAME(CL_INVALID_KERNEL_NAME),
    NAME(CL_INVALID_KERNEL_DEFINITION),
    NAME(CL_INVALID_KERNEL),
    NAME(CL_INVALID_ARG_INDEX),
    NAME(CL_INVALID_ARG_VALUE),
    NAME(CL_INVALID_ARG_SIZE),
    NAME(CL_INVALID_KERNEL_ARGS),
    NAME(CL_INVALID_WORK_DIMENSION),
    NAME(CL_INVALID_WORK_GROUP_SIZE),
    NAME(CL_INVALID_WORK_ITEM_SIZE),
    NAME(CL_INVALID_GLOBAL_OFFSET),
    NAME(CL_INVALID_EVENT_WAIT_LIST),
    NAME(CL_INVALID_EVENT),
    NAME(CL_INVALID_OPERATION),
    NAME(CL_INVALID_BUFFER_SIZE),
    NAME(CL_INVALID_GLOBAL_WORK_SIZE),
    NAME(CL_INVALID_PROPERTY),
};

const char *fv_cl_error_name(cl_int code)
{
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (names[i].code == code)
            return names[i].name;
    return "unknown OpenCL error";
}

gboolean fv_cl_fail(cl_int code, const char *what, GError **error)
{
    gboolean memory = code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_HOST_MEMORY;
    g_set_error(error, FV_ERROR, memory ? FV_ERROR_NOMEM : FV_ERROR_OPENCL, "%s: %s (%d)", what, fv_cl_error_name(code),
                code);
    return FALSE;
}

/* @zeros: bytes to be 0 at its beginning. */
static cl_mem take(FvDevice *device, size_t bytes, size_t zeros, GError **error)
{
    cl_int code;
    /* PoCL allocates lazily and aborts when memory has run out; memory that the host can map is taken at once. */
    cl_mem_flags flags = CL_MEM_READ_WRITE | (device->host_memory ? CL_MEM_ALLOC_HOST_PTR : 0);
    g_autofree char *what = g_strdup_printf("%s: allocating %.1f MiB", device->info->name, (double) bytes / 1048576);
    zeros = MAX(4, (zeros + 3) / 4 * 4);
    bytes = MAX(4, (bytes + 3) / 4 * 4);

    if (bytes > device->info->max_alloc || bytes > device->info->memory) {
        fv_cl_fail(CL_MEM_OBJECT_ALLOCATION_FAILURE, what, error);
        return NULL;
    }
    cl_mem memory = clCreateBuffer(device->context, flags, bytes, NULL, &code);
    if (code == CL_SUCCESS) {
        const cl_uint zero = 0;
        code = clEnqueueFillBuffer(device->queue, memory, &zero, sizeof zero, 0, zeros, 0, NULL, NULL);
    }
    if (code == CL_SUCCESS)
        return memory;
    if (memory)
        clReleaseMemObject(memory);
    fv_cl_fail(code, what, error);
    return NULL;
}

cl_mem fv_device_alloc(FvDevice *device, size_t bytes, GError **error)
{
    return take(device, bytes, bytes, error);
}

cl_mem fv_device_alloc_unset(FvDevice *device, size_t bytes, GError **error)
{
    /* Some drivers only take memory when it is first used: they are to fail here. */
    return take(device, bytes, 0, error);
}

cl_mem fv_device_part(cl_mem whole, size_t offset, size_t bytes, GError **error)
{
    cl_int code;
    cl_buffer_region region = { offset, bytes };
    cl_mem part = clCreateSubBuffer(whole, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
    if (code != CL_SUCCESS) {
        fv_cl_fail(code, "part of a buffer", error);
        return NULL;
    }
    return part;
}

gboolean fv_device_finish(FvDevice *device, GError **error)
{
    cl_int code = clFinish(device->queue);
    return code == CL_SUCCESS || fv_cl_fail(code, "waiting for the device", error);
}

gboolean fv_device_write(FvDevice *device, cl_mem memory, size_t offset, size_t bytes, const void *data, GError **error)
{
    cl_int code = clEnqueueWriteBuffer(device->queue, memory, CL_TRUE, offset, bytes, data, 0, NULL, NULL);
    return code == CL_SUCCESS || fv_cl_fail(code, "writing to the device", error);
}

gboolean fv_device_read(FvDevice *device, cl_mem memory, size_t offset, size_t bytes, void *data, GError **error)
{
    cl_int code = clEnqueueReadBuffer(device->queue, memory, CL_TRUE, offset, bytes, data, 0, NULL, NULL);
    return code == CL_SUCCESS || fv_cl_fail(code, "reading from the device", error);
}
