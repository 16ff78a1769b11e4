/* SPDX-License-Identifier: MIT
 * weights.h: the parameters of a plan to and from files, and checkpoints, which hold all that a training needs to go
 * on: parameters, the optimizer's state, and where it stands. */
#ifndef FOVEA_WEIGHTS_H
#define FOVEA_WEIGHTS_H

#include "core/plan/plan.h"
#include "core/sink/safetensors.h"
#include "core/train/tally.h"

/** Sets every parameter of the plan from @tensors, by name. @file: for messages. FV_ERROR_DATA, with nothing set: a
 * parameter is missing, or has other dims or elements than F32 or F64, or a tensor is not the net's; all are named.
 * What is not counted as a parameter is said in weights_match.h. */
gboolean fv_weights_set(FvPlan *plan, const FvTensors *tensors, const char *file, GError **error);
/** The same from a file. */
gboolean fv_weights_load(FvPlan *plan, const char *file, GError **error);

/** Called with one line on how a file and the net differ. */
typedef void (*FvWeightsNote)(const char *line);

/** What parameters begin with. */
typedef struct {
    const char *file;          /* or NULL: values drawn from the seed */
    guint64 seed;              /* of these, and of what the file lacks */
    FvWeightsNote partial;     /* takes what fits of the file and says what does not; NULL: the file must fit */
    const char *const *others; /* more files, whose nets are to be one ensemble with the first's: NULL-ended, or NULL */
} FvBeginning;

/** Reads from->file; @tensors is set to NULL where there is none. */
gboolean fv_beginning_read(const FvBeginning *from, FvTensors **tensors, GError **error);
/** Sets every parameter of the plan. @tensors: what fv_beginning_read() read. FV_ERROR_DATA: as fv_weights_set(); with
 * partial, where nothing fits. */
gboolean fv_weights_begin(FvPlan *plan, const FvBeginning *from, const FvTensors *tensors, GError **error);
/** The names of the classes that the file tells, or NULL; g_strfreev() it. */
char **fv_weights_classes(const FvTensors *tensors);

/** How many samples the layers that keep them have kept in @tensors; 0 where it holds none of theirs. */
gint64 fv_weights_kept_samples(const FvPlan *plan, const FvTensors *tensors);

/** Where a training stands. Random numbers need no more than seed and position: they are counted, not drawn. */
typedef struct {
    guint64 seed;
    gint64 step;       /* steps done */
    int epochs;        /* epochs done, with their validation */
    FvSums sums, mark; /* of the epoch under way; what of them is in the log */
    gboolean has_best; /* best.safetensors is there */
    double best;       /* what it was chosen for: larger is better */
    double early_best; /* with patience: the best so far, larger is better, as min_delta has it */
    int waited;        /* and how many epochs have been no better since */
    GArray *history;   /* of FvEpoch: what each epoch came to, for schedules that watch; empty for others */
} FvPosition;

FvPosition fv_position_begin(guint64 seed);
void fv_position_clear(FvPosition *at);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FvPosition, fv_position_clear)

/** Where a training's files say what their numbers mean. */
typedef struct {
    const char *const *classes; /* NULL-ended names, or NULL */
    const char *device;
} FvWeightsNotes;

/** Writes the parameters alone. FV_ERROR_DATA where one is not finite (it is named): nothing is written then. */
gboolean fv_weights_save(FvPlan *plan, const FvWeightsNotes *notes, const char *file, GError **error);
/** Writes a checkpoint: the same, with the optimizer's state and the position. */
gboolean fv_checkpoint_save(FvPlan *plan, const FvPosition *at, const FvWeightsNotes *notes, const char *file,
                            GError **error);
/** Reads one back, with its position (to be cleared, unless this fails); no plan is needed yet. FV_ERROR_DATA: it is no
 * checkpoint. */
FvTensors *fv_checkpoint_read(const char *file, FvPosition *at, GError **error);
/** The name of the device that it was made on, borrowed, or NULL. */
const char *fv_checkpoint_device(const FvTensors *checkpoint);
/** Sets parameters and the optimizer's state. @file: for messages. FV_ERROR_DATA: they are not this pipeline's. */
gboolean fv_checkpoint_set(FvPlan *plan, const FvTensors *checkpoint, const char *file, GError **error);

#endif
