/* SPDX-License-Identifier: MIT
 * exec.c: enqueues recorded lists. */
#include "core/exec/exec.h"

static cl_int set_real(const FvLaunch *launch, cl_uint index, size_t real_size, double number)
{
    float single = (float) number;
    const void *value = real_size == sizeof number ? (const void *) &number : &single;
    return clSetKernelArg(launch->kernel, index, real_size, value);
}

static cl_int patch(const FvLaunch *launch, const FvPatch *patch, size_t real_size, const FvStep *step)
{
    switch (patch->type) {
    case FV_ARG_STEP:
    case FV_ARG_UPDATE: {
        cl_uint value = patch->type == FV_ARG_STEP ? step->step : step->update;
        return clSetKernelArg(launch->kernel, patch->index, sizeof value, &value);
    }
    case FV_ARG_SEED: {
        cl_uint2 value = { { (cl_uint) step->seed, (cl_uint) (step->seed >> 32) } };
        return clSetKernelArg(launch->kernel, patch->index, sizeof value, &value);
    }
    case FV_ARG_SLOT: {
        cl_int value = step->slot * patch->stride;
        return clSetKernelArg(launch->kernel, patch->index, sizeof value, &value);
    }
    case FV_ARG_RATE:
        return set_real(launch, patch->index, real_size, step->rate * patch->factor);
    case FV_ARG_SHARE:
        return set_real(launch, patch->index, real_size, step->share);
    default:
        return CL_INVALID_ARG_VALUE;
    }
}

static cl_int launch_it(FvDevice *device, const FvLaunch *launch, size_t real_size, const FvStep *step, cl_event *event)
{
    cl_int code = CL_SUCCESS;
    for (guint p = 0; launch->patches && p < launch->patches->len && code == CL_SUCCESS; p++)
        code = patch(launch, &g_array_index(launch->patches, FvPatch, p), real_size, step);
    return code != CL_SUCCESS ? code
                              : clEnqueueNDRangeKernel(device->queue, launch->kernel, 3, NULL, launch->global,
                                                       launch->has_local ? launch->local : NULL, 0, NULL, event);
}

/* @events: one for each launch, or NULL */
static gboolean enqueue(FvDevice *device, const FvList *list, const FvStep *step, cl_event *events, GError **error)
{
    for (guint i = 0; i < list->launches->len; i++) {
        const FvLaunch *launch = list->launches->pdata[i];
        cl_int code = launch_it(device, launch, list->real_size, step, events ? &events[i] : NULL);
        if (code != CL_SUCCESS) {
            g_autofree char *text = fv_launch_text(launch);
            return fv_cl_fail(code, text, error);
        }
    }
    cl_int code = clFlush(device->queue);
    return code == CL_SUCCESS || fv_cl_fail(code, "flushing the queue", error);
}

gboolean fv_exec_enqueue(FvDevice *device, const FvList *list, const FvStep *step, GError **error)
{
    return enqueue(device, list, step, NULL, error);
}

static gboolean read_event(cl_event event, const FvLaunch *launch, double *seconds, GError **error)
{
    cl_ulong begin = 0, end = 0;
    cl_int code = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_START, sizeof begin, &begin, NULL);
    if (code == CL_SUCCESS)
        code = clGetEventProfilingInfo(event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
    if (code != CL_SUCCESS) {
        g_autofree char *text = fv_launch_text(launch);
        return fv_cl_fail(code, text, error);
    }
    *seconds = end > begin ? (double) (end - begin) * 1e-9 : 0;
    return TRUE;
}

gboolean fv_exec_profile(FvDevice *device, const FvList *list, const FvStep *step, double *seconds, GError **error)
{
    const guint count = list->launches->len;
    g_autofree cl_event *events = g_new0(cl_event, MAX(1, count));
    gboolean done = enqueue(device, list, step, events, error) && fv_device_finish(device, error);
    for (guint i = 0; i < count; i++) {
        done = done && read_event(events[i], list->launches->pdata[i], &seconds[i], error);
        if (events[i])
            clReleaseEvent(events[i]);
    }
    return done;
}
