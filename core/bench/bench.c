/* SPDX-License-Identifier: MIT
 * bench.c: images a second, of prediction and of training. */
#include "core/bench/bench.h"

#include "core/device/resident.h"
#include "core/train/pipeline.h"
#include "core/train/session.h"
#include "core/train/targets.h"

#include <math.h>

enum { SLICES = 9, LEAST_SLICES = 3 };

/* A net that is being measured. */
typedef struct {
    const FvBenchSettings *settings;
    FvPlan *plan;
    FvTally *tally;
    const FvList *list;
    gboolean training;
} Work;

/* ------------------------------------------------------------------- numbers */

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

double fv_bench_median(double *numbers, guint count)
{
    qsort(numbers, count, sizeof *numbers, compare);
    return (numbers[(count - 1) / 2] + numbers[count / 2]) / 2;
}

double fv_bench_round(double number)
{
    if (!(number > 0) || !isfinite(number))
        return number;
    /* Powers of ten below 1 are not exact: numbers are divided by whole ones. */
    const double power = floor(log10(number)) - 3, unit = pow(10, fabs(power));
    return power < 0 ? round(number * unit) / unit : round(number / unit) * unit;
}

char *fv_bench_number(double number)
{
    const double rounded = fv_bench_round(number);
    const int decimals = rounded > 0 && isfinite(rounded) ? CLAMP(3 - (int) floor(log10(rounded)), 0, 9) : 0;
    return g_strdup_printf("%.*f", decimals, rounded);
}

double fv_bench_peak_share(const FvBenchKernel *kernel, const FvBenchPeak *peak)
{
    const double most = kernel->flops > 0 ? kernel->flops / peak->flops : kernel->bytes / peak->bandwidth;
    return kernel->seconds > 0 ? most / kernel->seconds : 0;
}

/* --------------------------------------------------------------------- steps */

/* Whatever the device has still to do is done before this returns: it is reading that waits with every driver. */
static gboolean read_back(const Work *work, GError **error)
{
    float number;
    if (work->training)
        return fv_tally_flush(work->tally, error);
    return fv_device_read(work->settings->device, fv_plan_output(work->plan)->memory, 0, sizeof number, &number, error);
}

static gboolean run_steps(const Work *work, gint64 count, GError **error)
{
    const int batch = work->settings->batch;
    for (gint64 i = 0; i < count; i++) {
        const FvStep step = { .slot = work->training ? fv_tally_step(work->tally, batch) : 0,
                              .seed = work->settings->seed };
        if (!fv_exec_enqueue(work->settings->device, work->list, &step, error) ||
            ((i + 1) % FV_SESSION_SLOTS == 0 && !read_back(work, error)))
            return FALSE;
    }
    return read_back(work, error);
}

