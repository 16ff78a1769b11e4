/* SPDX-License-Identifier: MIT
 * run.c: the folder of one training run. */
#include "core/sink/run.h"

#include "core/sink/atomic.h"
#include "core/sink/lock.h"
#include "core/sink/log.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_RUNS = 1000000 };

struct FvRun {
    char *folder;
    FvLock *lock; /* two processes must not write one run */
    int log;      /* log.jsonl, for appending */
};

#define LOCK_FILE ".fovea-train.lock"

static const char *const names[] = { FV_RUN_PIPELINE, FV_RUN_LOG, FV_RUN_BEST, FV_RUN_LAST, FV_RUN_REPORT };

static FvRun *failed(const char *folder, const char *reason, GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s: %s", folder, reason);
    return NULL;
}

/* ------------------------------------------------------------------ opening */

static gboolean lock_folder(FvRun *run, GError **error)
{
    const int fd = open(run->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed(run->folder, g_strerror(errno), error) != NULL;
    run->lock = fv_lock_take(fd, run->folder, LOCK_FILE, error);
    close(fd);
    return run->lock != NULL;
}

/* @flags: O_CREAT | O_EXCL for a new log, 0 for one that is there. */
static gboolean open_log(FvRun *run, int flags, GError **error)
{
    g_autofree char *file = fv_run_file(run, FV_RUN_LOG);
    struct stat info;
    int fd = open(file, O_WRONLY | O_APPEND | O_CLOEXEC | O_NONBLOCK | flags, 0666);
    if (fd < 0 || fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        const char *reason = fd < 0 ? g_strerror(errno) : "not a regular file";
        if (fd >= 0)
            close(fd);
        return failed(file, reason, error) != NULL;
    }
    if (run->log >= 0)
        close(run->log);
    run->log = fd;
    return TRUE;
}

/* But for the lock, which may be held, or left of a process that was killed before it wrote anything. */
static gboolean is_empty(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name = NULL;
    while (dir && (name = g_dir_read_name(dir)) && g_str_equal(name, LOCK_FILE))
        ;
    return dir && !name;
}

static gboolean has_lock(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, LOCK_FILE, NULL);
    return g_file_test(file, G_FILE_TEST_EXISTS);
}

static FvRun *run_new(const char *folder)
{
    FvRun *run = g_new0(FvRun, 1);
    run->folder = g_strdup(folder);
    run->log = -1;
    return run;
}

/* Makes runs/STEM-N. mkdir() decides between several that want the same N. */
static char *make_numbered(const char *stem, GError **error)
{
    if (g_mkdir("runs", 0777) != 0 && errno != EEXIST) {
        failed("runs", g_strerror(errno), error);
        return NULL;
    }
    for (int n = 1; n <= MAX_RUNS; n++) {
        g_autofree char *folder = g_strdup_printf("runs/%s-%d", stem, n);
        if (g_mkdir(folder, 0777) == 0)
            return g_steal_pointer(&folder);
        if (errno != EEXIST) {
            failed(folder, g_strerror(errno), error);
            return NULL;
        }
    }
    failed("runs", "too many runs of this name", error);
    return NULL;
}

/* The lock first: of two that want one folder the second is told of the first. Other people's folders are not written
 * to. */
static gboolean take_empty(FvRun *run, GError **error)
{
    const gboolean other = !is_empty(run->folder) && !has_lock(run->folder);
    if (!other && !lock_folder(run, error))
        return FALSE;
    if (!other && is_empty(run->folder))
        return TRUE;
    return failed(run->folder, "the folder is not empty; choose a new one, or go on with --resume", error) != NULL;
}

FvRun *fv_run_create(const char *out, const char *stem, GError **error)
{
    g_autofree char *folder = NULL;
    if (out && g_mkdir_with_parents(out, 0777) != 0)
        return failed(out, g_strerror(errno), error);
    if (!out)
        folder = make_numbered(*stem && !strchr(stem, '/') ? stem : "run", error);
    if (!out && !folder)
        return NULL;
    g_autoptr(FvRun) run = run_new(out ? out : folder);
    return take_empty(run, error) && open_log(run, O_CREAT | O_EXCL, error) ? g_steal_pointer(&run) : NULL;
}

