/* SPDX-License-Identifier: MIT
 * eval.c: `fovea eval PIPELINE --weights W`: loss and metrics of a split. */
#include "cli/cli.h"

#include "core/train/session.h"

#include "cli/result.h"

static const FvCliHelp help = {
    "eval", "PIPELINE", "Prints loss and metrics of a trained net.",
    "Shares of the training split are drawn by the seed: for those of a run give the seed that it was trained with\n"
    "(1 where none was given).\n\n"
    "Example: fovea eval pipelines/lenet-fashion.fv --weights runs/lenet-fashion-1/best.safetensors\n"
};

static int evaluate(const FvCliOptions *options, FvSplit split)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPipeline) pipeline = NULL;
    g_autoptr(FvDevice) device = NULL;
    const int code = fv_cli_open(options, &pipeline, &device);
    if (code != FV_CLI_DONE)
        return code;
    g_autoptr(FvProgressBar) progress = fv_progress_new(stderr, "images");
    const FvSessionSettings settings = { .graph = pipeline->graph,
                                         .device = device,
                                         .seed = options->seed < 0 ? 1 : (guint64) options->seed,
                                         .progress = progress,
                                         .stop = fv_cli_catch_signals() };
    g_autoptr(FvSession) session = fv_session_new(&settings, FV_FOR_EVALUATION, &error);
    FvTotals totals;
    const FvBeginning begin = fv_cli_beginning(options);
    if (!session || !fv_weights_begin(fv_session_plan(session), &begin, NULL, &error))
        return fv_cli_fail(error);
    if (!fv_session_evaluate(session, split, fv_split_name(split), &totals, &error))
        return error ? fv_cli_fail(error) : FV_CLI_FAILED;
    g_autoptr(GArray) scores = fv_session_scores(session);
    g_autofree char *tables = fv_session_tables(session);
    fv_cli_print_result(fv_split_name(split), &totals, scores, tables);
    return FV_CLI_DONE;
}

int fv_cli_eval(int argc, char **argv)
{
    g_autofree char *split = NULL;
    const GOptionEntry own[] = {
        { "split", 0, 0, G_OPTION_ARG_STRING, &split, "train, validate or test (default: test)", "SPLIT" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, 1, 1))
        return FV_CLI_WRONG;
    const FvSplit which = split ? fv_split_from_name(split) : FV_TEST;
    if (which == FV_SPLITS)
        return fv_cli_usage("eval", "no split is called \"%s\": they are train, validate and test", split);
    if (!options.weights)
        return fv_cli_usage("eval", "--weights is missing");
    return evaluate(&options, which);
}
