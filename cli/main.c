/* SPDX-License-Identifier: MIT
 * main.c: finds the verb. */
#include "cli/cli.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *arguments, *summary;
    int (*run)(int argc, char **argv); /* NULL: not supported yet */
} verbs[] = {
    { "train", "PIPELINE", "train a net, and test it", fv_cli_train },
    { "sweep", "PIPELINE", "train with many values, and keep the best", fv_cli_sweep },
    { "eval", "PIPELINE --weights W", "loss and accuracy of a trained net", fv_cli_eval },
    { "predict", "PIPELINE --weights W FILE...", "what a trained net sees in images", fv_cli_predict },
    { "features", "PIPELINE --weights W --value V", "any value of a net for many images, as an array",
      fv_cli_features },
    { "run", "PIPELINE --in X", "a net on tensors, forward or one step back", fv_cli_run },
    { "trace", "PIPELINE --in X --target T", "every number of one step of a small net", fv_cli_trace },
    { "augment", "CHAIN|PIPELINE IN OUT", "augment a data set of images", fv_cli_augment },
    { "doctor", "PIPELINE", "what is wrong, before a training begins", fv_cli_doctor },
    { "check", "PIPELINE", "shapes, parameters, FLOPs and memory", fv_cli_check },
    { "inspect", "[KIND] [NAME]", "plugins: what they do, their options", fv_cli_inspect },
    { "gradcheck", "PIPELINE|NAME", "numeric against analytic gradients", fv_cli_gradcheck },
    { "report", "RUN...", "what came of a training, or of several", fv_cli_report },
    { "bench", "[PIPELINE]", "how fast a net or the device is", fv_cli_bench },
    { "devices", "", "OpenCL devices", fv_cli_devices },
    { "new", "KIND NAME", "a plugin project to begin with", fv_cli_new },
};

static void print_help(void)
{
    g_print(
        "Usage: fovea VERB [OPTION...] ...\n\n"
        "Trains, tests and runs convolutional networks that are written as pipeline files, on any OpenCL device.\n\n"
        "Verbs:\n");
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++) {
        g_autofree char *use = g_strdup_printf("%s %s", verbs[i].name, verbs[i].arguments);
        g_print("  %-38s %s%s\n", use, verbs[i].summary, verbs[i].run ? "" : " (not supported yet)");
    }
    g_print(
        "\nOptions:\n"
        "  -h, --help                             this text; fovea VERB --help says more of a verb\n"
        "  --version                              the version\n\n"
        "Exit codes: 0 done, 1 the work failed, 2 wrong usage or a wrong pipeline.\n"
        "The manual: man fovea, and man 5 fovea for pipeline files.\n");
}

static int unknown_verb(const char *name)
{
    const char *names[G_N_ELEMENTS(verbs) + 1] = { NULL };
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
        names[i] = verbs[i].name;
    const char *nearest = fv_nearest(name, names);
    g_printerr("fovea: no verb is called \"%s\"%s%s%s (see fovea --help)\n", name, nearest ? "; did you mean \"" : "",
               nearest ? nearest : "", nearest ? "\"?" : "");
    return FV_CLI_WRONG;
}

static int run_verb(guint i, int argc, char **argv)
{
    if (!verbs[i].run) {
        g_printerr("fovea: %s: not supported yet\n", verbs[i].name);
        return FV_CLI_FAILED;
    }
    return verbs[i].run(argc, argv);
}

static int flushed(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    g_printerr("fovea: standard output cannot be written\n");
    return MAX(code, FV_CLI_FAILED);
}

int main(int argc, char **argv)
{
    /* LC_NUMERIC stays C: numbers are read and written with a point. */
    setlocale(LC_CTYPE, "");

    const char *name = argc > 1 ? argv[1] : NULL;
    if (!name || g_str_equal(name, "--help") || g_str_equal(name, "-h") || (argc == 2 && g_str_equal(name, "help"))) {
        print_help();
        return name ? FV_CLI_DONE : FV_CLI_WRONG;
    }
    if (g_str_equal(name, "--version")) {
        g_print("fovea %s\n", FV_VERSION);
        return FV_CLI_DONE;
    }
    /* fovea help VERB is fovea VERB --help. */
    char *asked[] = { argv[0], (char *) "--help", NULL };
    const gboolean help = g_str_equal(name, "help");
    const char *verb = help ? argv[2] : name;
    for (guint i = 0; i < G_N_ELEMENTS(verbs); i++)
        if (g_str_equal(verb, verbs[i].name))
            return flushed(help ? run_verb(i, 2, asked) : run_verb(i, argc - 1, argv + 1));
    return unknown_verb(verb);
}
