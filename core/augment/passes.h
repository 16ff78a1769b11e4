/* SPDX-License-Identifier: MIT
 * passes.h: enqueues the passes of samples' programs: which kernel takes which of them, on which memory. */
#ifndef FOVEA_AUGMENT_PASSES_H
#define FOVEA_AUGMENT_PASSES_H

#include "core/augment/program.h"

enum { FV_PASS_KINDS = FV_PASS_HISTOGRAM + 1 };
/** Names of the kernels that take each kind, behind FV_NAME. */
extern const char *const fv_pass_kernels[FV_PASS_KINDS];

/** Programs of some samples, and all that their kernels need. Borrowed. */
typedef struct {
    FvDevice *device;
    gboolean rows;                    /* kernels are for CPUs */
    cl_kernel kernels[FV_PASS_KINDS]; /* NULL where no pass is of that kind */
    cl_mem pixels, programs, planes, tables, out;
    int begin;     /* where programs begin in their memory, in words */
    int words;     /* from one to the next */
    guint32 *host; /* the same programs here, from the first one on */
    int count;
    gboolean but_last; /* the last pass of each is left to another kernel */
} FvPasses;

/** Passes that the longest of the programs has. */
int fv_passes_most(const FvPasses *passes);
/** Enqueues them, round by round: the first passes of all samples, then the second ones ... */
gboolean fv_passes_enqueue(const FvPasses *passes, GError **error);

/** Arguments of a kernel: memories, and then numbers. */
typedef struct {
    const cl_mem *memories;
    int memory_count;
    const cl_int *numbers;
    int number_count;
} FvPassArguments;

/** Enqueues one kernel. @what: for the error. */
gboolean fv_passes_launch(FvDevice *device, cl_kernel kernel, const FvPassArguments *arguments, FvGrid grid,
                          const char *what, GError **error);
/** The grid of a kernel that takes every point of `count` outputs of at most h x w. */
FvGrid fv_passes_grid(gboolean rows, int h, int w, int count);

#endif
