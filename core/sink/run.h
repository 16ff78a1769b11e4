/* SPDX-License-Identifier: MIT
 * run.h: the folder of one training run, and its log of one JSON object a line. */
#ifndef FOVEA_RUN_H
#define FOVEA_RUN_H

#include <fovea/plugin.h>

/** What a metric says. */
typedef struct {
    const char *name; /* interned */
    double value;
} FvScore;

/** One line of log.jsonl:
 * {"step":938,"epoch":1,"split":"train","loss":0.345,"accuracy":0.87,"rate":0.01,"images_per_second":9876}
 * Numbers that are NAN are left out of the line, and are NAN when it is read; infinite ones are written as null. */
typedef struct {
    gint64 step;        /* steps done when it was measured, from 1 on */
    int epoch;          /* from 1 on */
    FvSplit split;      /* "train", "validate", "test" */
    double loss;        /* mean */
    const char *metric; /* key of `value`: "accuracy"; NULL: no metric. Interned where a log was read */
    double value;
    double rate; /* learning rate */
    double images_per_second;
    const char *note;     /* a word to people: why a training ended here; NULL: none. Not read back */
    const GArray *scores; /* of FvScore: of all metrics, the first one, which is in `metric`, too; borrowed. NULL: none,
                             and where a log was read */
} FvRecord;

/** A record with nothing in it: all numbers NAN. */
FvRecord fv_record(gint64 step, int epoch, FvSplit split);

typedef struct FvRun FvRun;

/** Makes the folder of a new run, with an empty log.jsonl.
 * @out: the folder, which must be new or empty; missing parents are made. NULL: runs/STEM-N below the working folder,
 *       with the first N from 1 on that is free, also when several runs begin at once.
 * @stem: of the pipeline's name: "lenet-fashion".
 * As long as the run is open the folder is its alone: a hidden file in it is locked.
 * FV_ERROR_IO: cannot be made, is not empty, or another process is at work in it, whose number is told. */
FvRun *fv_run_create(const char *out, const char *stem, GError **error);
/** Opens the folder of an earlier run to go on with it, and removes what writers that were killed left in it
 * (log.jsonl.tmp-XXXXXX ...). FV_ERROR_IO: there is none, it holds no log.jsonl, or another process is at work in it.
 */
FvRun *fv_run_open(const char *folder, GError **error);
void fv_run_free(FvRun *run);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvRun, fv_run_free)

/** "runs/lenet-3", borrowed. */
const char *fv_run_folder(const FvRun *run);
/** FOLDER/NAME; g_free() it. Names are FV_RUN_... below. */
char *fv_run_file(const FvRun *run, const char *name);

#define FV_RUN_PIPELINE "pipeline.fv"
#define FV_RUN_LOG "log.jsonl"
#define FV_RUN_BEST "best.safetensors"
#define FV_RUN_LAST "last.safetensors"
#define FV_RUN_REPORT "report.html"
#define FV_RUN_SNAPSHOT "snapshot-%d.safetensors" /* of a cycle of the schedule, from 1 on */

/** Appends a line to the log, at once: it survives a kill. FV_ERROR_IO. */
gboolean fv_run_log(FvRun *run, const FvRecord *record, GError **error);
/** For resuming: drops the lines of steps after @step, and a last line that is not whole. FV_ERROR_IO, FV_ERROR_DATA.
 */
gboolean fv_run_truncate_log(FvRun *run, gint64 step, GError **error);
/** Reads the log.jsonl of a folder, in order; a last line that is not whole is left out. g_array_unref() it; elements
 * are FvRecord. FV_ERROR_IO; FV_ERROR_DATA with FILE:LINE for what is no log. */
GArray *fv_run_read_log(const char *folder, GError **error);

#endif
