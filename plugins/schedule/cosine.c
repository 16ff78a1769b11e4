/* SPDX-License-Identifier: MIT
 * cosine: the learning rate falls along half a cosine, from step to step (Loshchilov and Hutter, 2017). */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    float floor;
} Cosine;

static const FvOption options[] = {
    FV_OPT_FLOAT(Cosine, floor, 0, 0, 1, "the factor that it ends at"),
    { 0 },
};

static double factor(const void *self, const FvProgress *at)
{
    const Cosine *cosine = self;
    const double done = CLAMP((double) at->step / (double) MAX(1, at->steps), 0, 1);
    const double low = (double) cosine->floor;
    return low + (1 - low) * 0.5 * (1 + cos(G_PI * done));
}

static const char *const examples[] = { "cosine", "cosine(floor=0.05)", NULL };

static const FvSchedule cosine = {
    .base = { FV_HEAD(FvSchedule, Cosine), .kind = FV_SCHEDULE, .name = "cosine",
              .summary = "the learning rate falls along half a cosine", .options = options,
              .details = "The factor is floor + (1 - floor) * (1 + cos(pi * step / steps)) / 2, over all steps of the "
                         "training.",
              .reference = "Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017",
              .examples = examples },
    .factor = factor,
};
FV_EXPORT(cosine)
