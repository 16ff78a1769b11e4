/* SPDX-License-Identifier: MIT
 * job.h: work in a process of its own: what it leaves in drivers and memory goes with it, and it may be killed. */
#ifndef FOVEA_SWEEP_JOB_H
#define FOVEA_SWEEP_JOB_H

#include <fovea/plugin.h>
#include <signal.h>

typedef struct FvJob FvJob;

/** What is done: runs in the child, and returns a report, which the parent gets. */
typedef GBytes *(*FvJobFunc)(gpointer data);

/** Begins a job. The parent must have one thread only, and must not have opened a device. The child is killed where the
 * parent dies. FV_ERROR_IO: no process can be had. */
FvJob *fv_job_start(FvJobFunc func, gpointer data, GError **error);
/** Asks it to stop. */
void fv_job_stop(FvJob *job);
/** In the child: not 0 where it was asked to. */
const volatile sig_atomic_t *fv_job_asked(void);
/** Waits until one of @jobs (of FvJob) has ended, at most so many milliseconds; NULL where none has. */
FvJob *fv_job_wait(const GPtrArray *jobs, int milliseconds);
/** What it reported. NULL with FV_ERROR_IO where its process ended before it had, with the reason. */
GBytes *fv_job_report(const FvJob *job, GError **error);
gpointer fv_job_data(const FvJob *job);
/** Kills what is still at work. */
void fv_job_free(FvJob *job);

#endif
