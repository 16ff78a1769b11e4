/* SPDX-License-Identifier: MIT
 * chart.c: measurements as bars. */
#include "core/bench/bench.h"

#include "core/sink/bars.h"

/* Kernels that have a bar; of the rest only the sum is told, beside which all others would look short. */
enum { MOST_KERNELS = 24 };

static void bar_clear(gpointer data)
{
    FvBar *bar = data;
    g_free((char *) bar->name);
    g_free((char *) bar->text);
    g_free((char *) bar->note);
}

static GArray *new_bars(void)
{
    GArray *bars = g_array_new(FALSE, TRUE, sizeof(FvBar));
    g_array_set_clear_func(bars, bar_clear);
    return bars;
}

static void add_run(GArray *bars, const char *name, const FvBenchRun *run)
{
    g_autofree char *least = fv_bench_number(run->least), *most = fv_bench_number(run->most);
    const FvBar bar = { .name = g_strdup(name),
                        .value = run->median,
                        .least = run->least,
                        .most = run->most,
                        .text = fv_bench_number(run->median),
                        .note = g_strdup_printf("%s to %s", least, most) };
    if (run->done)
        g_array_append_val(bars, bar);
}

static int slower_first(gconstpointer a, gconstpointer b)
{
    const FvBenchKernel *const *x = a, *const *y = b;
    return ((*x)->seconds < (*y)->seconds) - ((*x)->seconds > (*y)->seconds);
}

static void add_kernel(GArray *bars, const FvBenchKernel *kernel, const FvBenchPeak *peak)
{
    const double seconds = MAX(1e-9, kernel->seconds);
    g_autofree char *time = fv_bench_number(kernel->seconds * 1e3);
    g_autofree char *rate = fv_bench_number((kernel->flops > 0 ? kernel->flops : kernel->bytes) / seconds / 1e9);
    const FvBar bar = { .name = g_strjoin(*kernel->layer ? " " : "", kernel->layer, kernel->kernel, NULL),
                        .value = kernel->seconds,
                        .text = g_strdup_printf("%s ms", time),
                        .note = g_strdup_printf("%s %s, %.0f%% of peak", rate, kernel->flops > 0 ? "GFLOP/s" : "GB/s",
                                                100 * fv_bench_peak_share(kernel, peak)) };
    g_array_append_val(bars, bar);
}

static void add_rest(GArray *bars, const GPtrArray *sorted)
{
    double seconds = 0;
    for (guint i = MOST_KERNELS; i < sorted->len; i++)
        seconds += ((const FvBenchKernel *) sorted->pdata[i])->seconds;
    g_autofree char *time = fv_bench_number(seconds * 1e3);
    const FvBar bar = { .name = g_strdup_printf("%u others", sorted->len - MOST_KERNELS),
                        .text = g_strdup_printf("%s ms", time) };
    g_array_append_val(bars, bar);
}

static GArray *kernel_bars(const FvBenchRun *run, const FvBenchPeak *peak)
{
    GArray *bars = new_bars();
    g_autoptr(GPtrArray) sorted = g_ptr_array_new();
    for (guint i = 0; run->kernels && i < run->kernels->len; i++)
        g_ptr_array_add(sorted, &g_array_index(run->kernels, FvBenchKernel, i));
    g_ptr_array_sort(sorted, slower_first);
    for (guint i = 0; i < MIN(sorted->len, MOST_KERNELS); i++)
        add_kernel(bars, sorted->pdata[i], peak);
    if (sorted->len > MOST_KERNELS)
        add_rest(bars, sorted);
    return bars;
}

char *fv_bench_chart(const FvBench *bench, const char *title, const char *device)
{
    g_autoptr(GArray) images = new_bars();
    g_autoptr(GArray) training = kernel_bars(&bench->training, &bench->peak);
    g_autoptr(GArray) prediction = kernel_bars(&bench->prediction, &bench->peak);
    const FvBarGroup groups[] = { { "images a second", images },
                                  { "kernels of a training step", training },
                                  { "kernels of a prediction", prediction } };
    add_run(images, "prediction", &bench->prediction);
    add_run(images, "training", &bench->training);
    return fv_bars_svg(title, device, groups, G_N_ELEMENTS(groups));
}
