/* SPDX-License-Identifier: MIT
 * passes.c: enqueues the passes of samples' programs. */
#include "core/augment/passes.h"

const char *const fv_pass_kernels[FV_PASS_KINDS] = { "augment", "look_around", "count" };

gboolean fv_passes_launch(FvDevice *device, cl_kernel kernel, const FvPassArguments *arguments, FvGrid grid,
                          const char *what, GError **error)
{
    cl_uint argument = 0;
    cl_int code = CL_SUCCESS;
    for (int i = 0; i < arguments->memory_count && code == CL_SUCCESS; i++)
        code = clSetKernelArg(kernel, argument++, sizeof(cl_mem), &arguments->memories[i]);
    for (int i = 0; i < arguments->number_count && code == CL_SUCCESS; i++)
        code = clSetKernelArg(kernel, argument++, sizeof(cl_int), &arguments->numbers[i]);
    for (int d = 0; d < 3; d++)
        grid.global[d] = MAX(1, grid.global[d]);
    if (code == CL_SUCCESS)
        code = clEnqueueNDRangeKernel(device->queue, kernel, 3, NULL, grid.global, grid.local[0] ? grid.local : NULL, 0,
                                      NULL, NULL);
    return code == CL_SUCCESS || fv_cl_fail(code, what, error);
}

FvGrid fv_passes_grid(gboolean rows, int h, int w, int count)
{
    const int strips = (h + FV_PROGRAM_STRIP - 1) / FV_PROGRAM_STRIP;
    return rows ? FV_ITEMS(1, (size_t) strips, (size_t) count) : FV_GRID((size_t) w, (size_t) h, (size_t) count);
}

static guint32 *program_of(const FvPasses *passes, int i)
{
    return passes->host + (gsize) passes->words * (gsize) i;
}

/* How many of a program's passes are ours. */
static int passes_of(const FvPasses *passes, int i)
{
    return (int) program_of(passes, i)[0] - (passes->but_last ? 1 : 0);
}

int fv_passes_most(const FvPasses *passes)
{
    int most = 0;
    for (int i = 0; i < passes->count; i++)
        most = MAX(most, passes_of(passes, i));
    return most;
}

/* Whether there are passes of a kind in a round, and the largest extent of their outputs. */
static gboolean find(const FvPasses *passes, int round, FvPassKind kind, int *h, int *w)
{
    *h = *w = 0;
    for (int i = 0; i < passes->count; i++) {
        const FvPass *pass = fv_program_pass(program_of(passes, i), round);
        if (passes_of(passes, i) <= round || pass->kind != (gint32) kind)
            continue;
        *h = MAX(*h, pass->h);
        *w = MAX(*w, pass->w);
    }
    return *h > 0;
}

static gboolean enqueue(const FvPasses *passes, int round, FvPassKind kind, GError **error)
{
    int h, w;
    if (!find(passes, round, kind, &h, &w))
        return TRUE;
    const cl_int numbers[] = { passes->begin, passes->words, round, passes->rows ? FV_PROGRAM_STRIP : 1 };
    const cl_mem sampling[] = { passes->pixels, passes->programs, passes->planes, passes->tables, passes->out };
    const cl_mem around[] = { passes->programs, passes->planes };
    const cl_mem counting[] = { passes->programs, passes->planes, passes->tables };
    /* A histogram is one work-group's, of a whole image. */
    const FvPassArguments arguments[FV_PASS_KINDS] = { { sampling, 5, numbers, 4 },
                                                       { around, 2, numbers, 4 },
                                                       { counting, 3, numbers, 3 } };
    const FvGrid grid = kind == FV_PASS_HISTOGRAM ? fv_passes_grid(passes->rows, 1, 1, passes->count)
                                                  : fv_passes_grid(passes->rows, h, w, passes->count);
    return fv_passes_launch(passes->device, passes->kernels[kind], &arguments[kind], grid, fv_pass_kernels[kind],
                            error);
}

gboolean fv_passes_enqueue(const FvPasses *passes, GError **error)
{
    const int rounds = fv_passes_most(passes);
    for (int round = 0; round < rounds; round++)
        for (int kind = 0; kind < FV_PASS_KINDS; kind++)
            if (!enqueue(passes, round, (FvPassKind) kind, error))
                return FALSE;
    return TRUE;
}
