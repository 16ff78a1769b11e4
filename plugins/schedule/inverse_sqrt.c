/* SPDX-License-Identifier: MIT
 * inverse_sqrt: the learning rate falls as 1/sqrt(t) does. */
#include <fovea/plugin.h>

#include "time.h"

#include <math.h>

typedef struct {
    int per;
} InverseSqrt;

static const FvOption options[] = {
    OPT_PER(InverseSqrt),
    { 0 },
};

static double factor(const void *self, const FvProgress *at)
{
    const InverseSqrt *inverse = self;
    return 1 / sqrt(1 + time_over(at, inverse->per));
}

static const char *const examples[] = { "inverse_sqrt", "inverse_sqrt(per=step)", NULL };

static const FvSchedule inverse_sqrt = {
    .base = { FV_HEAD(FvSchedule, InverseSqrt), .kind = FV_SCHEDULE, .name = "inverse_sqrt",
              .summary = "the learning rate falls as 1/sqrt(t) does", .options = options,
              .details = "The factor is 1 / sqrt(t), t being the number of the epoch, or step, from 1 on.",
              .examples = examples },
    .factor = factor,
};
FV_EXPORT(inverse_sqrt)
