/* SPDX-License-Identifier: MIT
 * job.c: a child process and the pipe that it reports through. */
#include "core/sweep/job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct FvJob {
    pid_t pid; /* 0: it has ended */
    int pipe;  /* -1: closed */
    GByteArray *said;
    int status; /* of waitpid() */
    gpointer data;
};

/* ------------------------------------------------------------------- child */

/* Of a child: written by its signal handler, which is given nothing else. */
static volatile sig_atomic_t asked;

static void on_stop(int number)
{
    asked = number;
}

const volatile sig_atomic_t *fv_job_asked(void)
{
    return &asked;
}

/* A terminal's Ctrl-C, or whoever stops a whole group of processes, means the parent, which then asks its jobs to stop.
 * In these the signals are blocked, not ignored: compilers of drivers set handlers of their own for them, which remove
 * the file that is being written. The one that asks is none that anybody else uses. */
static void block_signals(sigset_t *before)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGRTMIN); /* until there is a handler */
    sigprocmask(SIG_BLOCK, &blocked, before);
}

static void listen_to_parent(void)
{
    struct sigaction stop = { .sa_handler = on_stop, .sa_flags = SA_RESTART };
    sigset_t asking;
    sigemptyset(&stop.sa_mask);
    sigaction(SIGRTMIN, &stop, NULL);
    sigemptyset(&asking);
    sigaddset(&asking, SIGRTMIN);
    sigprocmask(SIG_UNBLOCK, &asking, NULL);
}

static gboolean write_all(int fd, const guint8 *bytes, gsize left)
{
    while (left > 0) {
        const ssize_t done = write(fd, bytes, left);
        if (done < 0 && errno != EINTR)
            return FALSE;
        bytes += MAX(done, 0);
        left -= (gsize) MAX(done, 0);
    }
    return TRUE;
}

/* Leaves without cleaning up: everything of the parent's that was copied is the parent's to clean up. */
static G_NORETURN void be_child(FvJobFunc func, gpointer data, pid_t parent, int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    listen_to_parent();
    if (getppid() != parent) /* it died before that */
        _exit(1);
    gsize size;
    g_autoptr(GBytes) report = func(data);
    const guint8 *bytes = g_bytes_get_data(report, &size);
    _exit(write_all(fd, bytes, size) ? 0 : 1);
}

/* ------------------------------------------------------------------ parent */

static FvJob *failed(GError **error)
{
    g_set_error(error, FV_ERROR, FV_ERROR_IO, "no process for a trial: %s", g_strerror(errno));
    return NULL;
}

FvJob *fv_job_start(FvJobFunc func, gpointer data, GError **error)
{
    const pid_t parent = getpid();
    sigset_t before;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return failed(error);
    block_signals(&before);
    const pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        be_child(func, data, parent, ends[1]);
    }
    const int reason = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        errno = reason;
        return failed(error);
    }
    const FvJob job = { .pid = pid, .pipe = ends[0], .said = g_byte_array_new(), .data = data };
    return g_memdup2(&job, sizeof job);
}

void fv_job_stop(FvJob *job)
{
    if (job->pid > 0)
        kill(job->pid, SIGRTMIN);
}

/* Reads what is there; FALSE when all has been read. */
static gboolean drain(FvJob *job)
{
    guint8 bytes[4096];
    const ssize_t size = read(job->pipe, bytes, sizeof bytes);
    if (size > 0)
        g_byte_array_append(job->said, bytes, (guint) size);
    return size > 0 || (size < 0 && errno == EINTR);
}

static void reap(FvJob *job)
{
    while (waitpid(job->pid, &job->status, 0) < 0 && errno == EINTR)
        ;
    job->pid = 0;
    close(job->pipe);
    job->pipe = -1;
}

FvJob *fv_job_wait(const GPtrArray *jobs, int milliseconds)
{
    g_autofree struct pollfd *polls = g_new0(struct pollfd, jobs->len);
    for (guint i = 0; i < jobs->len; i++)
        polls[i] = (struct pollfd){ .fd = ((FvJob *) jobs->pdata[i])->pipe, .events = POLLIN };
    if (poll(polls, jobs->len, milliseconds) <= 0)
        return NULL;
    for (guint i = 0; i < jobs->len; i++) {
        FvJob *job = jobs->pdata[i];
        if (polls[i].revents == 0 || drain(job))
            continue;
        reap(job);
        return job;
    }
    return NULL;
}

GBytes *fv_job_report(const FvJob *job, GError **error)
{
    if (WIFEXITED(job->status) && WEXITSTATUS(job->status) == 0)
        return g_bytes_new(job->said->data, job->said->len);
    if (WIFSIGNALED(job->status))
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "its process was ended by signal %d (%s)", WTERMSIG(job->status),
                    strsignal(WTERMSIG(job->status)));
    else
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "its process ended with code %d", WEXITSTATUS(job->status));
    return NULL;
}

gpointer fv_job_data(const FvJob *job)
{
    return job->data;
}

void fv_job_free(FvJob *job)
{
    if (!job)
        return;
    if (job->pid > 0) {
        kill(job->pid, SIGKILL);
        reap(job);
    }
    g_byte_array_unref(job->said);
    g_free(job);
}
