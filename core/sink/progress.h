/* SPDX-License-Identifier: MIT
 * progress.h: one line on a terminal that says how far the work is:
 * epoch 2/3  [=====>    ]  43%  1234 images/s  loss 0.3456  accuracy 0.8765  0:35 left  412 MiB */
#ifndef FOVEA_PROGRESS_H
#define FOVEA_PROGRESS_H

#include <fovea/plugin.h>
#include <stdio.h>

/** Draws only where the stream is a terminal and TERM is not "dumb"; coloured unless NO_COLOR is set. Not thread-safe.
 */
typedef struct FvProgressBar FvProgressBar;

/** @out: borrowed, usually stderr. @unit: what is counted: "images". */
FvProgressBar *fv_progress_new(FILE *out, const char *unit);
/** Clears the bar. */
void fv_progress_free(FvProgressBar *bar);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvProgressBar, fv_progress_free)

/** Begins a bar: an epoch, an evaluation. @label: "epoch 2/3". @done of @total are done already (resuming). @after:
 * what follows in later bars, for the time left; 0 where nothing does. */
void fv_progress_start(FvProgressBar *bar, const char *label, gint64 done, gint64 total, gint64 after);
/** Says how far it is. Cheap: may be called at every step, draws at most ten times a second.
 * @loss, @value: NAN where there is none; @metric: "accuracy", or NULL. */
void fv_progress_update(FvProgressBar *bar, gint64 done, double loss, const char *metric, double value);
/** Bytes that the work takes, shown from the next drawing on; 0: nothing is. */
void fv_progress_memory(FvProgressBar *bar, guint64 bytes);
/** Removes the bar from the screen, before something else is printed; the next update draws it again. */
void fv_progress_clear(FvProgressBar *bar);
/** Ends the bar and removes it. Returns its mean rate in units per second, 0 where nothing was done. */
double fv_progress_finish(FvProgressBar *bar);
/** Prints a line of its own, above the bar, terminal or not: the result of an epoch, a warning. The line end is added.
 */
void fv_progress_print(FvProgressBar *bar, const char *format, ...) G_GNUC_PRINTF(2, 3);
/** The plain line of an epoch: "epoch 2/3  loss 0.3456  accuracy 0.8765  validation loss 0.3991  validation accuracy
 * 0.8512  1234 images/s". What is NAN (or NULL, or 0 images/s) is left out. */
void fv_progress_epoch(FvProgressBar *bar, const char *label, const char *metric, double loss, double value,
                       double validation_loss, double validation_value, double rate);

/** What the bar shows. */
typedef struct {
    const char *label, *unit, *metric;
    gint64 done, total;
    double rate;         /* units per second; 0: not known yet */
    double seconds_left; /* below 0: not known yet */
    double loss, value;
    guint64 memory; /* bytes; 0: not known */
} FvProgressView;
/** The line, at most @width characters, shortened by leaving out what matters least; g_free() it. */
char *fv_progress_text(const FvProgressView *view, int width, gboolean colour);

#endif
