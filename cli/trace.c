/* SPDX-License-Identifier: MIT
 * trace.c: `fovea trace PIPELINE --in X --target T`: every number of one training step of a small net. */
#include "cli/trace.h"

static const FvCliHelp help = {
    "trace", "PIPELINE", "Prints every value, gradient and new weight of one training step of a small net.",
    "X and T are numbers with commas between them, or .npy files; T may be classes. Without T there is only the way\n"
    "forward, as for prediction. The step is the first of a training: parameters are those of --weights, or as\n"
    "training begins with them; --param gives single ones. It is computed in double precision where the device has "
    "it.\n"
    "What holds more numbers than --limit is told by least, mean and largest number.\n\n"
    "Example: fovea trace pipelines/worked-example.fv --in 0.05,0.10 --target 0.01,0.99 \\\n"
    "             --param dense1.weight=0.15,0.20,0.25,0.30 --param dense1.bias=0.35,0.35\n"
};

double *fv_cli_doubles(const FvTensor *tensor)
{
    const gint64 count = fv_tensor_elements(tensor);
    double *numbers = g_new0(double, count);
    for (gint64 i = 0; i < count; i++)
        numbers[i] = fv_tensor_get(tensor, i);
    return numbers;
}

void fv_cli_statistics(const double *numbers, gint64 count, double statistics[3])
{
    double least = numbers[0], largest = numbers[0], sum = 0;
    for (gint64 i = 0; i < count; i++) {
        least = numbers[i] < least ? numbers[i] : least;
        largest = numbers[i] > largest ? numbers[i] : largest;
        sum += numbers[i];
    }
    statistics[0] = least;
    statistics[1] = sum / (double) count;
    statistics[2] = largest;
}

typedef struct {
    char *in, *target;
    char **params;
    int digits, limit;
    gboolean json;
} Arguments;

static void arguments_clear(Arguments *arguments)
{
    g_free(arguments->in);
    g_free(arguments->target);
    g_strfreev(arguments->params);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Arguments, arguments_clear)

static int trace(const FvCliOptions *options, const Arguments *arguments)
{
    enum { USUAL_LIMIT = 64 };
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPipeline) pipeline = NULL;
    g_autoptr(FvDevice) device = NULL;
    const int code = fv_cli_open(options, &pipeline, &device);
    if (code != FV_CLI_DONE)
        return code;
    const FvTraceSettings settings = { .graph = pipeline->graph,
                                       .device = device,
                                       .begin = fv_cli_beginning(options),
                                       .params = (const char *const *) arguments->params,
                                       .in = arguments->in,
                                       .target = arguments->target };
    g_autoptr(FvTrace) traced = fv_trace_new(&settings, &error);
    if (!traced)
        return fv_cli_fail(error);
    const FvCliTrace shown = { .graph = pipeline->graph,
                               .trace = traced,
                               .digits = arguments->digits,
                               .limit = arguments->limit >= 0 ? arguments->limit
                                        : arguments->json     ? -1
                                                              : USUAL_LIMIT };
    (arguments->json ? fv_cli_print_trace_json : fv_cli_print_trace)(&shown);
    return FV_CLI_DONE;
}

int fv_cli_trace(int argc, char **argv)
{
    g_auto(Arguments) arguments = { .digits = 9, .limit = -1 };
    const GOptionEntry own[] = {
        { "in", 'i', 0, G_OPTION_ARG_FILENAME, &arguments.in, "Input: numbers, or .npy", "X" },
        { "target", 't', 0, G_OPTION_ARG_FILENAME, &arguments.target, "What the output should be: numbers, or .npy",
          "T" },
        { "param", 'p', 0, G_OPTION_ARG_STRING_ARRAY, &arguments.params, "Give a parameter these numbers",
          "NAME=NUMBERS" },
        { "digits", 0, 0, G_OPTION_ARG_INT, &arguments.digits, "Decimals, 1 to 15 (default: 9)", "N" },
        { "limit", 0, 0, G_OPTION_ARG_INT, &arguments.limit,
          "Print no more numbers of one value (default: 64, with --json all)", "N" },
        { "json", 0, 0, G_OPTION_ARG_NONE, &arguments.json, "Print an object instead", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, 1, 1))
        return FV_CLI_WRONG;
    if (!arguments.in)
        return fv_cli_usage("trace", "--in is missing");
    if (arguments.digits < 1 || arguments.digits > 15)
        return fv_cli_usage("trace", "--digits must be from 1 to 15");
    return trace(&options, &arguments);
}
