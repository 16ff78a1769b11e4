/* SPDX-License-Identifier: MIT
 * constant: the learning rate stays as the optimizer has it. */
#include <fovea/plugin.h>

static double factor(const void *self, const FvProgress *at)
{
    return 1;
}

static const FvSchedule constant = {
    .base = { FV_HEAD(FvSchedule, FvNone), .kind = FV_SCHEDULE, .name = "constant",
              .summary = "the learning rate stays", .details = "The factor is 1." },
    .factor = factor,
};
FV_EXPORT(constant)
