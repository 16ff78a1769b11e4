/* SPDX-License-Identifier: MIT
 * bench.h: how fast a net is on a device, kernel by kernel, and how fast the device is at all. */
#ifndef FOVEA_BENCH_H
#define FOVEA_BENCH_H

#include "core/exec/exec.h"
#include "core/plan/plan.h"

/** What a device reaches where nothing holds it up. */
typedef struct {
    double flops;     /* each second: multiplications and additions of float32 in registers */
    double bandwidth; /* bytes read and written each second: a copy of a buffer that no cache holds */
    double launch;    /* seconds of a kernel that does nothing, in a row of many */
    double read;      /* seconds of such a kernel and of reading a number back */
} FvBenchPeak;

/** Takes a second or two. @peak: zeroed, or what was measured before: the better numbers stay. */
gboolean fv_bench_peak(FvDevice *device, FvBenchPeak *peak, GError **error);

/** All launches of one kernel for one layer in a step. */
typedef struct {
    char *layer, *kernel; /* "conv1", "conv_forward"; layer: or the name of a loss, metric or optimizer, or "" */
    int launches;
    double seconds; /* median of several steps */
    double share;   /* of the time of all kernels of a step */
    double flops;   /* of a step, 0 where they are not known: only those of convolutions and dense layers are */
    double bytes;   /* of the buffers that the launches name */
} FvBenchKernel;

typedef struct {
    gboolean done; /* else the pipeline has no such thing */
    int lanes;
    double median, least, most; /* images a second, of slices of the time */
    int slices;
    gint64 steps;
    guint64 planned; /* bytes on the device, as the plan has them */
    guint64 peak;    /* bytes of the process when it was largest, 0: not known */
    double seconds;  /* of a step's kernels, where they were measured */
    GArray *kernels; /* of FvBenchKernel in the order of their first launch, or NULL */
} FvBenchRun;

typedef struct {
    FvBenchRun prediction, training;
    FvBenchPeak peak; /* all 0 where kernels were not measured */
} FvBench;

void fv_bench_clear(FvBench *bench);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvBench, fv_bench_clear)

typedef struct {
    const FvGraph *graph; /* borrowed, as everything here */
    FvDevice *device;
    int batch;
    double seconds;   /* that each measurement takes, about */
    guint64 seed;     /* of input, targets and parameters */
    gboolean kernels; /* measure them, and the device's peak, too */
    int tile;         /* as in FvPlanSettings */
} FvBenchSettings;

/** Measures prediction, and training where the pipeline has losses and an optimizer: whole steps on random numbers that
 * lie on the device already, without data source, preparation and augmentation, enqueued ahead as in training. The
 * learning rate is 0, so that a step's numbers stay as they are at the beginning.
 * Errors: the pipeline's, the device's. */
gboolean fv_bench(const FvBenchSettings *settings, FvBench *bench, GError **error);

/** What a kernel reaches of the device's peak: of its FLOPs where they are known, else of its bandwidth. FLOPs are
 * those of the layer's definition, and bytes may be in a cache: both may come to more than 1. */
double fv_bench_peak_share(const FvBenchKernel *kernel, const FvBenchPeak *peak);

/** Rounds to four significant digits. */
double fv_bench_round(double number);
/** Such a number as text: "0.01235", "123.4", "123500"; g_free() it. */
char *fv_bench_number(double number);

/** Bars of images a second, and of the kernels where they were measured, as an SVG file; g_free() it.
 * @title, @device: lines on top. */
char *fv_bench_chart(const FvBench *bench, const char *title, const char *device);

/* ---- for tune.c; bench.c */

/** The kernels alone, of a step of training or of a prediction: sets run->kernels and run->seconds.
 * @plan: set to the plan that they are of; fv_plan_free() it. */
gboolean fv_bench_kernels(const FvBenchSettings *settings, gboolean training, FvBenchRun *run, FvPlan **plan,
                          GError **error);

/* ---- profile.c */

/** The kernels of a list: several steps of it, in about so many seconds. Sets run->kernels and run->seconds. */
gboolean fv_bench_profile(FvPlan *plan, const FvList *list, const FvStep *step, double seconds, FvBenchRun *run,
                          GError **error);

/** The middle one of @count numbers, which are put in order. */
double fv_bench_median(double *numbers, guint count);

#endif
