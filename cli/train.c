/* SPDX-License-Identifier: MIT
 * train.c: `fovea train PIPELINE`: trains a net, and tests it. */
#include "cli/cli.h"

#include "core/sink/run.h"
#include "core/train/folds.h"
#include "core/train/train.h"

#include <math.h>

#include "cli/result.h"

static const FvCliHelp help = {
    "train", "PIPELINE", "Trains a net, keeps it in a run folder, and prints loss and accuracy of the test split.",
    "The run folder holds pipeline.fv (as resolved), log.jsonl (losses and accuracies), last.safetensors (a "
    "checkpoint\n"
    "to resume from), best.safetensors (the parameters that did best on the validation split, which are the ones\n"
    "tested; the last ones where there is no such split) and report.html (curves to look at).\n\n"
    "Layers that are fitted (standardize, pca, select, knn ...) are so before the first step. Where nothing is left "
    "to\n"
    "train, that is all, and the pipeline needs neither loss nor optimizer.\n\n"
    "--folds K trains K times, each time with another K-th of the training split to validate on, in folders fold-1 to\n"
    "fold-K of the run folder, and prints what each came to, their mean and their standard deviation. The test split "
    "is\n"
    "left alone, and data { validate } means nothing then.\n\n"
    "The first Ctrl-C (or SIGTERM) writes a checkpoint and stops, a second one stops at once. SIGUSR1 writes a\n"
    "checkpoint and goes on. As long as a run is under way its folder is refused to others.\n\n"
    "Examples:\n"
    "  fovea train pipelines/lenet-fashion.fv\n"
    "  fovea train pipelines/lenet-fashion.fv -s rate=0.003 --out runs/slow --seed 7\n"
    "  fovea train --resume runs/slow\n"
    "  fovea train pipelines/knn.fv --folds 5\n"
};

/* A run is resumed with the pipeline that it was begun with; what PIPELINE and -s say must come to the same. */
static FvPipeline *open_resumed(const FvCliOptions *options, const char *folder, GError **error)
{
    g_autofree char *kept = g_build_filename(folder, FV_RUN_PIPELINE, NULL);
    if (!options->rest[0])
        return fv_pipeline_open(kept, (const char *const *) options->sets, error);
    if (!g_file_test(kept, G_FILE_TEST_EXISTS))
        return fv_pipeline_open(options->rest[0], (const char *const *) options->sets, error);
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

static int report_stop(const char *folder, gint64 step)
{
    if (folder)
        g_printerr("stopped after step %" G_GINT64_FORMAT "; to go on: fovea train --resume %s\n", step, folder);
    else
        g_printerr("stopped before anything was done\n");
    return FV_CLI_FAILED;
}

static int report(const FvTrainResult *result)
{
    if (result->stopped)
        return report_stop(result->folder, result->step);
    g_printerr("run folder: %s\n", result->folder);
    if (result->tested)
        fv_cli_print_result(fv_split_name(result->split), &result->test, result->scores, result->tables);
    else
        g_printerr("there is no test split; data { test = 0.1 } would keep a share for one\n");
    return FV_CLI_DONE;
}

static void print_row(const char *head, double loss, double value)
{
    g_print("%-10s", head);
    if (!isnan(loss))
        g_print(" %10.4f", loss);
    if (!isnan(value))
        g_print(" %10.4f", value);
    g_print("\n");
}

static int report_folds(const FvFoldsResult *result)
{
    double loss[2], value[2];
    if (result->stopped) {
        g_printerr("stopped in fold %u; to go on: fovea train --resume %s\n", result->folds->len + 1, result->folder);
        return FV_CLI_FAILED;
    }
    fv_folds_summary(result->folds, offsetof(FvFoldScore, loss), &loss[0], &loss[1]);
    fv_folds_summary(result->folds, offsetof(FvFoldScore, value), &value[0], &value[1]);
    g_printerr("run folder: %s\n", result->folder);
    g_print("%-10s%s", "fold", isnan(loss[0]) ? "" : "       loss");
    if (result->metric)
        g_print(" %10s", result->metric);
    g_print("\n");
    for (guint i = 0; i < result->folds->len; i++) {
        const FvFoldScore *fold = &g_array_index(result->folds, FvFoldScore, i);
        g_autofree char *number = g_strdup_printf("%u", i + 1);
        print_row(number, fold->loss, fold->value);
    }
    print_row("mean", loss[0], value[0]);
    print_row("deviation", loss[1], value[1]);
    return FV_CLI_DONE;
}

static int run(const FvTrainSettings *settings)
{
    g_autoptr(GError) error = NULL;
    if (settings->folds > 0 || (settings->resume && fv_folds_in(settings->resume))) {
        g_auto(FvFoldsResult) folds = { 0 };
        return fv_train_folds(settings, &folds, &error) ? report_folds(&folds) : fv_cli_fail(error);
    }
    FvTrainResult result;
    const int code = fv_train(settings, &result, &error) ? report(&result) : fv_cli_fail(error);
    fv_train_result_clear(&result);
    return code;
}

/* @pipeline: that is given, or NULL: a checkpoint is enough then, which a run has a moment before its pipeline. */
static gboolean is_run(const char *folder, const char *pipeline, GError **error)
{
    g_autofree char *kept = g_build_filename(folder, FV_RUN_PIPELINE, NULL);
    g_autofree char *last = g_build_filename(folder, FV_RUN_LAST, NULL);
    if (g_file_test(kept, G_FILE_TEST_IS_REGULAR) || (pipeline && g_file_test(last, G_FILE_TEST_IS_REGULAR)))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: no run to go on with: there is no %s in it", folder,
                FV_RUN_PIPELINE);
    return FALSE;
}

static int train(const FvCliOptions *options, const char *out, const char *resume, int folds)
{
    g_autoptr(GError) error = NULL;
    fv_cli_catch_save(); /* not to be ended by it from now on */
    if (resume && !is_run(resume, options->rest[0], &error))
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
        .folds = folds,
        .progress = progress,
        .stop = fv_cli_catch_signals(),
        .save = fv_cli_catch_save(),
    };
    return run(&settings);
}

int fv_cli_train(int argc, char **argv)
{
    g_autofree char *out = NULL;
    g_autofree char *resume = NULL;
    int folds = G_MININT;
    const GOptionEntry own[] = {
        { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out, "Run folder to make (default: runs/NAME-N)", "DIR" },
        { "folds", 0, 0, G_OPTION_ARG_INT, &folds,
          "Cross-validation: so many trainings, each with its own part to validate", "K" },
        { "resume", 0, 0, G_OPTION_ARG_FILENAME, &resume, "Go on with the run in this folder", "DIR" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, resume ? 0 : 1, 1))
        return FV_CLI_WRONG;
    if (resume && (out || options.weights))
        return fv_cli_usage("train", "--resume goes on in its own folder: --out and --weights cannot stand beside it");
    if (folds != G_MININT && (folds < 2 || folds > FV_MOST_FOLDS))
        return fv_cli_usage("train", "--folds must be from 2 to %d", FV_MOST_FOLDS);
    if (resume && folds != G_MININT && !fv_folds_in(resume))
        return fv_cli_usage("train", "--folds: %s is no cross-validation to go on with", resume);
    return train(&options, out, resume, MAX(folds, 0));
}
