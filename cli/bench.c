/* SPDX-License-Identifier: MIT
 * bench.c: `fovea bench [PIPELINE]`: how fast a net is, or a device. */
#include "cli/cli.h"

#include "core/bench/tune.h"
#include "core/sink/atomic.h"

#include "cli/bench.h"

#include <string.h>

static const FvCliHelp help = {
    "bench", "[PIPELINE]", "Measures how fast a net predicts and trains, or without PIPELINE what the device reaches.",
    "Training is measured where the pipeline has a loss and an optimizer. Input and targets are random numbers that\n"
    "lie on the device already: no data are needed, and loading, preparing and augmenting them is not counted.\n"
    "Images/s are the median of several slices of the time, with the least and the most. Other programs that run at\n"
    "the same time make all numbers worse.\n\n"
    "With --tune the tiles of the kernels for GPUs are tried with PIPELINE's convolutions and dense layers, at its "
    "batch\n"
    "or --batch, and the fastest are kept in the cache folder: later runs on that device take them. Kernels for CPUs\n"
    "choose theirs without.\n\n"
    "Examples:\n"
    "  fovea bench\n"
    "  fovea bench pipelines/lenet-fashion.fv --kernels --chart lenet.svg\n"
    "  fovea bench pipelines/lenet-fashion.fv --tune\n"
};

typedef struct {
    int batch;
    double seconds;
    char *chart;
    gboolean kernels, json, tune;
} Wishes;

static void wishes_clear(Wishes *wishes)
{
    g_free(wishes->chart);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wishes, wishes_clear)

static int bench_device(const FvCliOptions *options, const Wishes *wishes)
{
    g_autoptr(GError) error = NULL;
    int code;
    g_autoptr(FvDevice) device = fv_cli_device(options, &code);
    g_auto(FvBench) bench = { 0 };
    if (!device)
        return code;
    if (!fv_bench_peak(device, &bench.peak, &error))
        return fv_cli_fail(error);
    if (wishes->json)
        fv_cli_bench_json(device, NULL, &bench);
    else
        fv_cli_bench_device(device, &bench.peak);
    return FV_CLI_DONE;
}

static gboolean write_chart(const FvBenchSettings *settings, const FvBench *bench, const char *file, GError **error)
{
    g_autofree char *title = g_strdup_printf("%s, batches of %d", settings->graph->stem, settings->batch);
    g_autofree char *device = fv_cli_bench_machine(settings->device);
    g_autofree char *svg = fv_bench_chart(bench, title, device);
    return fv_file_replace(file, svg, strlen(svg), error);
}

static int tune(const FvBenchSettings *settings, gboolean json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) tuned = fv_tune(settings, &error);
    if (!tuned || (tuned->len > 0 && !fv_tiles_write(settings->device, tuned, &error)))
        return fv_cli_fail(error);
    if (json)
        fv_cli_bench_tuned_json(settings, tuned);
    else
        fv_cli_bench_tuned(settings, tuned);
    return FV_CLI_DONE;
}

static int bench_pipeline(const FvCliOptions *options, const Wishes *wishes)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPipeline) pipeline = NULL;
    g_autoptr(FvDevice) device = NULL;
    const int code = fv_cli_open(options, &pipeline, &device);
    if (code != FV_CLI_DONE)
        return code;
    const FvBenchSettings settings = { .graph = pipeline->graph,
                                       .device = device,
                                       .batch = wishes->batch > 0 ? wishes->batch : pipeline->graph->batch,
                                       .seconds = wishes->seconds,
                                       .seed = options->seed < 0 ? 1 : (guint64) options->seed,
                                       .kernels = wishes->kernels };
    if (wishes->tune)
        return tune(&settings, wishes->json);
    g_auto(FvBench) bench = { 0 };
    if (!fv_bench(&settings, &bench, &error) ||
        (wishes->chart && !write_chart(&settings, &bench, wishes->chart, &error)))
        return fv_cli_fail(error);
    if (wishes->json)
        fv_cli_bench_json(device, &settings, &bench);
    else
        fv_cli_bench_table(&settings, &bench);
    return FV_CLI_DONE;
}

int fv_cli_bench(int argc, char **argv)
{
    enum { MOST_BATCH = 65536, NOT_GIVEN = G_MININT };
    g_auto(Wishes) wishes = { .batch = NOT_GIVEN, .seconds = NOT_GIVEN };
    const GOptionEntry own[] = {
        { "batch", 'b', 0, G_OPTION_ARG_INT, &wishes.batch, "Images at once (default: the pipeline's)", "N" },
        { "seconds", 0, 0, G_OPTION_ARG_DOUBLE, &wishes.seconds, "Time of each measurement (default: 3; --tune: 1)",
          "S" },
        { "kernels", 'k', 0, G_OPTION_ARG_NONE, &wishes.kernels, "Measure each kernel too, and the device", NULL },
        { "chart", 0, 0, G_OPTION_ARG_FILENAME, &wishes.chart, "Draw the results, too", "FILE.svg" },
        { "tune", 0, 0, G_OPTION_ARG_NONE, &wishes.tune, "Find the fastest tiles of kernels for GPUs, and keep them",
          NULL },
        { "json", 0, 0, G_OPTION_ARG_NONE, &wishes.json, "Print an object instead", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_FREEZE | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, 0, 1))
        return FV_CLI_WRONG;
    if (wishes.batch != NOT_GIVEN && (wishes.batch < 1 || wishes.batch > MOST_BATCH))
        return fv_cli_usage("bench", "--batch must be from 1 to %d", MOST_BATCH);
    if (wishes.seconds != NOT_GIVEN && !(wishes.seconds > 0 && wishes.seconds <= 3600))
        return fv_cli_usage("bench", "--seconds must be above 0, and 3600 at most");
    if (wishes.chart && !g_str_has_suffix(wishes.chart, ".svg"))
        return fv_cli_usage("bench", "--chart %s: its name must end in .svg", wishes.chart);
    if (wishes.tune && (wishes.kernels || wishes.chart))
        return fv_cli_usage("bench", "--tune goes without --kernels and --chart");
    if (options.rest[0]) {
        if (wishes.seconds < 0)
            wishes.seconds = wishes.tune ? 1 : 3;
        return bench_pipeline(&options, &wishes);
    }
    if (wishes.batch != NOT_GIVEN || wishes.seconds != NOT_GIVEN || wishes.kernels || wishes.chart || wishes.tune ||
        options.sets || options.freezes || options.seed >= 0)
        return fv_cli_usage("bench", "without PIPELINE there are only --device and --json");
    return bench_device(&options, &wishes);
}
