/* SPDX-License-Identifier: MIT
 * bench_print.c: measurements as tables and as JSON. */
#include "cli/cli.h"

#include "cli/bench.h"
#include "cli/json.h"

char *fv_cli_bench_machine(const FvDevice *device)
{
    const FvDeviceInfo *info = device->info;
    return g_strdup_printf("%s: %s %s, %u compute unit%s (%s, driver %s)", g_get_host_name(),
                           fv_device_type_name(info->type), info->name, info->units, info->units == 1 ? "" : "s",
                           info->platform, info->driver);
}

/* -------------------------------------------------------------------- tables */

static void print_peak(const FvBenchPeak *peak)
{
    g_autofree char *flops = fv_bench_number(peak->flops / 1e9), *bandwidth = fv_bench_number(peak->bandwidth / 1e9);
    g_autofree char *launch = fv_bench_number(peak->launch * 1e6), *read = fv_bench_number(peak->read * 1e6);
    g_print("the device's peak\n");
    g_print("  arithmetic   %10s GFLOP/s  multiply-adds of float32 in registers\n", flops);
    g_print("  memory       %10s GB/s     read and written, copying\n", bandwidth);
    g_print("  a launch     %10s us       of a kernel that does nothing, one of many\n", launch);
    g_print("  a read-back  %10s us       of a number, with the launch before it\n", read);
}

void fv_cli_bench_device(const FvDevice *device, const FvBenchPeak *peak)
{
    g_autofree char *machine = fv_cli_bench_machine(device);
    g_print("%s\n\n", machine);
    print_peak(peak);
}

static void print_run(const char *name, const FvBenchRun *run)
{
    if (!run->done)
        return;
    g_autofree char *median = fv_bench_number(run->median), *least = fv_bench_number(run->least);
    g_autofree char *most = fv_bench_number(run->most), *planned = fv_cli_bytes(run->planned);
    g_autofree char *peak = run->peak ? fv_cli_bytes(run->peak) : g_strdup("?");
    g_print("%-10s  %10s %10s %10s  %12s %12s\n", name, median, least, most, planned, peak);
}

static int width_of(const FvBenchRun *run)
{
    glong width = 5;
    for (guint i = 0; i < run->kernels->len; i++)
        width = MAX(width, g_utf8_strlen(g_array_index(run->kernels, FvBenchKernel, i).layer, -1));
    return (int) MIN(width, 40);
}

static void print_kernel(const FvBenchKernel *kernel, const FvBenchPeak *peak, int width)
{
    const double seconds = MAX(1e-9, kernel->seconds);
    g_autofree char *time = fv_bench_number(kernel->seconds * 1e3);
    g_autofree char *flops = kernel->flops > 0 ? fv_bench_number(kernel->flops / seconds / 1e9) : g_strdup("");
    g_autofree char *bytes = fv_bench_number(kernel->bytes / seconds / 1e9);
    g_print("%-*s  %-20s %3d %9s %6.1f%% %9s %9s %8.1f%%\n", width, kernel->layer, kernel->kernel, kernel->launches,
            time, 100 * kernel->share, flops, bytes, 100 * fv_bench_peak_share(kernel, peak));
}

static void print_kernels(const char *what, const FvBenchRun *run, int batch, const FvBenchPeak *peak)
{
    if (!run->kernels)
        return;
    const int width = width_of(run);
    g_autofree char *kernels = fv_bench_number(run->seconds * 1e3), *all = fv_bench_number(1e3 * batch / run->median);
    g_print("\nkernels of a %s: %s ms, of %s ms in all\n", what, kernels, all);
    g_print("%-*s  %-20s %3s %9s %7s %9s %9s %9s\n", width, "layer", "kernel", "n", "ms", "share", "GFLOP/s", "GB/s",
            "of peak");
    for (guint i = 0; i < run->kernels->len; i++)
        print_kernel(&g_array_index(run->kernels, FvBenchKernel, i), peak, width);
}

void fv_cli_bench_table(const FvBenchSettings *settings, const FvBench *bench)
{
    g_autofree char *machine = fv_cli_bench_machine(settings->device);
    g_print("%s, batches of %d\n%s\n\n", settings->graph->stem, settings->batch, machine);
    g_print("%-10s  %10s %10s %10s  %12s %12s\n", "", "images/s", "least", "most", "planned", "peak memory");
    print_run("prediction", &bench->prediction);
    print_run("training", &bench->training);
    if (!settings->kernels)
        return;
    print_kernels("training step", &bench->training, settings->batch, &bench->peak);
    print_kernels("prediction", &bench->prediction, settings->batch, &bench->peak);
    g_print("\n");
    print_peak(&bench->peak);
}

