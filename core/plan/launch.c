/* SPDX-License-Identifier: MIT
 * launch.c: records launches: a kernel with its arguments set, and what of them changes at each step. */
#include "core/plan/launch.h"

char *fv_launch_text(const FvLaunch *launch)
{
    return launch->layer ? g_strdup_printf("%s: %s", launch->layer, launch->name) : g_strdup(launch->name);
}

static void launch_free(gpointer data)
{
    FvLaunch *launch = data;
    if (launch->kernel)
        clReleaseKernel(launch->kernel);
    g_clear_pointer(&launch->patches, g_array_unref);
    g_free(launch);
}

FvList *fv_list_new(int samples, int lanes, size_t real_size, gboolean training)
{
    FvList *list = g_new0(FvList, 1);
    list->launches = g_ptr_array_new_with_free_func(launch_free);
    list->samples = samples;
    list->lanes = lanes;
    list->real_size = real_size;
    list->training = training;
    return list;
}

void fv_list_free(FvList *list)
{
    if (!list)
        return;
    g_ptr_array_unref(list->launches);
    g_clear_error(&list->failed);
    g_free(list);
}

int fv_list_samples(const FvList *list)
{
    return list->samples;
}

int fv_list_blocks(const FvList *list)
{
    return (list->samples + list->lanes - 1) / list->lanes;
}

gboolean fv_list_training(const FvList *list)
{
    return list->training;
}

static cl_int set_argument(FvList *list, FvLaunch *launch, cl_uint i, const FvArg *arg)
{
    switch (arg->type) {
    case FV_ARG_BUFFER:
        if (!arg->buffer)
            return CL_INVALID_MEM_OBJECT;
        return clSetKernelArg(launch->kernel, i, sizeof(cl_mem), &arg->buffer->memory);
    case FV_ARG_INT: {
        cl_int value = (cl_int) arg->number;
        return clSetKernelArg(launch->kernel, i, sizeof value, &value);
    }
    case FV_ARG_REAL: {
        float single = (float) arg->number;
        double whole = arg->number;
        const void *value = list->real_size == sizeof whole ? (const void *) &whole : &single;
        return clSetKernelArg(launch->kernel, i, list->real_size, value);
    }
    case FV_ARG_LOCAL:
        return clSetKernelArg(launch->kernel, i, (size_t) arg->number * list->real_size, NULL);
    case FV_ARG_STEP:
    case FV_ARG_SEED:
    case FV_ARG_SLOT:
    case FV_ARG_RATE:
    case FV_ARG_UPDATE:
    case FV_ARG_SHARE: {
        FvPatch patch = { .index = i, .type = arg->type, .stride = list->result_stride, .factor = arg->number };
        if (!launch->patches)
            launch->patches = g_array_new(FALSE, FALSE, sizeof patch);
        g_array_append_val(launch->patches, patch);
        return CL_SUCCESS;
    }
    }
    return CL_INVALID_ARG_VALUE;
}

static guint64 bytes_of(const FvArg *args, int count)
{
    guint64 bytes = 0;
    for (int i = 0; i < count; i++) {
        gboolean seen = args[i].type != FV_ARG_BUFFER;
        for (int k = 0; k < i && !seen; k++)
            seen = args[k].type == FV_ARG_BUFFER && args[k].buffer->memory == args[i].buffer->memory;
        bytes += seen ? 0 : args[i].buffer->bytes;
    }
    return bytes;
}

/* Of the buffers that a kernel reads besides. */
static guint64 bytes_of_more(const FvKernel *kernel, const FvArg *args, int count)
{
    guint64 bytes = 0;
    for (int i = 0; i < kernel->more_count; i++) {
        gboolean seen = FALSE;
        for (int k = 0; k < count; k++)
            seen |= args[k].type == FV_ARG_BUFFER && args[k].buffer->memory == kernel->more[i]->memory;
        bytes += seen ? 0 : kernel->more[i]->bytes;
    }
    return bytes;
}

/* A kernel that requires a size of its groups is given it where the grid names none. */
static void take_required_size(FvLaunch *launch)
{
    size_t size[3] = { 0 };
    if (clGetKernelWorkGroupInfo(launch->kernel, NULL, CL_KERNEL_COMPILE_WORK_GROUP_SIZE, sizeof size, size, NULL) !=
            CL_SUCCESS ||
        size[0] == 0)
        return;
    for (int d = 0; d < 3; d++)
        launch->local[d] = MAX(1, size[d]);
    launch->has_local = TRUE;
}

void fv_list_launch(FvList *list, FvKernel *kernel, FvGrid grid, const FvArg *args, int count)
{
    if (list->failed)
        return;
    if (!kernel) {
        g_set_error_literal(&list->failed, FV_ERROR, FV_ERROR_OPENCL, "a launch without a kernel");
        return;
    }
    FvLaunch *launch = g_new0(FvLaunch, 1);
    cl_int code = CL_SUCCESS;
    g_ptr_array_add(list->launches, launch);
    launch->name = kernel->name;
    launch->layer = list->layer;
    for (int d = 0; d < 3; d++) {
        launch->global[d] = MAX(1, grid.global[d]);
        launch->local[d] = MAX(1, grid.local[d]);
        launch->has_local |= grid.local[d] > 0;
    }
    launch->kernel = clCreateKernel(kernel->program, kernel->name, &code);
    if (code != CL_SUCCESS) {
        g_autofree char *text = fv_launch_text(launch);
        fv_cl_fail(code, text, &list->failed);
        return;
    }
    if (!launch->has_local)
        take_required_size(launch);
    cl_uint all = 0;
    if (kernel->more_count > 0)
        clGetKernelInfo(launch->kernel, CL_KERNEL_NUM_ARGS, sizeof all, &all, NULL);
    const int more = (int) all > count ? kernel->more_count : 0;
    for (int i = 0; i < count + more; i++) {
        const FvArg arg = i < count ? args[i] : fv_buffer(kernel->more[i - count]);
        code = set_argument(list, launch, (cl_uint) i, &arg);
        if (code != CL_SUCCESS) {
            g_autofree char *text = fv_launch_text(launch);
            g_autofree char *what = g_strdup_printf("%s: argument %d", text, i);
            fv_cl_fail(code, what, &list->failed);
            return;
        }
    }
    launch->bytes = bytes_of(args, count) + (more > 0 ? bytes_of_more(kernel, args, count) : 0);
}
