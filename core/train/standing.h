/* SPDX-License-Identifier: MIT
 * standing.h: where a training stands, for its user: checkpoints that were asked for, and what a resumed run goes on
 * from. */
#ifndef FOVEA_STANDING_H
#define FOVEA_STANDING_H

#include "core/train/trainer.h"

/** Whether the user wants a checkpoint now. */
gboolean fv_standing_is_asked(const FvTrainer *trainer);
/** Says that there is one, to a user who wanted it. */
void fv_standing_tell_saved(FvTrainer *trainer);
/** Says after which step and in which epoch a resumed run goes on. */
void fv_standing_tell_resumed(const FvTrainer *trainer);
/** Whether the run was killed before its first checkpoint: then nothing was done. */
gboolean fv_standing_is_unborn(const FvTrainer *trainer);

#endif
