/* SPDX-License-Identifier: MIT
 * cli.h: the verbs of the command line, and what they share. Nothing but cli/ prints and exits. */
#ifndef FOVEA_CLI_H
#define FOVEA_CLI_H

#include "core/device/device.h"
#include "core/train/pipeline.h"
#include "core/train/weights.h"

#include <json-glib/json-glib.h>
#include <signal.h>

/* Exit codes. */
enum { FV_CLI_DONE, FV_CLI_FAILED, FV_CLI_WRONG };

int fv_cli_train(int argc, char **argv);
int fv_cli_eval(int argc, char **argv);
int fv_cli_predict(int argc, char **argv);
int fv_cli_run(int argc, char **argv);
int fv_cli_trace(int argc, char **argv);
int fv_cli_augment(int argc, char **argv);
int fv_cli_check(int argc, char **argv);
int fv_cli_inspect(int argc, char **argv);
int fv_cli_gradcheck(int argc, char **argv);
int fv_cli_bench(int argc, char **argv);
int fv_cli_devices(int argc, char **argv);
int fv_cli_new(int argc, char **argv);

/** Says what is wrong and returns the exit code: 2 for a wrong pipeline or wrong usage, 1 for work that failed. */
int fv_cli_fail(const GError *error);
/** "fovea: VERB: MESSAGE (see fovea VERB --help)"; returns 2. */
int fv_cli_usage(const char *verb, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** What a verb says of itself. */
typedef struct {
    const char *verb, *arguments, *summary, *description;
} FvCliHelp;

/** Options that several verbs take; those that a verb names by `wants` are added to its own. */
typedef struct {
    char **sets;      /* -s name=value */
    char *device;     /* --device */
    char *weights;    /* --weights, the first of them */
    char **others;    /* the rest, NULL-ended; NULL where there is none: only with FV_CLI_ENSEMBLE */
    gint64 seed;      /* --seed, -1 where not given */
    char **rest;      /* arguments that are no options, NULL-ended, never NULL */
    gboolean partial; /* --partial; goes with FV_CLI_WEIGHTS */
} FvCliOptions;
/** FV_CLI_ENSEMBLE: FV_CLI_WEIGHTS, of which there may be several. */
enum { FV_CLI_SETS = 1, FV_CLI_DEVICE = 2, FV_CLI_WEIGHTS = 4, FV_CLI_SEED = 8, FV_CLI_ENSEMBLE = 16 };

void fv_cli_options_clear(FvCliOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvCliOptions, fv_cli_options_clear)

/** Parses the command line; --help prints and exits.
 * @own: the verb's own options, or NULL. Returns FALSE after a message: the exit code is 2. */
gboolean fv_cli_parse(const FvCliHelp *help, unsigned wants, const GOptionEntry *own, FvCliOptions *options, int argc,
                      char **argv);
/** Checks that there are so many arguments; FALSE after a message. @max < 0: no limit. */
gboolean fv_cli_count(const FvCliHelp *help, const FvCliOptions *options, int min, int max);

/** --tta N, of verbs that predict. */
#define FV_CLI_TTA(copies)                                                                                        \
    {                                                                                                             \
        "tta", 0, 0, G_OPTION_ARG_INT, &(copies),                                                                 \
            "Average over N copies of each image: itself, and others as augment { } makes them (default: 1)", "N" \
    }
enum { FV_CLI_MOST_COPIES = 1000 };

/** What --weights, --partial and --seed say of the parameters. */
FvBeginning fv_cli_beginning(const FvCliOptions *options);

/** Opens the first argument as a pipeline; NULL after its errors were printed: the exit code is 2. */
FvPipeline *fv_cli_pipeline(const FvCliOptions *options);
/** Opens the device; NULL after a message, with the exit code in @code. */
FvDevice *fv_cli_device(const FvCliOptions *options, int *code);
/** Both. Returns FV_CLI_DONE, or the exit code after a message. */
int fv_cli_open(const FvCliOptions *options, FvPipeline **pipeline, FvDevice **device);

/** Set by the first SIGINT or SIGTERM from now on; a second one ends the program at once. */
const volatile sig_atomic_t *fv_cli_catch_signals(void);

/** Changes with each SIGUSR1 from now on, which is then no reason to end. Drivers may take the signal for themselves
 * when a device is opened (LLVM does): call it again then. */
const volatile sig_atomic_t *fv_cli_catch_save(void);

/** Prints what was built, as people can read it. */
void fv_cli_print_json(JsonBuilder *builder);
/** "12.3 MiB"; g_free() it. */
char *fv_cli_bytes(guint64 bytes);
/** "1x28x28", or "10" for a vector; g_free() it. */
char *fv_cli_shape(FvShape shape);

#endif
