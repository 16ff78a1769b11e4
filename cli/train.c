/* SPDX-License-Identifier: MIT
 * train.c: `fovea train PIPELINE`: trains a net, and tests it. */
#include "cli/cli.h"

#include "core/sink/run.h"
#include "core/train/train.h"

#include "cli/result.h"

static const FvCliHelp help = {
    "train", "PIPELINE", "Trains a net, keeps it in a run folder, and prints loss and accuracy of the test split.",
    "The run folder holds pipeline.fv (as resolved), log.jsonl (losses and accuracies), last.safetensors (a "
    "checkpoint\n"
    "to resume from), best.safetensors (the parameters that did best on the validation split, which are the ones\n"
    "tested; the last ones where there is no such split) and report.html (curves to look at).\n\n"
    "The first Ctrl-C writes a checkpoint and stops, a second one stops at once.\n\n"
    "Examples:\n"
    "  fovea train pipelines/lenet-fashion.fv\n"
    "  fovea train pipelines/lenet-fashion.fv -s rate=0.003 --out runs/slow --seed 7\n"
    "  fovea train --resume runs/slow\n"
};

/* A run is resumed with the pipeline that it was begun with; what PIPELINE and -s say must come to the same. */
static FvPipeline *open_resumed(const FvCliOptions *options, const char *folder, GError **error)
{
    g_autofree char *kept = g_build_filename(folder, FV_RUN_PIPELINE, NULL);
    if (!options->rest[0])
        return fv_pipeline_open(kept, (const char *const *) options->sets, error);
    g_autoptr(FvPipeline) old = fv_pipeline_open(kept, NULL, error);
    if (!old)
        return NULL;
    /* The lets of the run stand unless -s says otherwise. */
    g_autoptr(GStrvBuilder) sets = g_strv_builder_new();
    for (guint i = 0; i < old->tree->lets->len; i++) {
        const FvSetting *let = old->tree->lets->pdata[i];
        g_autofree char *value = fv_expr_print(let->value);
        g_autofree char *set = g_strdup_printf("%s=%s", let->name, value);
        g_strv_builder_add(sets, set);
    }
    for (char **set = options->sets; set && *set; set++)
        g_strv_builder_add(sets, *set);
    g_auto(GStrv) all = g_strv_builder_end(sets);
    return fv_pipeline_open(options->rest[0], (const char *const *) all, error);
}

static int report(const FvTrainResult *result, const char *pipeline)
{
    if (result->stopped) {
        g_printerr("stopped after step %" G_GINT64_FORMAT "; to go on: fovea train --resume %s\n", result->step,
                   result->folder);
        return FV_CLI_FAILED;
    }
    g_printerr("run folder: %s\n", result->folder);
    if (result->tested)
        fv_cli_print_result("test", &result->test, result->scores, result->tables);
    else
        g_printerr("there is no test split; data { test = 0.1 } would keep a share for one\n");
    return FV_CLI_DONE;
}

static gboolean is_run(const char *folder, GError **error)
{
    g_autofree char *kept = g_build_filename(folder, FV_RUN_PIPELINE, NULL);
    if (g_file_test(kept, G_FILE_TEST_IS_REGULAR))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: no run to go on with: there is no %s in it", folder,
                FV_RUN_PIPELINE);
    return FALSE;
}

static int train(const FvCliOptions *options, const char *out, const char *resume)
{
    g_autoptr(GError) error = NULL;
    if (resume && !is_run(resume, &error))
        return fv_cli_fail(error);
    g_autoptr(FvPipeline) pipeline =
        resume ? open_resumed(options, resume, &error)
               : fv_pipeline_open(options->rest[0], (const char *const *) options->sets, &error);
    int code;
    if (!pipeline) {
        fv_cli_fail(error);
        return FV_CLI_WRONG;
    }
    /* The data before the device: a source may read on while drivers are loaded and kernels compiled. */
    g_auto(FvOpenSource) source = { 0 };
    fv_source_open_ahead(&pipeline->graph->source, &source);
    g_autoptr(FvDevice) device = fv_cli_device(options, &code);
    if (!device)
        return code;
    g_autoptr(FvProgressBar) progress = fv_progress_new(stderr, "images");
    const FvTrainSettings settings = {
        .pipeline = pipeline,
        .device = device,
        .source = &source,
        .out = out,
        .resume = resume,
        .weights = options->weights,
        .partial = fv_cli_beginning(options).partial,
        .seed = (guint64) MAX(options->seed, 0),
        .has_seed = options->seed >= 0,
        .progress = progress,
        .stop = fv_cli_catch_signals(),
    };
    FvTrainResult result;
    code = fv_train(&settings, &result, &error) ? report(&result, options->rest[0]) : fv_cli_fail(error);
    fv_train_result_clear(&result);
    return code;
}

int fv_cli_train(int argc, char **argv)
{
    g_autofree char *out = NULL;
    g_autofree char *resume = NULL;
    const GOptionEntry own[] = {
        { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "Run folder to make (default: runs/NAME-N)", "DIR" },
        { "resume", 0, 0, G_OPTION_ARG_FILENAME, &resume, "Go on with the run in this folder", "DIR" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, resume ? 0 : 1, 1))
        return FV_CLI_WRONG;
    if (resume && (out || options.weights))
        return fv_cli_usage("train", "--resume goes on in its own folder: --out and --weights cannot stand beside it");
    return train(&options, out, resume);
}
