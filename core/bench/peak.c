/* SPDX-License-Identifier: MIT
 * peak.c: what a device reaches: arithmetic, memory, launches. */
#include "core/bench/bench.h"

#include "peak.cl.h"

/* The best of so many tries counts: whatever else the machine does takes away from them. */
enum { TRIES = 15, LAUNCHES = 1000, READS = 200 };
/* Multiply-adds of an accumulator in a launch: llvmpipe ends a loop after 65,535 rounds. */
enum { STEPS = 16384 };
/* Bytes that are copied, at least and at most. */
enum { LEAST_COPY = 64 << 20, MOST_COPY = 512 << 20 };
/* A try takes that long at least. */
static const double least_seconds = 0.02;

/* How a device is kept busy. */
typedef struct {
    int vector;       /* floats */
    int accumulators; /* as many as registers hold: enough to hide how long a multiply-add takes */
    size_t items;     /* work-items of the arithmetic */
    int each;         /* vectors that a work-item copies */
    gboolean alone;   /* a group is one work-item */
} Shape;

typedef struct {
    FvDevice *device;
    Shape shape;
    cl_program program;
    cl_kernel flops, copy;
    cl_mem from, to;
    size_t bytes; /* of each of them */
} Meter;

static void meter_clear(Meter *meter)
{
    if (meter->from)
        clReleaseMemObject(meter->from);
    if (meter->to)
        clReleaseMemObject(meter->to);
    if (meter->flops)
        clReleaseKernel(meter->flops);
    if (meter->copy)
        clReleaseKernel(meter->copy);
    if (meter->program)
        clReleaseProgram(meter->program);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Meter, meter_clear)

static Shape shape_of(const FvDevice *device)
{
    const FvDeviceInfo *info = device->info;
    const int width = (int) info->vector_width;
    if (!device->host_memory)
        return (Shape){ .vector = 4, .accumulators = 8, .items = (size_t) info->units * 4096, .each = 1 };
    return (Shape){ .vector = width >= 16  ? 16
                              : width >= 8 ? 8
                                           : 4,
                    .accumulators = width >= 16 ? 24 : 12,
                    .items = (size_t) info->units * 64,
                    .each = 4096,
                    .alone = TRUE };
}

/* ------------------------------------------------------------------- opening */

static gboolean make_kernels(Meter *meter, GError **error)
{
    g_autoptr(GString) source = g_string_new(NULL);
    g_string_append_printf(source, "#define VECTOR float%d\n#define GROUP %d\n#define EACH(F)", meter->shape.vector,
                           meter->shape.alone);
    for (int i = 0; i < meter->shape.accumulators; i++)
        g_string_append_printf(source, " F(%d)", i);
    g_string_append_printf(source, "\n%s", peak_cl);
    meter->program = fv_program_build(meter->device, source->str, "-w -cl-std=CL1.2 -cl-mad-enable", error);
    if (!meter->program)
        return FALSE;
    cl_int code;
    meter->flops = clCreateKernel(meter->program, "peak_flops", &code);
    if (code == CL_SUCCESS)
        meter->copy = clCreateKernel(meter->program, "peak_copy", &code);
    return code == CL_SUCCESS || fv_cl_fail(code, "kernels that measure the device", error);
}

static gboolean make_buffers(Meter *meter, GError **error)
{
    const FvDeviceInfo *info = meter->device->info;
    const size_t unit = sizeof(float) * (size_t) meter->shape.vector * (size_t) meter->shape.each;
    cl_ulong cache = 0;
    clGetDeviceInfo(info->id, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof cache, &cache, NULL);
    guint64 bytes = CLAMP(cache * 4, (guint64) LEAST_COPY, (guint64) MOST_COPY);
    bytes = MIN(bytes, MIN(info->max_alloc, info->memory / 4));
    meter->bytes = MAX(1, (size_t) bytes / unit) * unit;
    meter->from = fv_device_alloc(meter->device, meter->bytes, error);
    meter->to = meter->from ? fv_device_alloc(meter->device, meter->bytes, error) : NULL;
    return meter->to != NULL;
}

/* ----------------------------------------------------------------- measuring */

static double now(void)
{
    return (double) g_get_monotonic_time() / G_USEC_PER_SEC;
}

static gboolean launch(const Meter *meter, cl_kernel kernel, size_t items, GError **error)
{
    const size_t one = 1;
    cl_int code = clEnqueueNDRangeKernel(meter->device->queue, kernel, 1, NULL, &items,
                                         meter->shape.alone ? &one : NULL, 0, NULL, NULL);
    return code == CL_SUCCESS || fv_cl_fail(code, "measuring the device", error);
}