void fv_cli_bench_tuned(const FvBenchSettings *settings, const GArray *tuned)
{
    g_autofree char *machine = fv_cli_bench_machine(settings->device);
    g_autofree char *file = fv_tiles_file(settings->device);
    if (fv_device_family(settings->device) == FV_FAMILY_CPU) {
        g_print("nothing to tune: kernels for CPUs choose their tiles without trying\n");
        return;
    }
    if (tuned->len == 0) {
        g_print("nothing to tune: no layer of %s has tiles\n", settings->graph->stem);
        return;
    }
    g_print("%s, batches of %d\n%s\n\n", settings->graph->stem, settings->batch, machine);
    g_print("%-16s %-20s %9s %9s  %s\n", "layer", "kernel", "ms", "before", "tile");
    for (guint i = 0; i < tuned->len; i++) {
        const FvTuned *one = &g_array_index(tuned, FvTuned, i);
        g_autofree char *seconds = fv_bench_number(one->seconds * 1e3), *tile = fv_plan_tile_text(one->tile);
        g_autofree char *before = one->usual_seconds > 0 ? fv_bench_number(one->usual_seconds * 1e3) : g_strdup("-");
        g_print("%-16s %-20s %9s %9s  %s\n", one->layer, one->kernel, seconds, before, tile);
    }
    g_print("\nkept in %s\n", file);
}

/* ---------------------------------------------------------------------- JSON */

static void add_double(JsonBuilder *builder, const char *name, double number)
{
    json_builder_set_member_name(builder, name);
    json_builder_add_double_value(builder, fv_bench_round(number));
}

static void add_kernel(JsonBuilder *builder, const FvBenchKernel *kernel, const FvBenchPeak *peak)
{
    const double seconds = MAX(1e-9, kernel->seconds);
    json_builder_begin_object(builder);
    fv_json_string(builder, "layer", kernel->layer);
    fv_json_string(builder, "kernel", kernel->kernel);
    fv_json_int(builder, "launches", kernel->launches);
    add_double(builder, "seconds", kernel->seconds);
    add_double(builder, "share", kernel->share);
    if (kernel->flops > 0)
        add_double(builder, "gflops", kernel->flops / seconds / 1e9);
    add_double(builder, "gbytes", kernel->bytes / seconds / 1e9);
    add_double(builder, "of_peak", fv_bench_peak_share(kernel, peak));
    json_builder_end_object(builder);
}

static void add_run(JsonBuilder *builder, const char *name, const FvBenchRun *run, const FvBenchPeak *peak)
{
    if (!run->done)
        return;
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    add_double(builder, "images_per_second", run->median);
    add_double(builder, "least", run->least);
    add_double(builder, "most", run->most);
    fv_json_int(builder, "slices", run->slices);
    fv_json_int(builder, "steps", run->steps);
    fv_json_int(builder, "lanes", run->lanes);
    fv_json_int(builder, "planned_bytes", (gint64) run->planned);
    if (run->peak)
        fv_json_int(builder, "peak_bytes", (gint64) run->peak);
    if (run->kernels) {
        add_double(builder, "kernel_seconds", run->seconds);
        json_builder_set_member_name(builder, "kernels");
        json_builder_begin_array(builder);
        for (guint i = 0; i < run->kernels->len; i++)
            add_kernel(builder, &g_array_index(run->kernels, FvBenchKernel, i), peak);
        json_builder_end_array(builder);
    }
    json_builder_end_object(builder);
}

static void add_peak(JsonBuilder *builder, const FvBenchPeak *peak)
{
    json_builder_set_member_name(builder, "peak");
    json_builder_begin_object(builder);
    add_double(builder, "gflops", peak->flops / 1e9);
    add_double(builder, "gbytes", peak->bandwidth / 1e9);
    add_double(builder, "launch_seconds", peak->launch);
    add_double(builder, "read_seconds", peak->read);
    json_builder_end_object(builder);
}

void fv_cli_bench_json(const FvDevice *device, const FvBenchSettings *settings, const FvBench *bench)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    json_builder_begin_object(builder);
    fv_json_string(builder, "machine", g_get_host_name());
    fv_json_string(builder, "device", device->info->name);
    fv_json_string(builder, "platform", device->info->platform);
    fv_json_string(builder, "driver", device->info->driver);
    fv_json_int(builder, "units", device->info->units);
    if (settings) {
        fv_json_string(builder, "pipeline", settings->graph->stem);
        fv_json_int(builder, "batch", settings->batch);
        add_run(builder, "prediction", &bench->prediction, &bench->peak);
        add_run(builder, "training", &bench->training, &bench->peak);
    }
    if (bench->peak.flops > 0)
        add_peak(builder, &bench->peak);
    json_builder_end_object(builder);
    fv_cli_print_json(builder);
}

void fv_cli_bench_tuned_json(const FvBenchSettings *settings, const GArray *tuned)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autofree char *file = fv_tiles_file(settings->device);
    json_builder_begin_object(builder);
    fv_json_string(builder, "machine", g_get_host_name());
    fv_json_string(builder, "device", settings->device->info->name);
    fv_json_string(builder, "pipeline", settings->graph->stem);
    fv_json_int(builder, "batch", settings->batch);
    if (tuned->len > 0)
        fv_json_string(builder, "file", file);
    json_builder_set_member_name(builder, "tuned");
    json_builder_begin_array(builder);
    for (guint i = 0; i < tuned->len; i++) {
        const FvTuned *one = &g_array_index(tuned, FvTuned, i);
        g_autofree char *tile = fv_plan_tile_text(one->tile);
        json_builder_begin_object(builder);
        fv_json_string(builder, "layer", one->layer);
        fv_json_string(builder, "kernel", one->kernel);
        fv_json_string(builder, "tile", tile);
        add_double(builder, "seconds", one->seconds);
        if (one->usual_seconds > 0)
            add_double(builder, "seconds_before", one->usual_seconds);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    fv_cli_print_json(builder);
}
