/* SPDX-License-Identifier: MIT
 * sweep.c: `fovea sweep PIPELINE`: searches the lets of a pipeline for the best ones. */
#include "cli/cli.h"

#include "core/sweep/sweep.h"

static const FvCliHelp help = {
    "sweep", "PIPELINE", "Trains a pipeline with many values of its lets, and keeps the best.",
    "The section sweep { } of the pipeline says which lets are drawn, of what, and how the best are searched for:\n\n"
    "  sweep { rate = log 1e-4..1e-1  batch = [32, 64, 128]  search = random(trials=24) }\n\n"
    "Searches are grid, random, coarse_to_fine and halving. Trials are judged by the first metric on the validation\n"
    "split; the test split is left alone. The folder gets sweep.db (an SQLite database of all trials), sweep.svg "
    "(what\n"
    "each let does), best.fv (the pipeline with the best values) and best.safetensors (the weights of that trial).\n\n"
    "The first Ctrl-C writes checkpoints and stops, a second one stops at once. A sweep that was stopped or killed "
    "goes\n"
    "on with --resume, and ends as if it had not been.\n\n"
    "Examples:\n"
    "  fovea sweep pipelines/lenet-sweep.fv\n"
    "  fovea sweep pipelines/lenet-sweep.fv --out sweeps/lenet --jobs 2\n"
    "  fovea sweep --resume sweeps/lenet\n"
    "  fovea sweep --show sweeps/lenet\n"
};

static int report(const FvSweepResult *result)
{
    if (result->stopped) {
        g_printerr("stopped; to go on: fovea sweep --resume %s\n", result->folder);
        return FV_CLI_FAILED;
    }
    g_printerr("folder: %s\n", result->folder);
    g_print("%s", result->table);
    if (!result->best)
        return FV_CLI_FAILED;
    g_printerr("the best of them on the test split: fovea eval %s --weights %s/best.safetensors\n", result->best,
               result->folder);
    return FV_CLI_DONE;
}

static int show(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_auto(FvSweepResult) result = { 0 };
    if (!fv_sweep_show(folder, &result, &error))
        return fv_cli_fail(error);
    g_print("%s", result.table);
    if (result.stopped)
        g_printerr("it is not over; unless it is under way, to go on: fovea sweep --resume %s\n", folder);
    return FV_CLI_DONE;
}

static int sweep(const FvSweepSettings *settings)
{
    g_autoptr(GError) error = NULL;
    g_auto(FvSweepResult) result = { 0 };
    if (fv_sweep_run(settings, &result, &error))
        return report(&result);
    const int code = fv_cli_fail(error);
    if (result.folder && code == FV_CLI_FAILED)
        g_printerr("to go on: fovea sweep --resume %s\n", result.folder);
    return code;
}

int fv_cli_sweep(int argc, char **argv)
{
    enum { MOST_JOBS = 1024 };
    g_autofree char *out = NULL, *resume = NULL, *shown = NULL;
    gboolean keep = FALSE;
    int jobs = 1;
    const GOptionEntry own[] = {
        { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "Folder to make (default: runs/NAME-sweep-N)", "DIR" },
        { "jobs", 'j', 0, G_OPTION_ARG_INT, &jobs, "Trials at once (default: 1)", "N" },
        { "keep", 0, 0, G_OPTION_ARG_NONE, &keep, "Keep the weights of all trials", NULL },
        { "resume", 0, 0, G_OPTION_ARG_FILENAME, &resume, "Go on with the sweep in this folder", "DIR" },
        { "show", 0, 0, G_OPTION_ARG_FILENAME, &shown, "Print how the sweep in this folder stands", "DIR" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv))
        return FV_CLI_WRONG;
    if (resume && (out || shown || options.sets || options.seed >= 0))
        return fv_cli_usage("sweep",
                            "--resume goes on with what the sweep was begun with: --out, --show, --set and "
                            "--seed cannot stand beside it");
    if (!fv_cli_count(&help, &options, resume || shown ? 0 : 1, resume || shown ? 0 : 1))
        return FV_CLI_WRONG;
    if (jobs < 1 || jobs > MOST_JOBS)
        return fv_cli_usage("sweep", "--jobs must be from 1 to %d", MOST_JOBS);
    if (shown)
        return show(shown);
    g_autoptr(FvProgressBar) progress = fv_progress_new(stderr, "trials");
    const FvSweepSettings settings = {
        .file = options.rest[0],
        .sets = (const char *const *) options.sets,
        .out = out,
        .resume = resume,
        .device = options.device,
        .seed = options.seed < 0 ? 1 : (guint64) options.seed,
        .jobs = jobs,
        .keep = keep,
        .progress = progress,
        .stop = fv_cli_catch_signals(),
    };
    return sweep(&settings);
}