/* Waits for all that was enqueued: it is reading that waits with every driver. */
static gboolean wait(const Meter *meter, GError **error)
{
    float number;
    return fv_device_read(meter->device, meter->to, 0, sizeof number, &number, error);
}

static gboolean time_launches(const Meter *meter, cl_kernel kernel, size_t items, int launches, double *seconds,
                              GError **error)
{
    const double begun = now();
    for (int i = 0; i < launches; i++)
        if (!launch(meter, kernel, items, error))
            return FALSE;
    if (!wait(meter, error))
        return FALSE;
    *seconds = MAX(1e-6, now() - begun);
    return TRUE;
}

/* Buffers are given, and the first launch, which compiles, is done. */
static gboolean set_arguments(const Meter *meter, GError **error)
{
    const float s = 0.9F;
    const cl_int steps = STEPS, each = meter->shape.each;
    cl_int code = clSetKernelArg(meter->flops, 0, sizeof(cl_mem), &meter->to);
    code |= clSetKernelArg(meter->flops, 1, sizeof s, &s);
    code |= clSetKernelArg(meter->flops, 2, sizeof steps, &steps);
    code |= clSetKernelArg(meter->copy, 0, sizeof(cl_mem), &meter->from);
    code |= clSetKernelArg(meter->copy, 1, sizeof(cl_mem), &meter->to);
    code |= clSetKernelArg(meter->copy, 2, sizeof each, &each);
    if (code != CL_SUCCESS)
        return fv_cl_fail(code, "measuring the device", error);
    return launch(meter, meter->flops, meter->shape.items, error) && launch(meter, meter->copy, 1, error) &&
           wait(meter, error);
}

static gboolean measure_flops(const Meter *meter, double *flops, GError **error)
{
    const double each = 2.0 * meter->shape.vector * meter->shape.accumulators * (double) meter->shape.items * STEPS;
    double seconds = 0;
    for (int launches = 1, tries = 0; tries < TRIES;) {
        if (!time_launches(meter, meter->flops, meter->shape.items, launches, &seconds, error))
            return FALSE;
        if (seconds < least_seconds && launches < G_MAXINT / 2) {
            launches *= 2;
            continue;
        }
        *flops = MAX(*flops, each * launches / seconds);
        tries++;
    }
    return TRUE;
}

static gboolean measure_bandwidth(const Meter *meter, double *bandwidth, GError **error)
{
    const size_t vectors = meter->bytes / sizeof(float) / (size_t) meter->shape.vector;
    double seconds = 0;
    for (int i = 0; i < TRIES; i++) {
        if (!time_launches(meter, meter->copy, vectors / (size_t) meter->shape.each, 1, &seconds, error))
            return FALSE;
        *bandwidth = MAX(*bandwidth, 2.0 * (double) meter->bytes / seconds);
    }
    return TRUE;
}

static gboolean measure_launch(const Meter *meter, double *seconds, GError **error)
{
    const cl_int none = 0;
    cl_int code = clSetKernelArg(meter->copy, 2, sizeof none, &none);
    if (code != CL_SUCCESS)
        return fv_cl_fail(code, "measuring the device", error);
    for (int i = 0; i < TRIES; i++) {
        double all = 0;
        if (!time_launches(meter, meter->copy, 1, LAUNCHES, &all, error))
            return FALSE;
        *seconds = *seconds > 0 ? MIN(*seconds, all / LAUNCHES) : all / LAUNCHES;
    }
    return TRUE;
}

static gboolean measure_read(const Meter *meter, double *seconds, GError **error)
{
    double times[READS];
    for (int i = 0; i < READS; i++) {
        const double begun = now();
        if (!launch(meter, meter->copy, 1, error) || !wait(meter, error))
            return FALSE;
        times[i] = now() - begun;
    }
    const double median = fv_bench_median(times, READS);
    *seconds = *seconds > 0 ? MIN(*seconds, median) : median;
    return TRUE;
}

gboolean fv_bench_peak(FvDevice *device, FvBenchPeak *peak, GError **error)
{
    g_auto(Meter) meter = { .device = device, .shape = shape_of(device) };
    return make_kernels(&meter, error) && make_buffers(&meter, error) && set_arguments(&meter, error) &&
           measure_flops(&meter, &peak->flops, error) && measure_bandwidth(&meter, &peak->bandwidth, error) &&
           measure_launch(&meter, &peak->launch, error) && measure_read(&meter, &peak->read, error);
}
