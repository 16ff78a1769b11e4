/* SPDX-License-Identifier: MIT
 * common.h: options that the core gives to every plugin of a kind. They are set by name alone. */
#ifndef FOVEA_COMMON_H
#define FOVEA_COMMON_H

#include <fovea/plugin.h>

/** Of layers, and of blocks. */
typedef struct {
    const char *name; /* the last part of its path, or NULL */
    float rate;       /* factor of the optimizer's rate for its parameters */
} FvLayerCommon;

/** Of optimizers. 0: not so. */
typedef struct {
    float clip_value, clip_norm, noise;
} FvOptimCommon;

typedef enum { FV_UNIT_STEPS, FV_UNIT_EPOCHS } FvUnit;

/** Of schedules. */
typedef struct {
    float warmup; /* in warmup_unit (FvUnit); 0: none */
    int warmup_unit;
    float warmup_from;
} FvScheduleCommon;

/** The options of a kind as a plugin without hooks, for which states can be made (options.h); NULL: it has none. An
 * option of the same name that a plugin has itself stands before them. */
const FvPlugin *fv_common(FvKind kind);

#endif
