/* SPDX-License-Identifier: MIT
 * features.c: `fovea features PIPELINE --weights W --value NAME --out F.npy`: what a net makes of images, as an array.
 */
#include "cli/cli.h"

#include "core/train/features.h"

static const FvCliHelp help = {
    "features", "PIPELINE [IMAGE...]",
    "Writes any value of a net for every image of a split, or of files, as an array.",
    "--value is what `as` calls it, or the path of a layer (fovea check shows both). The array is float32, N,C,H,W, "
    "or\n"
    "N,C where the value is a vector, and is written as images come by. They are prepared, not augmented, and come in\n"
    "the order of the data. Shares of the training split, and images that per_class draws, follow from the seed: give\n"
    "that of the training (1 where none was given).\n\n"
    "Examples:\n"
    "  fovea features pipelines/transfer-base.fv -w runs/base/best.safetensors --value features --out x.npy "
    "--labels y.npy\n"
    "  fovea features pipelines/vgg16.fv -w vgg16.safetensors --value dense2 --out photos.npy --names photos.txt "
    "photos/*.jpg\n"
};

typedef struct {
    char *value, *split, *out, *labels, *names;
} Wishes;

static void wishes_clear(Wishes *wishes)
{
    g_free(wishes->value);
    g_free(wishes->split);
    g_free(wishes->out);
    g_free(wishes->labels);
    g_free(wishes->names);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wishes, wishes_clear)

static int write_features(const FvCliOptions *options, const Wishes *wishes, FvSplit split)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPipeline) pipeline = NULL;
    g_autoptr(FvDevice) device = NULL;
    const int code = fv_cli_open(options, &pipeline, &device);
    if (code != FV_CLI_DONE)
        return code;
    g_autoptr(FvProgressBar) progress = fv_progress_new(stderr, "images");
    const FvFeaturesSettings settings = { .pipeline = pipeline,
                                          .device = device,
                                          .begin = fv_cli_beginning(options),
                                          .seed = options->seed < 0 ? 1 : (guint64) options->seed,
                                          .value = wishes->value,
                                          .split = split,
                                          .files = options->rest[1] ? (const char *const *) options->rest + 1 : NULL,
                                          .out = wishes->out,
                                          .labels = wishes->labels,
                                          .names = wishes->names,
                                          .progress = progress,
                                          .stop = fv_cli_catch_signals() };
    gint64 samples;
    FvShape shape;
    if (!fv_features(&settings, &samples, &shape, &error))
        return error ? fv_cli_fail(error) : FV_CLI_FAILED;
    g_autofree char *text = fv_cli_shape(shape);
    g_print("%s: %s of %" G_GINT64_FORMAT " images, %s each\n", wishes->out, wishes->value, samples, text);
    return FV_CLI_DONE;
}

int fv_cli_features(int argc, char **argv)
{
    g_auto(Wishes) wishes = { NULL };
    const GOptionEntry own[] = {
        { "value", 0, 0, G_OPTION_ARG_STRING, &wishes.value, "What to write: a name that `as` gives, or a layer's path",
          "NAME" },
        { "split", 0, 0, G_OPTION_ARG_STRING, &wishes.split, "train, validate or test (default: test)", "SPLIT" },
        { "out", 'o', 0, G_OPTION_ARG_FILENAME, &wishes.out, "Array to write", "FILE.npy" },
        { "labels", 0, 0, G_OPTION_ARG_FILENAME, &wishes.labels, "Write the classes, too: int64, N", "FILE.npy" },
        { "names", 0, 0, G_OPTION_ARG_FILENAME, &wishes.names, "Write where images came from, too, one a line",
          "FILE" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, 1, -1))
        return FV_CLI_WRONG;
    if (!options.weights || !wishes.value || !wishes.out)
        return fv_cli_usage("features", "%s is missing",
                            !options.weights ? "--weights"
                            : !wishes.value  ? "--value"
                                             : "--out");
    const FvSplit split = wishes.split ? fv_split_from_name(wishes.split) : FV_TEST;
    if (split == FV_SPLITS)
        return fv_cli_usage("features", "no split is called \"%s\": they are train, validate and test", wishes.split);
    if (options.rest[1] && (wishes.split || wishes.labels))
        return fv_cli_usage("features",
                            "images that are named have neither splits nor classes: --split and --labels "
                            "cannot stand beside them");
    return write_features(&options, &wishes, split);
}
