/* SPDX-License-Identifier: MIT
 * cosine: the learning rate falls along half a cosine, from step to step, once or in cycles (Loshchilov and Hutter,
 * 2017). */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    float floor;
    int cycles;
    float multiply;
} Cosine;

/* The powers of `multiply` must stay finite. */
enum { MOST_CYCLES = 100, MOST_MULTIPLY = 10 };

static const FvOption options[] = {
    FV_OPT_FLOAT(Cosine, floor, 0, 0, 1, "the factor that it ends at"),
    FV_OPT_INT(Cosine, cycles, 1, 1, MOST_CYCLES, "times that it falls: each cycle begins at the whole rate again"),
    FV_OPT_FLOAT(Cosine, multiply, 1, 1, MOST_MULTIPLY, "by which each cycle is longer than the one before"),
    { 0 },
};

/* A cycle among the others, and the steps at which it begins and ends. */
typedef struct {
    int number;
    double begin, end;
} Cycle;

static Cycle cycle_of(const Cosine *cosine, const FvProgress *at)
{
    const double steps = (double) MAX(1, at->steps), longer = (double) cosine->multiply;
    Cycle cycle = { 0 };
    double all = 0, length = 1, sum = 1; /* in lengths of the first cycle */
    for (int i = 0; i < cosine->cycles; i++) {
        all += length;
        length *= longer;
    }
    /* Ends are quotients of whole numbers, as far as they can be: no step falls on the wrong side of one. */
    cycle.end = steps / all;
    length = 1;
    for (; cycle.number + 1 < cosine->cycles && (double) at->step >= cycle.end; cycle.number++) {
        length *= longer;
        sum += length;
        cycle.begin = cycle.end;
        cycle.end = steps * sum / all;
    }
    return cycle;
}

static double factor(const void *self, const FvProgress *at)
{
    const Cosine *cosine = self;
    const Cycle cycle = cycle_of(cosine, at);
    const double done = CLAMP(((double) at->step - cycle.begin) / (cycle.end - cycle.begin), 0, 1);
    const double low = (double) cosine->floor;
    return low + (1 - low) * 0.5 * (1 + cos(G_PI * done));
}

static int number_of_cycle(const void *self, const FvProgress *at)
{
    return cycle_of(self, at).number;
}

static const char *const examples[] = { "cosine", "cosine(floor=0.05)", "cosine(cycles=3)",
                                        "cosine(cycles=3, multiply=2)", NULL };

static const FvSchedule cosine = {
    .base = { FV_HEAD(FvSchedule, Cosine), .kind = FV_SCHEDULE, .name = "cosine",
              .summary = "the learning rate falls along half a cosine, once or in cycles", .options = options,
              .details =
                  "The factor is floor + (1 - floor) * (1 + cos(pi * t / T)) / 2, where t counts the steps of the "
                  "cycle and T is its length: with one cycle, all steps of the training. Cycles have one "
                  "length, or grow by `multiply`, so that together they are the training. At the beginning of "
                  "each the rate is the whole one again (warm restarts).\n\n"
                  "Where the rate is lowest the net is at one of several good places: train { snapshots = true "
                  "} keeps the parameters there, at the end of each cycle, for an ensemble.",
              .reference = "Loshchilov and Hutter, SGDR: stochastic gradient descent with warm restarts, 2017",
              .examples = examples },
    .factor = factor,
    .cycle = number_of_cycle,
};
FV_EXPORT(cosine)