static gboolean time_steps(const Work *work, gint64 count, double *seconds, GError **error)
{
    const gint64 begun = g_get_monotonic_time();
    if (!run_steps(work, count, error))
        return FALSE;
    *seconds = (double) MAX(1, g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
    return TRUE;
}

/* How many steps fill a slice of time: as many as it takes to tell, after one in which kernels are made ready. */
static gboolean steps_of_slice(const Work *work, double slice, gint64 *steps, GError **error)
{
    double seconds = 0;
    if (!run_steps(work, 1, error))
        return FALSE;
    for (gint64 count = 1; seconds < slice / 4; count *= 2) {
        if (!time_steps(work, count, &seconds, error))
            return FALSE;
        *steps = MAX(1, (gint64) ((double) count * slice / seconds));
    }
    return TRUE;
}

static gboolean measure(const Work *work, FvBenchRun *run, GError **error)
{
    const double all = work->settings->seconds;
    double rates[SLICES];
    gint64 steps = 1;
    if (!steps_of_slice(work, all / SLICES, &steps, error))
        return FALSE;
    double spent = 0;
    while (run->slices < SLICES && (run->slices < LEAST_SLICES || spent < all)) {
        double seconds = 0;
        if (!time_steps(work, steps, &seconds, error))
            return FALSE;
        rates[run->slices++] = (double) steps * work->settings->batch / seconds;
        run->steps += steps;
        spent += seconds;
    }
    run->median = fv_bench_median(rates, (guint) run->slices);
    run->least = rates[0];
    run->most = rates[run->slices - 1];
    return TRUE;
}

/* ------------------------------------------------------------------- the net */

static gboolean fill(const Work *work, GError **error)
{
    const FvBenchSettings *settings = work->settings;
    g_autoptr(FvTensor) input = fv_random_input(work->plan, settings->batch, settings->seed, error);
    return input &&
           fv_plan_write_value(work->plan, fv_plan_input(work->plan), fv_plan_input_shape(work->plan), settings->batch,
                               input, error) &&
           (!work->training || fv_random_targets(work->plan, settings->graph, settings->batch, settings->seed, error));
}

static gboolean make_ready(Work *work, GError **error)
{
    const FvBenchSettings *settings = work->settings;
    const FvStep step = { .seed = settings->seed };
    if (!fv_plan_load(work->plan, settings->device, NULL, error) ||
        !fv_plan_initialise(work->plan, settings->seed, error) || !fill(work, error))
        return FALSE;
    const FvList *pack = fv_plan_list(work->plan, FV_LIST_PACK, settings->batch, error);
    work->list = fv_plan_list(work->plan, work->training ? FV_LIST_TRAIN : FV_LIST_PREDICT, settings->batch, error);
    work->tally = fv_tally_new(work->plan);
    return pack && work->list && fv_exec_enqueue(settings->device, pack, &step, error);
}

static gboolean profile(const Work *work, FvBenchRun *run, GError **error)
{
    const FvBenchSettings *settings = work->settings;
    const FvStep step = { .seed = settings->seed };
    return fv_device_set_profiling(settings->device, TRUE, error) &&
           fv_bench_profile(work->plan, work->list, &step, settings->seconds, run, error) &&
           fv_device_set_profiling(settings->device, FALSE, error);
}

static FvPlan *new_plan(const FvBenchSettings *settings, gboolean training, GError **error)
{
    const FvPlanSettings wanted = { .purpose = training ? FV_FOR_TRAINING : FV_FOR_PREDICTION,
                                    .batch = settings->batch,
                                    .tile = settings->tile,
                                    .slots = FV_SESSION_SLOTS };
    return fv_pipeline_plan(settings->graph, settings->device, &wanted, error);
}

gboolean fv_bench_kernels(const FvBenchSettings *settings, gboolean training, FvBenchRun *run, FvPlan **plan,
                          GError **error)
{
    *plan = new_plan(settings, training, error);
    if (!*plan)
        return FALSE;
    Work work = { .settings = settings, .plan = *plan, .training = training };
    run->done = make_ready(&work, error) && profile(&work, run, error);
    fv_tally_free(work.tally);
    return run->done;
}

static gboolean bench_purpose(const FvBenchSettings *settings, gboolean training, FvBenchRun *run, GError **error)
{
    fv_resident_reset();
    g_autoptr(FvPlan) plan = new_plan(settings, training, error);
    if (!plan)
        return FALSE;
    Work work = { .settings = settings, .plan = plan, .training = training };
    run->lanes = fv_plan_lanes(plan);
    run->done = make_ready(&work, error) && measure(&work, run, error);
    run->planned = fv_plan_memory(plan).total; /* once the device has said how it must be laid out */
    run->peak = fv_resident_peak();
    if (run->done && settings->kernels)
        run->done = profile(&work, run, error);
    fv_tally_free(work.tally);
    return run->done;
}

gboolean fv_bench(const FvBenchSettings *settings, FvBench *bench, GError **error)
{
    const gboolean trains = settings->graph->losses->len > 0 && settings->graph->optimizer.plugin;
    *bench = (FvBench){ 0 };
    /* The peak before and after: one of them may have had a worse moment. */
    return (!settings->kernels || fv_bench_peak(settings->device, &bench->peak, error)) &&
           bench_purpose(settings, FALSE, &bench->prediction, error) &&
           (!trains || bench_purpose(settings, TRUE, &bench->training, error)) &&
           (!settings->kernels || fv_bench_peak(settings->device, &bench->peak, error));
}

void fv_bench_clear(FvBench *bench)
{
    g_clear_pointer(&bench->prediction.kernels, g_array_unref);
    g_clear_pointer(&bench->training.kernels, g_array_unref);
}
