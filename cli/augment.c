/* SPDX-License-Identifier: MIT
 * augment.c: `fovea augment CHAIN|PIPELINE IN OUT`: a data set through a chain of augmentations. */
#include "cli/cli.h"

#include "core/batch/batch.h"

#include <string.h>

static const FvCliHelp help = {
    "augment", "CHAIN|PIPELINE IN OUT", "Makes an augmented data set of the images in IN.",
    "CHAIN is text as in augment { } of a pipeline; of a PIPELINE (a file NAME.fv) that chain is taken, and its net "
    "is\n"
    "not looked at. IN is a folder, whose tree is kept; a tar, compressed or not; an image; or a text that lists "
    "files.\n"
    "OUT is a folder, or SET.tar for the shards SET-00000.tar, SET-00001.tar and so on. With the outputs comes\n"
    "manifest.jsonl: a line for each, with all that was drawn for it.\n\n"
    "The first Ctrl-C stops when what is begun is written, a second one stops at once; --resume goes on.\n\n"
    "Examples:\n"
    "  fovea augment 'crop(0.8..1) -> rotate(-15..15) -> resize(224) -> noise(0.03)' photos/ out/ --copies 5\n"
    "  fovea augment 'flip(p=0.5) -> resize(256)' photos/ out/ --format jpeg --quality 95 --sheet sheet.png\n"
    "  fovea augment pipelines/cifar.fv photos.tar.zst out/set.tar --shard-size 5000\n"
    "  fovea augment 'rotate(-15..15)' photos/ out/ --resume\n"
    "  grep cat out/manifest.jsonl > cats.jsonl\n"
    "  fovea augment 'rotate(-15..15)' photos/ cats/ --replay cats.jsonl\n"
};

/* The chain as it was given. */
typedef struct {
    FvPipeline *pipeline;
    FvAugmentChain *chain;
    char *text; /* the chain with all that it depends on */
} Chain;

static void chain_clear(Chain *chain)
{
    g_clear_pointer(&chain->chain, fv_augment_chain_free);
    g_clear_pointer(&chain->pipeline, fv_pipeline_free);
    g_clear_pointer(&chain->text, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Chain, chain_clear)

static gboolean is_file(const char *argument)
{
    return g_str_has_suffix(argument, ".fv");
}

/* What follows from the let's of a pipeline, and its chain. */
static char *text_of(const FvPipeline *pipeline)
{
    g_autoptr(GPtrArray) none = g_ptr_array_new();
    g_autoptr(GPtrArray) sections = g_ptr_array_new();
    const FvTree *all = pipeline->tree;
    for (guint i = 0; i < all->sections->len; i++)
        if (g_str_equal(((FvSection *) all->sections->pdata[i])->name, "augment"))
            g_ptr_array_add(sections, all->sections->pdata[i]);
    const FvTree tree = { .lets = all->lets, .blocks = none, .sections = sections, .settings = none, .freezes = none };
    return fv_tree_print(&tree, pipeline->overrides);
}

static gboolean open_chain(const FvCliOptions *options, Chain *chain, GError **error)
{
    const char *argument = options->rest[0];
    FvLoc where = { NULL };
    chain->pipeline = is_file(argument) ? fv_pipeline_open(argument, (const char *const *) options->sets, error)
                                        : fv_pipeline_from_chain("chain", argument, error);
    if (!chain->pipeline)
        return FALSE;
    if (chain->pipeline->graph->augment->len == 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "%s: there is no augment { } in it", argument);
        return FALSE;
    }
    chain->text = text_of(chain->pipeline);
    chain->chain =
        fv_augment_chain_new(chain->pipeline->graph->augment, NULL, (FvShape){ 0, 0, 0 }, TRUE, &where, error);
    if (!chain->chain && where.file)
        g_prefix_error(error, "%s:%d:%d: error: ", where.file, where.line, where.col);
    return chain->chain != NULL;
}

/* ------------------------------------------------------------------- options */

/* Options as they are given, where they are not yet what the batch wants. */
typedef struct {
    char *format, *on_error, *filter, *labels, *replay, *sheet;
    gint64 max_pixels;
    int copies, quality, shard, max_side, jobs, batch;
    double max_bad, least_visible;
    gboolean resume, force;
} Given;

static void given_clear(Given *given)
{
    g_free(given->format);
    g_free(given->on_error);
    g_free(given->filter);
    g_free(given->labels);
    g_free(given->replay);
    g_free(given->sheet);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Given, given_clear)

/* The number of @word in @words, -1 after a message. */
static int choice(const char *option, const char *word, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (!word || g_str_equal(word, words[i]))
            return i;
    g_autofree char *all = g_strjoinv(", ", (char **) words);
    fv_cli_usage("augment", "%s is one of %s", option, all);
    return -1;
}

