/* SPDX-License-Identifier: MIT
 * doctor.c: `fovea doctor PIPELINE`: looks a pipeline over before hours are spent on its training. */
#include "cli/cli.h"

#include "core/sink/atomic.h"
#include "core/doctor/doctor.h"

#include "cli/doctor_print.h"

#include <string.h>

static const FvCliHelp help = {
    "doctor", "PIPELINE", "Looks a pipeline over before it is trained: data, net, losses, learning rate.",
    "Each check has a verdict: ok, warning (worth a look), fault (a training would come to nothing, or its result "
    "mean\n"
    "nothing), or - where there is nothing to check by; and where it is not ok, advice. What another fault explains "
    "is\n"
    "a warning that says what to mend first. Nothing is kept: no run folder, no weights.\n\n"
    "Checked are: classes; copies of images between the splits; images of one colour; whether labels have to do with\n"
    "images; mean and deviation of what the net sees; weights that begin alike; dead units; activations and gradients\n"
    "that vanish or explode; parameters that do not move; the first loss against what chance gives; that penalties\n"
    "raise it; the learning rates at which the loss falls; that a few images can be learnt by heart; and whether\n"
    "images come as fast as the net takes them.\n\n"
    "Exit codes: 0 no fault, 1 faults were found, or the work failed, 2 wrong usage or a wrong pipeline.\n\n"
    "Examples:\n"
    "  fovea doctor pipelines/lenet-fashion.fv\n"
    "  fovea doctor pipelines/lenet-fashion.fv -s rate=0.1 --page doctor.html\n"
    "  fovea doctor pipelines/resnet18.fv --weights resnet18.safetensors --partial --json\n"
};

typedef struct {
    char *page;
    gint64 images;
    gboolean json;
} Wishes;

static void wishes_clear(Wishes *wishes)
{
    g_free(wishes->page);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Wishes, wishes_clear)

static void print_check(const FvCheck *check, gpointer data)
{
    fv_cli_print_check(check);
}

static int examine(const FvCliOptions *options, const Wishes *wishes, const FvGraph *graph, FvDevice *device)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvProgressBar) progress = fv_progress_new(stderr, "images");
    const FvDoctorSettings settings = { .graph = graph,
                                        .device = device,
                                        .begin = fv_cli_beginning(options),
                                        .images = wishes->images,
                                        .progress = progress,
                                        .stop = fv_cli_catch_signals(),
                                        .func = wishes->json ? NULL : print_check };
    g_autoptr(FvCheckup) checkup = fv_doctor(&settings, &error);
    if (!checkup)
        return error ? fv_cli_fail(error) : FV_CLI_FAILED;
    if (wishes->json)
        fv_cli_print_checkup_json(checkup);
    else
        fv_cli_print_verdicts(checkup);
    if (wishes->page) {
        g_autofree char *html = fv_checkup_html(checkup);
        if (!fv_file_replace(wishes->page, html, strlen(html), &error))
            return fv_cli_fail(error);
    }
    return fv_checkup_count(checkup, FV_VERDICT_FAULT) > 0 ? FV_CLI_FAILED : FV_CLI_DONE;
}

int fv_cli_doctor(int argc, char **argv)
{
    g_auto(Wishes) wishes = { .images = FV_DOCTOR_IMAGES };
    const GOptionEntry own[] = {
        { "page", 0, 0, G_OPTION_ARG_FILENAME, &wishes.page, "Write a page with drawings, too", "FILE.html" },
        { "images", 0, 0, G_OPTION_ARG_INT64, &wishes.images,
          "Compare no more images of a split with the others (default: 200000)", "N" },
        { "json", 0, 0, G_OPTION_ARG_NONE, &wishes.json, "Print an object instead", NULL },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    g_autoptr(FvPipeline) pipeline = NULL;
    g_autoptr(FvDevice) device = NULL;
    if (!fv_cli_parse(&help, FV_CLI_SETS | FV_CLI_WEIGHTS | FV_CLI_SEED | FV_CLI_DEVICE, own, &options, argc, argv) ||
        !fv_cli_count(&help, &options, 1, 1))
        return FV_CLI_WRONG;
    if (wishes.images < 1)
        return fv_cli_usage("doctor", "--images must be at least 1");
    const int code = fv_cli_open(&options, &pipeline, &device);
    return code == FV_CLI_DONE ? examine(&options, &wishes, pipeline->graph, device) : code;
}
