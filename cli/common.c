/* SPDX-License-Identifier: MIT
 * common.c: options, errors and numbers, as all verbs read and print them. */
#include "cli/cli.h"

#include "core/bench/tune.h"

#include <string.h>

/* Written by the signal handler, which is given nothing else. */
static volatile sig_atomic_t caught, wanted;

static void on_signal(int number)
{
    caught = number;
}

const volatile sig_atomic_t *fv_cli_catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESETHAND | SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &caught;
}

static void on_save(int number)
{
    (void) number;
    wanted = (wanted + 1) & 0xff;
}

const volatile sig_atomic_t *fv_cli_catch_save(void)
{
    struct sigaction action = { .sa_handler = on_save, .sa_flags = SA_RESTART };
    sigemptyset(&action.sa_mask);
    sigaction(SIGUSR1, &action, NULL);
    return &wanted;
}

/* -------------------------------------------------------------------- errors */

/* Pipeline errors come with their place, which is how editors and people look for them: nothing goes before it. */
static gboolean has_place(const char *message)
{
    const char *end = strchr(message, '\n');
    const char *mark = strstr(message, ": error: ");
    return mark && (!end || mark < end);
}

int fv_cli_fail(const GError *error)
{
    static const FvError wrong[] = { FV_ERROR_SYNTAX, FV_ERROR_UNKNOWN, FV_ERROR_OPTION, FV_ERROR_SHAPE, FV_ERROR_ABI };
    g_printerr("%s%s\n", has_place(error->message) ? "" : "fovea: ", error->message);
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        if (g_error_matches(error, FV_ERROR, (int) wrong[i]))
            return FV_CLI_WRONG;
    return FV_CLI_FAILED;
}

int fv_cli_usage(const char *verb, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *message = g_strdup_vprintf(format, args);
    va_end(args);
    g_printerr("fovea: %s: %s (see fovea %s --help)\n", verb, message, verb);
    return FV_CLI_WRONG;
}

/* ------------------------------------------------------------------- options */

void fv_cli_options_clear(FvCliOptions *options)
{
    g_strfreev(options->sets);
    g_strfreev(options->freezes);
    g_strfreev(options->rest);
    g_free(options->device);
    g_free(options->weights);
    g_strfreev(options->others);
}

/* Names as they were given; where nothing has such a name, its parts between commas. */
static void add_weights(GStrvBuilder *files, const char *name, gboolean several)
{
    g_auto(GStrv) parts = g_strsplit(name, ",", -1);
    if (!several || g_file_test(name, G_FILE_TEST_EXISTS)) {
        g_strv_builder_add(files, name);
        return;
    }
    for (char **part = parts; *part; part++)
        if (**part)
            g_strv_builder_add(files, *part);
}

static gboolean take_weights(const char *verb, unsigned wants, char **given, FvCliOptions *options)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    for (char **name = given; name && *name; name++)
        add_weights(builder, *name, (wants & FV_CLI_ENSEMBLE) != 0);
    g_auto(GStrv) files = g_strv_builder_end(builder);
    if (!given)
        return TRUE;
    if (!files[0] || (files[1] && !(wants & FV_CLI_ENSEMBLE))) {
        fv_cli_usage(verb, files[0] ? "--weights: one file is wanted; eval and predict take several"
                                    : "--weights: there is no file");
        return FALSE;
    }
    options->weights = g_strdup(files[0]);
    options->others = files[1] ? g_strdupv(files + 1) : NULL;
    return TRUE;
}

/* What options need of each other. */
static gboolean settle(const char *verb, FvCliOptions *options)
{
    if (!options->rest)
        options->rest = g_new0(char *, 1);
    if (options->partial && !options->weights) {
        fv_cli_usage(verb, "--partial goes with --weights");
        return FALSE;
    }
    if (options->seed < 0 && options->seed != G_MININT64) {
        fv_cli_usage(verb, "--seed must not be negative");
        return FALSE;
    }
    options->seed = MAX(options->seed, -1);
    return TRUE;
}

