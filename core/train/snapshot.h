/* SPDX-License-Identifier: MIT
 * snapshot.h: keeps the parameters at the end of each cycle of the schedule, as the members of an ensemble (Huang et
 * al., Snapshot ensembles: train 1, get M for free, 2017). */
#ifndef FOVEA_SNAPSHOT_H
#define FOVEA_SNAPSHOT_H

#include "core/train/trainer.h"

/** Whether the last step that was taken was the last of a cycle, and the pipeline wants a snapshot of it. */
gboolean fv_snapshot_is_due(const FvTrainer *trainer);
/** Writes snapshot-N.safetensors of the run folder, N counting from 1: the parameters as they would be evaluated. */
gboolean fv_snapshot_keep(const FvTrainer *trainer, GError **error);

#endif