static gboolean in_range(const char *option, double number, double least, double most)
{
    if (number >= least && number <= most)
        return TRUE;
    fv_cli_usage("augment", "%s must be from %.12g to %.12g", option, least, most);
    return FALSE;
}

/* What cannot stand beside something else. */
static gboolean fit_together(const Given *given, const FvCliOptions *options)
{
    if (given->resume && given->force)
        return !fv_cli_usage("augment", "--resume goes on, --force begins anew: not both");
    if (given->replay && (given->copies > 0 || options->seed >= 0))
        return !fv_cli_usage("augment", "--replay takes seed and copies from the manifest");
    if (options->sets && !is_file(options->rest[0]))
        return !fv_cli_usage("augment", "-s goes with a pipeline file; the chain can be given as it should be");
    return TRUE;
}

static gboolean read_given(const Given *given, const FvCliOptions *options, FvBatchSettings *settings)
{
    static const char *const formats[] = { "png", "jpeg", "webp", NULL }, *const policies[] = { "stop", "skip", NULL },
                             *const filters[] = { "bilinear", "bicubic", NULL };
    const int format = choice("--format", given->format, formats),
              policy = format < 0 ? -1 : choice("--on-error", given->on_error, policies),
              filter = policy < 0 ? -1 : choice("--filter", given->filter, filters);
    if (filter < 0 || !fit_together(given, options) ||
        !in_range("--copies", given->copies ? given->copies : 1, 1, 1000000) ||
        !in_range("--quality", given->quality, 1, 100) || !in_range("--jobs", given->jobs, 0, 1024) ||
        !in_range("--batch", given->batch, 0, 4096) || !in_range("--shard-size", given->shard, 1, 100000000) ||
        !in_range("--max-bad", given->max_bad, 0, 1) || !in_range("--least-visible", given->least_visible, 0, 1) ||
        !in_range("--max-pixels", (double) given->max_pixels, 1, FV_IMAGE_MOST_PIXELS) ||
        !in_range("--max-side", given->max_side, 1, FV_IMAGE_MOST_SIDE))
        return FALSE;
    settings->encoding = (FvImageEncoding){ .format = (FvImageFormat) format, .quality = given->quality };
    settings->skip_bad = policy == 1;
    settings->cubic = filter == 1;
    settings->limits = (FvImageLimits){ given->max_side, given->max_pixels, FV_IMAGE_BYTES };
    settings->max_bad = given->max_bad;
    settings->least_visible = given->least_visible;
    settings->copies = (guint) MAX(given->copies, 1);
    settings->shard = (guint) given->shard;
    settings->jobs = given->jobs;
    settings->batch = given->batch;
    settings->resume = given->resume;
    settings->force = given->force;
    settings->labels = given->labels;
    settings->replay = given->replay;
    settings->sheet = given->sheet;
    settings->seed = (guint64) (options->seed >= 0 ? options->seed : 1);
    settings->in = options->rest[1];
    settings->out = options->rest[2];
    if (fv_image_format_built(settings->encoding.format))
        return TRUE;
    fv_cli_usage("augment", "this build of fovea has no %s", fv_image_format_name(settings->encoding.format));
    return FALSE;
}

/* ------------------------------------------------------------------- running */

/* The command line with --resume; g_free() it. */
static char *command_to_resume(int argc, char **argv)
{
    GString *text = g_string_new("fovea augment");
    for (int i = 1; i < argc; i++) {
        g_autofree char *quoted = g_shell_quote(argv[i]);
        const gboolean plain = *argv[i] && strspn(argv[i],
                                                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                                  "0123456789-_./=:,+@%") == strlen(argv[i]);
        if (!g_str_equal(argv[i], "--resume") && !g_str_equal(argv[i], "--force"))
            g_string_append_printf(text, " %s", plain ? argv[i] : quoted);
    }
    g_string_append(text, " --resume");
    return g_string_free(text, FALSE);
}

static void print_summary(const FvBatchReport *report)
{
    g_autofree char *bytes = fv_cli_bytes(report->bytes);
    g_print("%u images, %" G_GUINT64_FORMAT " outputs", report->images, report->made + report->kept);
    if (report->kept)
        g_print(" (%" G_GUINT64_FORMAT " were there)", report->kept);
    if (report->bad)
        g_print(", %u broken images left out", report->bad);
    if (report->left_out)
        g_print(", %u other files", report->left_out);
    g_print(", %s in %.1f s", bytes, report->seconds);
    if (report->made && report->seconds > 0)
        g_print(", %.4g images/s", (double) report->made / report->seconds);
    g_print("\n");
}

