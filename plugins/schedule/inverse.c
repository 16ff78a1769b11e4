/* SPDX-License-Identifier: MIT
 * inverse: the learning rate falls as 1/t does. */
#include <fovea/plugin.h>

#include "time.h"

typedef struct {
    float k;
    int per;
} Inverse;

static const FvOption options[] = {
    FV_OPT_FLOAT(Inverse, k, 0.1, 0, 1e6, "how fast it falls: it is halved when t is 1 / k"),
    OPT_PER(Inverse),
    { 0 },
};

static double factor(const void *self, const FvProgress *at)
{
    const Inverse *inverse = self;
    return 1 / (1 + (double) inverse->k * time_over(at, inverse->per));
}

static const char *const examples[] = { "inverse", "inverse(k=0.001, per=step)", NULL };

static const FvSchedule inverse = {
    .base = { FV_HEAD(FvSchedule, Inverse), .kind = FV_SCHEDULE, .name = "inverse",
              .summary = "the learning rate falls as 1/t does", .options = options,
              .details = "The factor is 1 / (1 + k t), t being the epochs, or steps, that are over.",
              .examples = examples },
    .factor = factor,
};
FV_EXPORT(inverse)
