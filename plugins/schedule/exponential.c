/* SPDX-License-Identifier: MIT
 * exponential: the learning rate falls by the same share after every epoch or step. */
#include <fovea/plugin.h>

#include "time.h"

#include <math.h>

typedef struct {
    float k;
    int per;
} Exponential;

static const FvOption options[] = {
    FV_OPT_FLOAT(Exponential, k, 0.1, 0, 100, "how fast it falls: e^k is what it is divided by in one unit of t"),
    OPT_PER(Exponential),
    { 0 },
};

static double factor(const void *self, const FvProgress *at)
{
    const Exponential *exponential = self;
    return exp(-(double) exponential->k * time_over(at, exponential->per));
}

static const char *const examples[] = { "exponential", "exponential(k=0.0001, per=step)", NULL };

static const FvSchedule exponential = {
    .base = { FV_HEAD(FvSchedule, Exponential), .kind = FV_SCHEDULE, .name = "exponential",
              .summary = "the learning rate falls by the same share after every epoch or step", .options = options,
              .details = "The factor is e^(-k t), t being the epochs, or steps, that are over.", .examples = examples },
    .factor = factor,
};
FV_EXPORT(exponential)
