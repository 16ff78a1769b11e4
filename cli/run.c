/* SPDX-License-Identifier: MIT
 * run.c: `fovea run PIPELINE --in X`: a net on a tensor or an image, forward, or forward and backward. */
#include "cli/cli.h"

#include "core/sink/image.h"
#include "core/sink/npy.h"
#include "core/train/apply.h"

#include <string.h>

static const FvCliHelp help = {
    "run", "PIPELINE", "Runs a net on a tensor or an image.",
    "X is a .npy file (float32 or float64 of shape N,C,H,W) that goes to the net's input as it is, or a PNG, JPEG or\n"
    "WebP image, which goes through the prepare chain. Without --target the net runs as for prediction, and Y gets\n"
    "its output: .npy (float32, N,C,H,W), or .png for images; without --out numbers are printed, a line for each\n"
    "sample.\n"
    "With --target it runs forward and backward as in one training step, without an update: it prints \"loss L\", and "
    "G\n"
    "gets the gradient of every parameter. T is a .npy file of classes (int64 of shape N; N,H,W where the loss wants "
    "one\n"
    "for each pixel) or numbers (the output's shape). Without --weights, parameters are as training begins with "
    "them.\n\n"
    "Examples:\n"
    "  fovea run net.fv --weights w.safetensors --in x.npy --out y.npy\n"
    "  fovea run net.fv --weights w.safetensors --in x.npy --target t.npy --grads g.safetensors\n"
};

typedef struct {
    char *in, *out, *target, *grads;
} Files;

static void files_clear(Files *files)
{
    g_free(files->in);
    g_free(files->out);
    g_free(files->target);
    g_free(files->grads);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Files, files_clear)

static gboolean ends_in(const char *file, const char *suffix)
{
    g_autofree char *lower = g_ascii_strdown(file, -1);
    return g_str_has_suffix(lower, suffix);
}

/* ------------------------------------------------------------------- output */

/* pictures.png, or pictures-0.png, pictures-1.png ... where there are several. */
static gboolean write_pictures(const FvTensor *out, const char *file, GError **error)
{
    const gint64 samples = out->dims[0], each = fv_tensor_elements(out) / samples;
    g_autofree char *stem = g_strndup(file, strlen(file) - strlen(".png"));
    for (gint64 i = 0; i < samples; i++) {
        const FvTensor one = { .dtype = out->dtype,
                               .rank = 3,
                               .dims = { out->dims[1], out->dims[2], out->dims[3] },
                               .data = (float *) out->data + i * each };
        g_autofree char *name = samples == 1 ? g_strdup(file) : g_strdup_printf("%s-%" G_GINT64_FORMAT ".png", stem, i);
        if (!fv_tensor_to_png(&one, name, error))
            return FALSE;
    }
    return TRUE;
}

static void print_numbers(const FvTensor *out)
{
    const gint64 samples = out->dims[0], each = fv_tensor_elements(out) / samples;
    for (gint64 i = 0; i < samples; i++)
        for (gint64 k = 0; k < each; k++)
            g_print("%.9g%c", fv_tensor_get(out, i * each + k), k + 1 < each ? ' ' : '\n');
}

static gboolean put_out(const FvTensor *out, const char *file, GError **error)
{
    if (!file) {
        print_numbers(out);
        return TRUE;
    }
    return ends_in(file, ".png") ? write_pictures(out, file, error) : fv_npy_write(file, out, error);
}

/* ------------------------------------------------------------------- running */

typedef struct {
    FvTensor *out;
    GError *error;
} Picture;

static void keep_output(const char *file, const double *numbers, FvShape shape, gpointer data)
{
    Picture *picture = data;
    picture->out = fv_tensor_new(FV_F32, 4, (const gint64[]){ 1, shape.c, shape.h, shape.w }, &picture->error);
    for (gint64 i = 0; picture->out && i < fv_shape_elements(shape); i++)
        fv_tensor_set(picture->out, i, numbers[i]);
}

static gboolean forward(const FvApplySettings *settings, const Files *files, GError **error)
{
    g_autoptr(FvTensor) out = NULL;
    if (ends_in(files->in, ".npy")) {
        g_autoptr(FvTensor) in = fv_npy_read(files->in, error);
        out = in ? fv_apply_forward(settings, in, files->in, error) : NULL;
    } else {
        const char *const names[] = { files->in, NULL };
        Picture picture = { NULL };
        if (fv_apply_files(settings, names, NULL, keep_output, &picture, error) && picture.error)
            g_propagate_error(error, picture.error);
        out = picture.out;
    }
    return out && put_out(out, files->out, error);
}

static gboolean backward(const FvApplySettings *settings, const Files *files, GError **error)
{
    g_autoptr(FvTensor) in = fv_npy_read(files->in, error);
    g_autoptr(FvTensor) target = in ? fv_npy_read(files->target, error) : NULL;
    g_autoptr(FvTensors) grads = NULL;
    double loss;
    if (!target || !fv_apply_gradients(settings, in, files->in, target, files->target, &loss, &grads, error))
        return FALSE;
    if (files->grads && !fv_safetensors_write(files->grads, grads, NULL, error))
        return FALSE;
    g_print("loss %.9g\n", loss);
    return TRUE;
}

static int run(const FvCliOptions *options, const Files *files)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPipeline) pipeline = NULL;
    g_autoptr(FvDevice) device = NULL;
    const int code = fv_cli_open(options, &pipeline, &device);
    if (code != FV_CLI_DONE)
        return code;
    const FvApplySettings settings = { .graph = pipeline->graph, .device = device, .begin = fv_cli_beginning(options) };
    if (files->target ? backward(&settings, files, &error) : forward(&settings, files, &error))
        return FV_CLI_DONE;
    return fv_cli_fail(error);
}

int fv_cli_run(int argc, char **argv)
{
    g_auto(Files) files = { NULL };
    const GOptionEntry own[] = {
        { "in", 'i', 0, G_OPTION_ARG_FILENAME, &files.in, "Input: .npy, PNG, JPEG or WebP", "X" },
        { "out", 'o', 0, G_OPTION_ARG_FILENAME, &files.out, "Output: .npy or .png (default: print)", "Y" },
        { "target", 't', 0, G_OPTION_ARG_FILENAME, &files.target, "What the output should be: .npy", "T" },
        { "grads", 'g', 0, G_OPTION_ARG_FILENAME, &files.grads, "Gradients: safetensors", "G" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, 1, 1))
        return FV_CLI_WRONG;
    if (!files.in)
        return fv_cli_usage("run", "--in is missing");
    if (files.grads && !files.target)
        return fv_cli_usage("run", "--grads needs --target");
    if (files.target && files.out)
        return fv_cli_usage("run", "--out is for prediction, --target for a training step: one of them");
    if (files.target && !ends_in(files.in, ".npy"))
        return fv_cli_usage("run", "with --target, --in must be a .npy file");
    if (files.out && !ends_in(files.out, ".npy") && !ends_in(files.out, ".png"))
        return fv_cli_usage("run", "--out %s: its name must end in .npy or .png", files.out);
    return run(&options, &files);
}