static void print_unfinished(const FvBatchReport *report, const char *resume)
{
    if (report->begun)
        g_printerr("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " outputs are there; to go on: %s\n",
                   report->made + report->kept, report->outputs, resume);
}

/* Whatever is wrong with a pipeline is wrong usage, a file that is not there as well. */
static int chain_failed(const GError *error)
{
    fv_cli_fail(error);
    return FV_CLI_WRONG;
}

static int augment(const FvCliOptions *options, FvBatchSettings *settings, const char *resume)
{
    g_autoptr(GError) error = NULL;
    g_auto(Chain) chain = { NULL };
    FvBatchReport report;
    int code;
    if (!open_chain(options, &chain, &error))
        return chain_failed(error);
    g_autoptr(FvDevice) device = fv_cli_device(options, &code);
    if (!device)
        return code;
    g_autoptr(FvProgressBar) progress = fv_progress_new(stderr, "images");
    settings->chain = chain.chain;
    settings->chain_text = chain.text;
    settings->device = device;
    settings->progress = progress;
    settings->stop = fv_cli_catch_signals();
    /* A limit on the size of files is then an error, rather than the end. */
    signal(SIGXFSZ, SIG_IGN);
    if (!fv_batch_augment(settings, &report, &error)) {
        code = fv_cli_fail(error);
        print_unfinished(&report, resume);
        return code;
    }
    if (report.stopped) {
        g_printerr("stopped\n");
        print_unfinished(&report, resume);
        return FV_CLI_FAILED;
    }
    print_summary(&report);
    return FV_CLI_DONE;
}

int fv_cli_augment(int argc, char **argv)
{
    g_auto(Given) given = { .quality = 90,
                            .shard = 1000,
                            .max_bad = 0.01,
                            .least_visible = 0.2,
                            .max_pixels = FV_IMAGE_PIXELS,
                            .max_side = FV_IMAGE_SIDE };
    const GOptionEntry own[] = {
        { "copies", 'c', 0, G_OPTION_ARG_INT, &given.copies, "Outputs of each image (default: 1)", "N" },
        { "labels", 'l', 0, G_OPTION_ARG_FILENAME, &given.labels,
          "Labels, which move along: a file, a folder, or their format (default: those beside the images)", "FILE" },
        { "format", 'f', 0, G_OPTION_ARG_STRING, &given.format, "Format of outputs (default: png)", "png|jpeg|webp" },
        { "quality", 'q', 0, G_OPTION_ARG_INT, &given.quality, "Of JPEG and WebP, 1 to 100 (default: 90)", "Q" },
        { "filter", 0, 0, G_OPTION_ARG_STRING, &given.filter, "How images are sampled (default: bilinear)",
          "bilinear|bicubic" },
        { "shard-size", 0, 0, G_OPTION_ARG_INT, &given.shard, "Outputs of a tar shard (default: 1000)", "N" },
        { "sheet", 0, 0, G_OPTION_ARG_FILENAME, &given.sheet, "A PNG to make: samples beside their originals", "FILE" },
        { "resume", 0, 0, G_OPTION_ARG_NONE, &given.resume, "Go on with a run that ended before its end", NULL },
        { "force", 0, 0, G_OPTION_ARG_NONE, &given.force, "Replace files that are there", NULL },
        { "replay", 0, 0, G_OPTION_ARG_FILENAME, &given.replay, "Make the outputs of a manifest again", "MANIFEST" },
        { "on-error", 0, 0, G_OPTION_ARG_STRING, &given.on_error, "What a broken image does (default: stop)",
          "stop|skip" },
        { "max-bad", 0, 0, G_OPTION_ARG_DOUBLE, &given.max_bad,
          "Share of the images that may be broken with --on-error=skip (default: 0.01)", "SHARE" },
        { "least-visible", 0, 0, G_OPTION_ARG_DOUBLE, &given.least_visible,
          "Boxes of which a smaller share is left are dropped (default: 0.2)", "SHARE" },
        { "max-pixels", 0, 0, G_OPTION_ARG_INT64, &given.max_pixels, "Pixels of the largest image (default: 64000000)",
          "N" },
        { "max-side", 0, 0, G_OPTION_ARG_INT, &given.max_side, "Height and width of it (default: 16384)", "N" },
        { "jobs", 'j', 0, G_OPTION_ARG_INT, &given.jobs, "Threads that decode and encode (default: processors)", "N" },
        { "batch", 'b', 0, G_OPTION_ARG_INT, &given.batch, "Outputs at once on the device (default: 16)", "N" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    FvBatchSettings settings = { 0 };
    g_autofree char *resume = command_to_resume(argc, argv);
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, 3, 3) || !read_given(&given, &options, &settings))
        return FV_CLI_WRONG;
    return augment(&options, &settings, resume);
}
