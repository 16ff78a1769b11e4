/* SPDX-License-Identifier: MIT
 * profile.c: the time of each kernel in a step, summed by layer. */
#include "core/bench/bench.h"

#include <string.h>

enum { MOST_STEPS = 50, LEAST_STEPS = 3 };

/* Kernels of convolutions that do the work of the layer once; others only bring numbers into order. */
static const char *const counted[] = { "conv_forward", "conv_input_gradient", "conv_weight_gradient" };

static void kernel_clear(gpointer data)
{
    FvBenchKernel *kernel = data;
    g_free(kernel->layer);
    g_free(kernel->kernel);
}

/* "fv12_conv_forward" -> "conv_forward" */
static const char *plain_name(const char *name)
{
    const char *line = strchr(name, '_');
    return line ? line + 1 : name;
}

static double flops_of(const FvPlan *plan, const char *layer, const char *kernel, int samples)
{
    gboolean counts = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(counted); i++)
        counts |= g_str_equal(kernel, counted[i]);
    for (guint i = 0; counts && i < fv_plan_layers(plan); i++)
        if (g_str_equal(fv_plan_layer(plan, i).path, layer))
            return fv_plan_layer(plan, i).flops * samples;
    return 0;
}

/* The number of the kernel that a launch belongs to; it is added where it is new. */
static guint find(const FvPlan *plan, GArray *kernels, const FvLaunch *launch, int samples)
{
    const char *layer = launch->layer ? launch->layer : "", *name = plain_name(launch->name);
    for (guint i = 0; i < kernels->len; i++) {
        const FvBenchKernel *known = &g_array_index(kernels, FvBenchKernel, i);
        if (g_str_equal(known->layer, layer) && g_str_equal(known->kernel, name))
            return i;
    }
    const FvBenchKernel kernel = { .layer = g_strdup(layer),
                                   .kernel = g_strdup(name),
                                   .flops = flops_of(plan, layer, name, samples) };
    g_array_append_val(kernels, kernel);
    return kernels->len - 1;
}

/* Gives every launch a kernel; @owners: for each launch, its number. */
static GArray *sort_launches(const FvPlan *plan, const FvList *list, guint *owners)
{
    GArray *kernels = g_array_new(FALSE, TRUE, sizeof(FvBenchKernel));
    g_array_set_clear_func(kernels, kernel_clear);
    for (guint i = 0; i < list->launches->len; i++) {
        const FvLaunch *launch = list->launches->pdata[i];
        owners[i] = find(plan, kernels, launch, list->samples);
        FvBenchKernel *kernel = &g_array_index(kernels, FvBenchKernel, owners[i]);
        kernel->launches++;
        kernel->bytes += (double) launch->bytes;
    }
    return kernels;
}

/* @times: of each kernel, those of all steps. */
static void take_medians(FvBenchRun *run, double *times, guint steps)
{
    for (guint k = 0; k < run->kernels->len; k++) {
        FvBenchKernel *kernel = &g_array_index(run->kernels, FvBenchKernel, k);
        kernel->seconds = fv_bench_median(times + (gsize) k * MOST_STEPS, steps);
        run->seconds += kernel->seconds;
    }
    for (guint k = 0; k < run->kernels->len && run->seconds > 0; k++) {
        FvBenchKernel *kernel = &g_array_index(run->kernels, FvBenchKernel, k);
        kernel->share = kernel->seconds / run->seconds;
    }
}

/* There are drivers (Mesa's rusticl 22.3) whose kernels take a nanosecond each, as they say. */
static gboolean makes_sense(double told, gint64 begun, GError **error)
{
    const double passed = (double) (g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
    if (told > passed / 1000)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPENCL,
                "the times of kernels that this device's driver tells make no sense: %.3g s, where %.3g s passed", told,
                passed);
    return FALSE;
}

gboolean fv_bench_profile(FvPlan *plan, const FvList *list, const FvStep *step, double seconds, FvBenchRun *run,
                          GError **error)
{
    const guint launches = list->launches->len;
    g_autofree guint *owners = g_new0(guint, MAX(1, launches));
    g_autofree double *launch_seconds = g_new0(double, MAX(1, launches));
    run->kernels = sort_launches(plan, list, owners);
    g_autofree double *times = g_new0(double, (gsize) MAX(1, run->kernels->len) * MOST_STEPS);

    /* The first step of a new queue is not counted. */
    if (!fv_exec_profile(fv_plan_device(plan), list, step, launch_seconds, error))
        return FALSE;
    const gint64 begun = g_get_monotonic_time(), end = begun + (gint64) (seconds * G_USEC_PER_SEC);
    guint steps = 0;
    while (steps < MOST_STEPS && (steps < LEAST_STEPS || g_get_monotonic_time() < end)) {
        if (!fv_exec_profile(fv_plan_device(plan), list, step, launch_seconds, error))
            return FALSE;
        for (guint i = 0; i < launches; i++)
            times[(gsize) owners[i] * MOST_STEPS + steps] += launch_seconds[i];
        steps++;
    }
    take_medians(run, times, steps);
    return makes_sense(run->seconds * steps, begun, error);
}
