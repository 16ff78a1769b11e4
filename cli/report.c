/* SPDX-License-Identifier: MIT
 * report.c: `fovea report RUN...`: looks back at trainings. */
#include "cli/cli.h"

#include "core/sink/atomic.h"
#include "core/train/folds.h"
#include "core/train/review.h"

#include <string.h>

static const FvCliHelp help = {
    "report", "RUN...", "Writes the report of a training anew, or one that lays several over each other.",
    "RUN is a run folder. Of one, report.html in it is written again: what the log says so far, and what the best\n"
    "parameters do on the test split. Of several, or a cross-validation, a page is written that has their curves in "
    "one\n"
    "plot, their results side by side, and the settings in which they differ. Runs may be under way. Those that are\n"
    "unfinished are named, and so are those that cannot be read, which are left out; the exit code is 1 then.\n\n"
    "Examples:\n"
    "  fovea report runs/lenet-fashion-1\n"
    "  fovea report runs/lenet-fashion-* --out compared.html\n"
};

static void note(const char *line)
{
    g_printerr("fovea: report: %s\n", line);
}

/* A page is worth having without what only a device can tell. */
static FvDevice *open_device(const FvCliOptions *options)
{
    g_autoptr(GError) error = NULL;
    FvDevice *device = fv_device_open(options->device, &error);
    if (!device)
        note(error->message);
    return device;
}

static int report_one(const FvCliOptions *options, const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(FvPastRun) run = fv_past_run_read(folder, &error);
    if (!run)
        return fv_cli_fail(error), FV_CLI_FAILED;
    g_autoptr(FvDevice) device = open_device(options);
    g_autoptr(FvProgressBar) progress = fv_progress_new(stderr, "images");
    const FvReviewSettings settings = {
        .device = device, .progress = progress, .stop = fv_cli_catch_signals(), .note = note
    };
    if (!fv_review_run(&settings, run, &error))
        return error ? fv_cli_fail(error) : FV_CLI_FAILED;
    g_print("%s/%s\n", folder, FV_RUN_REPORT);
    return FV_CLI_DONE;
}

/* Runs that can be read go to @runs, what is wrong with others to @left_out. */
static void read_run(const char *folder, GPtrArray *runs, GPtrArray *left_out)
{
    g_autoptr(GError) error = NULL;
    FvPastRun *run = fv_past_run_read(folder, &error);
    if (!run) {
        char *why = g_str_has_prefix(error->message, folder) ? g_strdup(error->message)
                                                             : g_strdup_printf("%s: %s", folder, error->message);
        g_ptr_array_add(left_out, why);
        note(why);
        return;
    }
    g_ptr_array_add(runs, run);
    if (run->missing) {
        g_autofree char *line = g_strdup_printf("%s: %s", folder, run->missing);
        note(line);
    }
}

static int report_several(char **folders, const char *out)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) runs = g_ptr_array_new_with_free_func((GDestroyNotify) fv_past_run_free);
    g_autoptr(GPtrArray) left_out = g_ptr_array_new_with_free_func(g_free);
    for (char **folder = folders; *folder; folder++) {
        g_autoptr(GPtrArray) folds = fv_folds_in(*folder) ? fv_folds_begun(*folder) : NULL;
        for (guint i = 0; folds && i < folds->len; i++)
            read_run(folds->pdata[i], runs, left_out);
        if (!folds)
            read_run(*folder, runs, left_out);
    }
    if (runs->len == 0) {
        note("there is nothing to show");
        return FV_CLI_FAILED;
    }
    g_autofree char *page = fv_review_page(runs, left_out);
    if (!fv_file_replace(out, page, strlen(page), &error))
        return fv_cli_fail(error);
    g_print("%s\n", out);
    return left_out->len > 0 ? FV_CLI_FAILED : FV_CLI_DONE;
}

int fv_cli_report(int argc, char **argv)
{
    g_autofree char *out = NULL;
    const GOptionEntry own[] = {
        { "out", 'o', 0, G_OPTION_ARG_FILENAME, &out,
          "Page of several runs to write (default: report.html; of a cross-validation in its folder)", "FILE" },
        G_OPTION_ENTRY_NULL,
    };
    g_auto(FvCliOptions) options = { 0 };
    if (!fv_cli_parse(&help, FV_CLI_DEVICE, own, &options, argc, argv) || !fv_cli_count(&help, &options, 1, -1))
        return FV_CLI_WRONG;
    const gboolean several = options.rest[1] || fv_folds_in(options.rest[0]);
    if (out && !several)
        return fv_cli_usage("report", "--out goes with several runs: the report of one is in its folder");
    if (!several)
        return report_one(&options, options.rest[0]);
    g_autofree char *usual =
        options.rest[1] ? g_strdup(FV_RUN_REPORT) : g_build_filename(options.rest[0], FV_RUN_REPORT, NULL);
    return report_several(options.rest, out ? out : usual);
}
