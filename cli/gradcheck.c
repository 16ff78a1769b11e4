/* SPDX-License-Identifier: MIT
 * gradcheck.c: `fovea gradcheck PIPELINE|NAME`: numeric against analytic gradients, in double precision. */
#include "cli/cli.h"

#include "core/train/gradcheck.h"

#include <string.h>

static const FvCliHelp help = {
    "gradcheck", "PIPELINE|NAME", "Compares analytic gradients with differences of the loss, in double precision.",
    "Given a pipeline, its net and losses are checked on random input, with parameters as training begins with them.\n"
    "Given the name of a layer or loss, small nets around it are, one for each of its examples (fovea inspect).\n"
    "For each parameter the largest relative error is printed; where one is above the tolerance, the exit code is "
    "1.\n\n"
    "Examples:\n"
    "  fovea gradcheck conv\n"
    "  fovea gradcheck pipelines/resnet-small.fv\n"
};

typedef struct {
    FvDevice *device;
    guint64 seed;
    int batch;
    double tolerance;
    FvBeginning begin;
    gboolean quiet; /* only the last line */
    double worst;   /* so far */
    int checked;
} Session;

static void on_result(const FvGradcheckResult *result, gpointer data)
{
    Session *session = data;
    session->worst = MAX(session->worst, result->worst);
    session->checked += result->checked;
    if (!session->quiet)
        g_print("  %-28s %4d of %-9" G_GINT64_FORMAT " %.2e%s\n", result->name, result->checked, result->elements,
                result->worst, result->worst <= session->tolerance ? "" : "  WRONG");
}

static gboolean check_graph(Session *session, const FvGraph *graph, gboolean *passed, GError **error)
{
    const FvGradcheckSettings settings = { .graph = graph,
                                           .device = session->device,
                                           .seed = session->seed,
                                           .batch = session->batch,
                                           .weights = session->begin.file,
                                           .partial = session->begin.partial,
                                           .tolerance = session->tolerance };
    gboolean good = FALSE;
    if (!fv_gradcheck(&settings, on_result, session, &good, error))
        return FALSE;
    *passed &= good;
    return TRUE;
}

static int verdict(const Session *session, const char *what, gboolean passed)
{
    g_print("%s: %s, worst relative error %.2e of %d elements, tolerance %.0e\n", what,
            passed ? "gradients are right" : "gradients are WRONG", session->worst, session->checked,
            session->tolerance);
    return passed ? FV_CLI_DONE : FV_CLI_FAILED;
}

/* ------------------------------------------------------------------- plugins */

static gboolean check_text(Session *session, const FvPlugin *plugin, int number, const char *text, gboolean *passed,
                           GError **error)
{
    g_autofree char *name = g_strdup_printf("(%s, example %d)", plugin->name, number);
    g_autoptr(FvPipeline) pipeline = fv_pipeline_from_text(name, text, error);
    if (!pipeline)
        return FALSE;
    if (!session->quiet)
        g_print("%s %s: %s\n", fv_kind_name(plugin->kind), plugin->name,
                plugin->examples ? plugin->examples[number - 1] : plugin->name);
    return check_graph(session, pipeline->graph, passed, error);
}

static int check_plugin(Session *session, const FvPlugin *plugin)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) texts = fv_gradcheck_pipelines(plugin);
    gboolean passed = TRUE;
    session->worst = session->checked = 0;
    for (int i = 0; texts && texts[i]; i++)
        if (!check_text(session, plugin, i + 1, texts[i], &passed, &error))
            return fv_cli_fail(error);
    g_autofree char *what = g_strdup_printf("%s %s", fv_kind_name(plugin->kind), plugin->name);
    if (texts)
        return verdict(session, what, passed);
    g_print("%s: has no gradient to check\n", what);
    return FV_CLI_DONE;
}

/* A name may be that of a layer and of a loss: both are checked then. */
static int check_name(Session *session, const char *name)
{
    static const FvKind kinds[] = { FV_LAYER, FV_LOSS };
    g_autoptr(FvRegistry) registry = fv_registry_new();
    g_autoptr(GError) first = NULL;
    int code = FV_CLI_DONE, found = 0;
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GError) error = NULL;
        const FvPlugin *plugin = fv_registry_find(registry, kinds[i], name, &error);
        if (!plugin && error->code != FV_ERROR_UNKNOWN)
            return fv_cli_fail(error);
        if (!plugin && !first)
            first = g_steal_pointer(&error);
        if (!plugin)
            continue;
        found++;
        const int one = check_plugin(session, plugin);
        code = MAX(code, one);
    }
    return found ? code : fv_cli_fail(first);
}

static int check_pipeline(Session *session, const FvCliOptions *options)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPipeline) pipeline = fv_cli_pipeline(options);
    gboolean passed = TRUE;
    if (!pipeline)
        return FV_CLI_WRONG;
    if (!check_graph(session, pipeline->graph, &passed, &error))
        return fv_cli_fail(error);
    return verdict(session, options->rest[0], passed);
}

static gboolean is_file(const char *name)
{
    return strchr(name, '/') || g_str_has_suffix(name, ".fv") || g_file_test(name, G_FILE_TEST_EXISTS);
}

int fv_cli_gradcheck(int argc, char **argv)
{
    Session session = { .batch = 3, .tolerance = FV_GRADCHECK_TOLERANCE };
    const GOptionEntry own[] = {
        { "batch", 'b', 0, G_OPTION_ARG_INT, &session.batch, "Samples (default: 3)", "N" },
        { "tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &session.tolerance, "Largest relative error (default: 1e-6)", "E" },
        { "quiet", 'q', 0, G_OPTION_ARG_NONE, &session.quiet, "Print the verdict alone", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    int code;
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, 1, 1))
        return FV_CLI_WRONG;
    if (session.batch < 1 || session.batch > 4096)
        return fv_cli_usage("gradcheck", "--batch must be from 1 to 4096");
    if (!(session.tolerance > 0))
        return fv_cli_usage("gradcheck", "--tolerance must be above 0");
    const gboolean file = is_file(options.rest[0]);
    if (!file && (options.sets || options.weights))
        return fv_cli_usage("gradcheck", "-s and --weights go with a pipeline, \"%s\" is taken as a plugin's name",
                            options.rest[0]);
    g_autoptr(FvDevice) device = fv_cli_device(&options, &code);
    if (!device)
        return code;
    session.device = device;
    session.seed = options.seed < 0 ? 1 : (guint64) options.seed;
    session.begin = fv_cli_beginning(&options);
    return file ? check_pipeline(&session, &options) : check_name(&session, options.rest[0]);
}
