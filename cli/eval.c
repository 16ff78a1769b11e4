/* SPDX-License-Identifier: MIT
 * eval.c: `fovea eval PIPELINE --weights W`: loss and metrics of a split. */
#include "cli/cli.h"

#include "core/train/ensemble.h"
#include "core/train/judge.h"

#include "cli/result.h"

static const FvCliHelp help = {
    "eval", "PIPELINE", "Prints loss and metrics of a trained net.",
    "Shares of the training split are drawn by the seed: for those of a run give the seed that it was trained with\n"
    "(1 where none was given).\n\n"
    "With several files of weights their nets are an ensemble: what they predict is averaged (probabilities, where "
    "the\n"
    "loss makes such), and the line printed is that of the average. --tta N averages over N copies of each image: "
    "itself,\n"
    "and N - 1 that the pipeline's augment { } makes, drawn by the seed. Lines before it are those of each net alone, "
    "by\n"
    "the images themselves.\n\n"
    "Examples:\n"
    "  fovea eval pipelines/lenet-fashion.fv --weights runs/lenet-fashion-1/best.safetensors\n"
    "  fovea eval pipelines/lenet-fashion.fv --weights a.safetensors,b.safetensors,c.safetensors --tta 8\n"
};

/* Each net alone, then all of them. */
static void print_judged(const FvBeginning *begin, FvSplit split, const FvJudged *judged)
{
    for (guint i = 0; i < judged->members->len; i++) {
        const FvTotals *totals = &g_array_index(judged->members, FvTotals, i);
        g_print("%s:", i == 0 ? begin->file : begin->others[i - 1]);
        if (totals->has_loss)
            g_print(totals->loss < 1e6 ? " loss %.4f" : " loss %.4g", totals->loss);
        if (judged->scores->len > 0)
            g_print(" %s %.4f", g_array_index(judged->scores, FvScore, 0).name, totals->metric);
        g_print("\n");
    }
    fv_cli_print_result(fv_split_name(split), &judged->totals, judged->scores, judged->tables);
}

static int judge(FvSession *session, const FvBeginning *begin, const FvTensors *weights, FvSplit split, int copies)
{
    g_autoptr(GError) error = NULL;
    g_auto(FvJudged) judged = { 0 };
    if (!fv_session_judge(session, begin, weights, split, copies, &judged, &error))
        return error ? fv_cli_fail(error) : FV_CLI_FAILED;
    print_judged(begin, split, &judged);
    return FV_CLI_DONE;
}

static int evaluate(const FvCliOptions *options, FvSplit split, int copies)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPipeline) pipeline = NULL;
    g_autoptr(FvDevice) device = NULL;
    const int code = fv_cli_open(options, &pipeline, &device);
    if (code != FV_CLI_DONE)
        return code;
    if (copies > 1 && !fv_ensemble_check(pipeline->graph, &error))
        return fv_cli_fail(error);
    g_autoptr(FvTensors) weights = fv_safetensors_read(options->weights, &error);
    if (!weights)
        return fv_cli_fail(error);
    g_autoptr(FvProgressBar) progress = fv_progress_new(stderr, "images");
    const FvSessionSettings settings = { .graph = pipeline->graph,
                                         .device = device,
                                         .weights = weights,
                                         .seed = options->seed < 0 ? 1 : (guint64) options->seed,
                                         .varies = copies > 1,
                                         .progress = progress,
                                         .stop = fv_cli_catch_signals() };
    g_autoptr(FvSession) session = fv_session_new(&settings, FV_FOR_EVALUATION, &error);
    FvTotals totals;
    const FvBeginning begin = fv_cli_beginning(options);
    if (session && (copies > 1 || begin.others))
        return judge(session, &begin, weights, split, copies);
    if (!session || !fv_weights_begin(fv_session_plan(session), &begin, weights, &error))
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
    int copies = 1;
    const GOptionEntry own[] = {
        FV_CLI_TTA(copies),
        { "split", 0, 0, G_OPTION_ARG_STRING, &split, "train, validate or test (default: test)", "SPLIT" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_ENSEMBLE | FV_CLI_SEED | FV_CLI_DEVICE, own,
                      &options, argc, argv) ||
        !fv_cli_count(&help, &options, 1, 1))
        return FV_CLI_WRONG;
    const FvSplit which = split ? fv_split_from_name(split) : FV_TEST;
    if (which == FV_SPLITS)
        return fv_cli_usage("eval", "no split is called \"%s\": they are train, validate and test", split);
    if (!options.weights)
        return fv_cli_usage("eval", "--weights is missing");
    if (copies < 1 || copies > FV_CLI_MOST_COPIES)
        return fv_cli_usage("eval", "--tta must be from 1 to %d", FV_CLI_MOST_COPIES);
    return evaluate(&options, which, copies);
}
