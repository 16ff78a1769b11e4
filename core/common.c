/* SPDX-License-Identifier: MIT
 * common.c: the tables of options that every plugin of a kind has. */
#include "core/common.h"

static const FvOption layer_options[] = {
    FV_OPT_STRING(FvLayerCommon, name, NULL, "the last part of its path, for weights made elsewhere"),
    FV_OPT_FLOAT(FvLayerCommon, rate, 1, 0, 1e6,
                 "factor of the optimizer's rate for its parameters, times that of the blocks around it; 0: they stay "
                 "as they are"),
    { 0 },
};

static const FvOption optim_options[] = {
    FV_OPT_FLOAT(FvOptimCommon, clip_value, 0, 0, 1e30,
                 "the most that an element of the gradient may be, before clip_norm; 0: no limit"),
    FV_OPT_FLOAT(FvOptimCommon, clip_norm, 0, 0, 1e30,
                 "the most that the norm of the whole gradient may be: a longer one is scaled down; 0: no limit"),
    FV_OPT_FLOAT(FvOptimCommon, noise, 0, 0, 1e30,
                 "deviation of the gaussian noise that each update adds to each parameter"),
    { 0 },
};

static const char *const units[] = { [FV_UNIT_STEPS] = "steps", [FV_UNIT_EPOCHS] = "epochs", NULL };

static const FvOption schedule_options[] = {
    FV_OPT_FLOAT(FvScheduleCommon, warmup, 0, 0, 1e9,
                 "for so long the factor rises in a straight line to 1; the schedule begins after it"),
    FV_OPT_CHOICE(FvScheduleCommon, warmup_unit, FV_UNIT_STEPS, units, "what warmup counts"),
    FV_OPT_FLOAT(FvScheduleCommon, warmup_from, 0.01, 0, 1, "the factor that the rise begins at"),
    { 0 },
};

static const FvPlugin layer = { .state_size = sizeof(FvLayerCommon), .name = "layer", .options = layer_options };
static const FvPlugin optim = { .state_size = sizeof(FvOptimCommon), .name = "optimizer", .options = optim_options };
static const FvPlugin schedule = { .state_size = sizeof(FvScheduleCommon),
                                   .name = "schedule",
                                   .options = schedule_options };

const FvPlugin *fv_common(FvKind kind)
{
    static const FvPlugin *const all[FV_KINDS] = {
        [FV_LAYER] = &layer, [FV_OPTIM] = &optim, [FV_SCHEDULE] = &schedule
    };
    return all[kind];
}