/* A file that a run has. */
static gboolean is_own(const char *name)
{
    static const char snapshot[] = "snapshot-";
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(name, names[i]))
            return TRUE;
    if (!g_str_has_prefix(name, snapshot))
        return FALSE;
    const gint64 number = g_ascii_strtoll(name + sizeof snapshot - 1, NULL, 10);
    g_autofree char *own = g_strdup_printf(FV_RUN_SNAPSHOT, (int) CLAMP(number, 0, G_MAXINT));
    return g_str_equal(name, own);
}

/* NAME.tmp-XXXXXX, as FvAtomic makes them, of such a file. */
static gboolean is_leftover(const char *name)
{
    static const char infix[] = ".tmp-";
    enum { LETTERS = 6 };
    const char *end = strstr(name, infix);
    g_autofree char *own = end ? g_strndup(name, (gsize) (end - name)) : NULL;
    return own && strlen(end) == sizeof infix - 1 + LETTERS && is_own(own);
}

static void remove_leftovers(const FvRun *run)
{
    g_autoptr(GDir) dir = g_dir_open(run->folder, 0, NULL);
    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        if (!is_leftover(name))
            continue;
        g_autofree char *file = fv_run_file(run, name);
        if (g_unlink(file) != 0)
            g_debug("%s: %s", file, g_strerror(errno));
    }
}

FvRun *fv_run_open(const char *folder, GError **error)
{
    g_autoptr(FvRun) run = run_new(folder);
    /* What is no run gets no lock; and whoever had it before may have written another log. */
    if (!open_log(run, 0, error) || !lock_folder(run, error) || !open_log(run, 0, error))
        return NULL;
    remove_leftovers(run);
    return g_steal_pointer(&run);
}

void fv_run_free(FvRun *run)
{
    if (!run)
        return;
    if (run->log >= 0)
        close(run->log);
    fv_lock_free(run->lock);
    g_free(run->folder);
    g_free(run);
}

const char *fv_run_folder(const FvRun *run)
{
    return run->folder;
}

char *fv_run_file(const FvRun *run, const char *name)
{
    return g_build_filename(run->folder, name, NULL);
}

/* ---------------------------------------------------------------------- log */

gboolean fv_run_log(FvRun *run, const FvRecord *record, GError **error)
{
    g_autofree char *line = fv_log_line(record);
    gsize left = strlen(line);
    for (const char *p = line; left > 0;) {
        ssize_t done = write(run->log, p, left);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0) {
            g_set_error(error, FV_ERROR, FV_ERROR_IO, "%s/%s: cannot be written: %s", run->folder, FV_RUN_LOG,
                        g_strerror(errno));
            return FALSE;
        }
        p += done;
        left -= (gsize) done;
    }
    return TRUE;
}

typedef struct {
    gint64 step;
    GString *text;
} Kept;

static void keep(const FvRecord *record, const char *line, gsize length, gpointer data)
{
    Kept *kept = data;
    if (record->step > kept->step)
        return;
    g_string_append_len(kept->text, line, (gssize) length);
    g_string_append_c(kept->text, '\n');
}

gboolean fv_run_truncate_log(FvRun *run, gint64 step, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *file = fv_run_file(run, FV_RUN_LOG);
    Kept kept = { step, text };
    return fv_log_each(file, keep, &kept, error) && fv_file_replace(file, text->str, text->len, error) &&
           open_log(run, 0, error);
}

static void collect(const FvRecord *record, const char *line, gsize length, gpointer data)
{
    g_array_append_vals(data, record, 1);
}

GArray *fv_run_read_log(const char *folder, GError **error)
{
    g_autofree char *file = g_build_filename(folder, FV_RUN_LOG, NULL);
    g_autoptr(GArray) records = g_array_new(FALSE, FALSE, sizeof(FvRecord));
    return fv_log_each(file, collect, records, error) ? g_steal_pointer(&records) : NULL;
}
