/* SPDX-License-Identifier: MIT
 * early.h: early stopping: a training ends when the validation split has not become better for so many epochs. */
#ifndef FOVEA_EARLY_H
#define FOVEA_EARLY_H

#include "core/train/trainer.h"

/** FV_ERROR_OPTION with its place where the pipeline has patience, and the data no validation split. */
gboolean fv_early_check(const FvTrainer *trainer, GError **error);
/** What the epoch under way came to, larger is better; before the epoch is counted. */
void fv_early_take(FvTrainer *trainer, double worth);
/** Whether patience is over: no epoch is to follow. */
gboolean fv_early_is_over(const FvTrainer *trainer);
/** "epoch 12 of 100: ...", where it ended the training before all epochs were done, else NULL; g_free() it.
 * @epochs: that are done. */
char *fv_early_text(const FvTrainer *trainer, int epochs);

#endif
