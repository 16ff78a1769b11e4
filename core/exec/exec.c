/* SPDX-License-Identifier: MIT
 * exec.c: enqueues recorded lists. */
#include "core/exec/exec.h"

static cl_int patch(const FvLaunch *launch, const FvPatch *patch, size_t real_size, const FvStep *step)
{
    switch (patch->type) {
    case FV_ARG_STEP: {
        cl_uint value = step->step;
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
    case FV_ARG_RATE: {
        float single = (float) step->rate;
        const void *value = real_size == sizeof step->rate ? (const void *) &step->rate : &single;
        return clSetKernelArg(launch->kernel, patch->index, real_size, value);
    }
    default:
        return CL_INVALID_ARG_VALUE;
    }
}

gboolean fv_exec_enqueue(FvDevice *device, const FvList *list, const FvStep *step, GError **error)
{
    for (guint i = 0; i < list->launches->len; i++) {
        const FvLaunch *launch = list->launches->pdata[i];
        cl_int code = CL_SUCCESS;
        for (guint p = 0; launch->patches && p < launch->patches->len && code == CL_SUCCESS; p++)
            code = patch(launch, &g_array_index(launch->patches, FvPatch, p), list->real_size, step);
        if (code == CL_SUCCESS)
            code = clEnqueueNDRangeKernel(device->queue, launch->kernel, 3, NULL, launch->global,
                                          launch->has_local ? launch->local : NULL, 0, NULL, NULL);
        if (code != CL_SUCCESS)
            return fv_cl_fail(code, launch->name, error);
    }
    cl_int code = clFlush(device->queue);
    return code == CL_SUCCESS || fv_cl_fail(code, "flushing the queue", error);
}