gboolean fv_cli_parse(const FvCliHelp *help, unsigned wants, const GOptionEntry *own, FvCliOptions *options, int argc,
                      char **argv)
{
    g_auto(GStrv) weights = NULL;
    const struct {
        unsigned bit;
        GOptionEntry entry;
    } shared[] = {
        { FV_CLI_SETS,
          { "set", 's', 0, G_OPTION_ARG_STRING_ARRAY, &options->sets, "Give a let of the pipeline another value",
            "NAME=VALUE" } },
        { FV_CLI_FREEZE,
          { "freeze", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->freezes,
            "Leave parameters as they are, by paths: conv1, \"conv*\", a block; as freeze in the pipeline does",
            "PATTERN" } },
        { FV_CLI_WEIGHTS,
          { "weights", 'w', 0, G_OPTION_ARG_FILENAME_ARRAY, &weights,
            wants & FV_CLI_ENSEMBLE ? "Parameters: a safetensors file, or several, whose predictions are averaged"
                                    : "Parameters: a safetensors file",
            wants & FV_CLI_ENSEMBLE ? "FILE,..." : "FILE" } },
        { FV_CLI_WEIGHTS,
          { "partial", 0, 0, G_OPTION_ARG_NONE, &options->partial,
            "Take what fits of the weights, and say what does not", NULL } },
        { FV_CLI_SEED, { "seed", 0, 0, G_OPTION_ARG_INT64, &options->seed, "Seed of all that is random", "N" } },
        { FV_CLI_DEVICE,
          { "device", 'd', 0, G_OPTION_ARG_STRING, &options->device,
            "Device: a number or part of a name of `fovea devices` (default: FOVEA_DEVICE, else the first)", "NAME" } },
    };
    const GOptionEntry rest[] = { { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->rest, NULL, NULL },
                                  G_OPTION_ENTRY_NULL };
    g_autoptr(GOptionContext) context = g_option_context_new(help->arguments);
    g_autoptr(GError) error = NULL;
    g_autofree char *program = g_strconcat("fovea ", help->verb, NULL);

    options->seed = G_MININT64;
    g_set_prgname(program);
    g_option_context_set_summary(context, help->summary);
    g_option_context_set_description(context, help->description);
    if (own)
        g_option_context_add_main_entries(context, own, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(shared); i++) {
        const GOptionEntry one[] = { shared[i].entry, G_OPTION_ENTRY_NULL };
        if (wants & shared[i].bit)
            g_option_context_add_main_entries(context, one, NULL);
    }
    g_option_context_add_main_entries(context, rest, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fv_cli_usage(help->verb, "%s", error->message);
        return FALSE;
    }
    return take_weights(help->verb, wants, weights, options) && settle(help->verb, options);
}

gboolean fv_cli_count(const FvCliHelp *help, const FvCliOptions *options, int min, int max)
{
    const int count = (int) g_strv_length(options->rest);
    if (count >= min && (max < 0 || count <= max))
        return TRUE;
    if (count < min)
        fv_cli_usage(help->verb, "expected %s", help->arguments);
    else
        fv_cli_usage(help->verb, "unexpected argument \"%s\"", options->rest[max]);
    return FALSE;
}

static void note_difference(const char *line)
{
    g_printerr("fovea: %s\n", line);
}

FvBeginning fv_cli_beginning(const FvCliOptions *options)
{
    return (FvBeginning){ .file = options->weights,
                          .others = (const char *const *) options->others,
                          .seed = options->seed < 0 ? 1 : (guint64) options->seed,
                          .partial = options->partial ? note_difference : NULL };
}

FvPipeline *fv_cli_pipeline(const FvCliOptions *options)
{
    g_autoptr(GError) error = NULL;
    FvPipeline *pipeline = fv_pipeline_open_frozen(options->rest[0], (const char *const *) options->sets,
                                                   (const char *const *) options->freezes, &error);
    if (!pipeline)
        fv_cli_fail(error);
    return pipeline;
}

FvDevice *fv_cli_device(const FvCliOptions *options, int *code)
{
    g_autoptr(GError) error = NULL;
    FvDevice *device = fv_device_open(options->device, &error);
    *code = device ? FV_CLI_DONE : fv_cli_fail(error);
    if (device && !fv_tiles_read(device, &error))
        g_printerr("fovea: warning: %s\n", error->message);
    return device;
}

int fv_cli_open(const FvCliOptions *options, FvPipeline **pipeline, FvDevice **device)
{
    int code = FV_CLI_WRONG;
    *pipeline = fv_cli_pipeline(options);
    *device = *pipeline ? fv_cli_device(options, &code) : NULL;
    return code;
}

/* --------------------------------------------------------------------- texts */

/* json-glib ends 1e-10 in ".0" as it does whole numbers, which is no JSON any more. A value ends its line; a string
 * would end in a quote. g_free() it. */
static char *mend_exponents(const char *text)
{
    g_autoptr(GRegex) exponent = g_regex_new("(e[-+]?[0-9]+)\\.0(,?)$", G_REGEX_MULTILINE, 0, NULL);
    return g_regex_replace(exponent, text, -1, 0, "\\1\\2", 0, NULL);
}

void fv_cli_print_json(JsonBuilder *builder)
{
    g_autoptr(JsonGenerator) generator = json_generator_new();
    g_autoptr(JsonNode) root = json_builder_get_root(builder);
    json_generator_set_root(generator, root);
    json_generator_set_pretty(generator, TRUE);
    g_autofree char *text = json_generator_to_data(generator, NULL);
    g_autofree char *mended = mend_exponents(text);
    g_print("%s\n", mended);
}

char *fv_cli_bytes(guint64 bytes)
{
    static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
    double size = (double) bytes;
    guint i = 0;
    for (; size >= 1024 && i + 1 < G_N_ELEMENTS(units); i++)
        size /= 1024;
    return i == 0 ? g_strdup_printf("%.0f B", size) : g_strdup_printf("%.1f %s", size, units[i]);
}

char *fv_cli_shape(FvShape shape)
{
    return shape.h == 1 && shape.w == 1 ? g_strdup_printf("%d", shape.c)
                                        : g_strdup_printf("%dx%dx%d", shape.c, shape.h, shape.w);
}
