/* SPDX-License-Identifier: MIT
 * plateau: the learning rate falls when an epoch after the other brings nothing better. */
#include <fovea/plugin.h>

#include <math.h>

typedef enum { WATCH_LOSS, WATCH_METRIC } Watch;

typedef struct {
    int watch;
    float factor;
    int patience;
    float threshold;
    int cooldown;
    float floor;
} Plateau;

static const char *const watched[] = { [WATCH_LOSS] = "loss", [WATCH_METRIC] = "metric", NULL };

static const FvOption options[] = {
    FV_OPT_CHOICE(Plateau, watch, WATCH_LOSS, watched,
                  "what is to become better: the loss, or the first metric (where there is none, the loss)"),
    FV_OPT_FLOAT(Plateau, factor, 0.1, 0, 1, "by which the rate is multiplied"),
    FV_OPT_INT(Plateau, patience, 10, 0, 1 << 30, "epochs without anything better that are borne", .unit = "epochs"),
    FV_OPT_FLOAT(Plateau, threshold, 1e-4, 0, 1, "share by which an epoch must be better than the best to count so"),
    FV_OPT_INT(Plateau, cooldown, 0, 0, 1 << 30, "epochs after a fall that are not counted", .unit = "epochs"),
    FV_OPT_FLOAT(Plateau, floor, 0, 0, 1, "the factor does not fall below it"),
    { 0 },
};

/* Whether a number is better than the best by the threshold; @lower: less is better. */
static gboolean is_better(double number, double best, double threshold, gboolean lower)
{
    return lower ? number < best * (1 - threshold) : number > best * (1 + threshold);
}

/* All epochs from the first on: nothing is to be remembered, so that a resumed training goes on as it would have. */
static double factor(const void *self, const FvProgress *at)
{
    const Plateau *plateau = self;
    double now = 1, best = 0;
    int bad = 0, cooling = 0;
    for (int i = 0; i < at->epoch_count; i++) {
        const FvEpoch *epoch = &at->epochs[i];
        const gboolean loss = plateau->watch == WATCH_LOSS || isnan(epoch->metric);
        const double number = loss ? epoch->loss : epoch->metric;
        if (i == 0 || is_better(number, best, (double) plateau->threshold, loss || at->lower_is_better)) {
            best = number;
            bad = 0;
        } else {
            bad++;
        }
        if (cooling > 0) {
            cooling--;
            bad = 0;
        }
        if (bad <= plateau->patience)
            continue;
        now = fmax(now * (double) plateau->factor, (double) plateau->floor);
        cooling = plateau->cooldown;
        bad = 0;
    }
    return now;
}

static const char *const examples[] = {
    "plateau", "plateau(watch=metric, factor=0.5, patience=3, threshold=0.01, cooldown=2, floor=0.01)", NULL
};

static const FvSchedule plateau = {
    .base = { FV_HEAD(FvSchedule, Plateau), .kind = FV_SCHEDULE, .name = "plateau",
              .summary = "the learning rate falls when an epoch after the other brings nothing better",
              .options = options,
              .details =
                  "The factor is multiplied by `factor` after more than `patience` epochs in a row that were not "
                  "better "
                  "than the best so far, which then are counted anew. Better is a loss below best * (1 - threshold), "
                  "or "
                  "a metric above best * (1 + threshold) (below, where lower is better), on the validation split; "
                  "without one, on the training split.",
              .examples = examples },
    .factor = factor,
    .watches = TRUE,
};
FV_EXPORT(plateau)
