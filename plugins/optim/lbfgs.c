/* SPDX-License-Identifier: MIT
 * lbfgs: limited-memory BFGS: whole-batch steps along a direction made of the last steps and what they did to the
 * gradient. */
#include <fovea/plugin.h>

#include "strong_wolfe.h"

typedef enum { SEARCH_NONE, SEARCH_STRONG_WOLFE } Search;

typedef struct {
    float rate;
    int max_iter, max_eval;
    float tolerance_grad, tolerance_change;
    int history, line_search;
} Lbfgs;

static const char *const searches[] = { [SEARCH_NONE] = "none", [SEARCH_STRONG_WOLFE] = "strong_wolfe", NULL };

static const FvOption options[] = {
    FV_OPT_FLOAT(Lbfgs, rate, 1, 0, 1e6, "learning rate: the step length to begin with"),
    FV_OPT_INT(Lbfgs, max_iter, 20, 1, 1 << 20, "iterations of a step, at most"),
    FV_OPT_INT(Lbfgs, max_eval, 0, 0, 1 << 20, "evaluations of a step, about at most; 0: 5/4 of max_iter"),
    FV_OPT_FLOAT(Lbfgs, tolerance_grad, 1e-7, 0, 1e6, "a step ends where no element of the gradient is larger"),
    FV_OPT_FLOAT(Lbfgs, tolerance_change, 1e-9, 0, 1e6, "a step ends where loss or parameters change by no more"),
    FV_OPT_INT(Lbfgs, history, 100, 1, 10000, "steps that are remembered, each twice the size of the parameters"),
    FV_OPT_CHOICE(Lbfgs, line_search, SEARCH_NONE, searches, "how far to go: rate, or as far as the loss falls well"),
    { 0 },
};

/* Numbers that are kept: iterations so far, the last step length, the scale of the first guess of the inverse Hessian,
 * how many steps are remembered and which is the oldest; then 1 / (y . s) of each. */
enum { ITERATIONS, LENGTH, SCALE, COUNT, OLDEST, RHO };

/* Vectors that are kept: the direction, the gradient that it came from; three for the line search; then for each step
 * that is remembered the change of the gradient, y, and of the parameters, s. */
enum { DIRECTION, GRADIENT, START, SPARE_0, SPARE_1 };

static int first_pair(const Lbfgs *lbfgs)
{
    return lbfgs->line_search == SEARCH_NONE ? START : SPARE_1 + 1;
}

static int vectors(const void *self)
{
    const Lbfgs *lbfgs = self;
    return first_pair(lbfgs) + 2 * lbfgs->history;
}

static int numbers(const void *self)
{
    const Lbfgs *lbfgs = self;
    return RHO + lbfgs->history;
}

/* A step under way. */
typedef struct {
    const Lbfgs *lbfgs;
    FvOptimStep *step;
    double *kept;      /* its numbers */
    double loss, most; /* at the parameters, and the largest element of the gradient there */
    int evaluations;
} Descent;

/* Which of the remembered steps is the i-th, the oldest being 0. */
static int place_of(const Descent *descent, int i)
{
    return ((int) descent->kept[OLDEST] + i) % descent->lbfgs->history;
}

static int y_of(const Descent *descent, int place)
{
    return first_pair(descent->lbfgs) + 2 * place;
}

static int s_of(const Descent *descent, int place)
{
    return y_of(descent, place) + 1;
}

static gboolean dot(const Descent *descent, int a, int b, double *sum, GError **error)
{
    return fv_optim_dot(descent->step, a, b, sum, error);
}

/* to = alpha * a + beta * b */
static gboolean combine(const Descent *descent, int to, double alpha, int a, double beta, int b, GError **error)
{
    return fv_optim_combine(descent->step, to, alpha, a, beta, b, error);
}

static gboolean evaluate(Descent *descent, GError **error)
{
    descent->evaluations++;
    return fv_optim_evaluate(descent->step, &descent->loss, error) &&
           fv_optim_absolute(descent->step, FV_GRADIENT, NULL, &descent->most, error);
}

/* Remembers the last step, where the gradient has grown along it; the oldest gives its place. GRADIENT becomes the
 * change of the gradient. */
static gboolean remember(Descent *descent, GError **error)
{
    double *kept = descent->kept, growth, yy;
    const int history = descent->lbfgs->history, count = (int) kept[COUNT], place = place_of(descent, count);
    if (!combine(descent, GRADIENT, 1, FV_GRADIENT, -1, GRADIENT, error) ||
        !dot(descent, GRADIENT, DIRECTION, &growth, error))
        return FALSE;
    const double ys = growth * kept[LENGTH];
    if (!(ys > 1e-10))
        return TRUE;
    if (!combine(descent, y_of(descent, place), 1, GRADIENT, 0, GRADIENT, error) ||
        !combine(descent, s_of(descent, place), kept[LENGTH], DIRECTION, 0, DIRECTION, error) ||
        !dot(descent, GRADIENT, GRADIENT, &yy, error))
        return FALSE;
    kept[RHO + place] = 1 / ys;
    kept[SCALE] = ys / yy;
    if (count < history)
        kept[COUNT]++;
    else
        kept[OLDEST] = (place + 1) % history;
    return TRUE;
}

/* The direction is minus the inverse Hessian, as far as the steps tell it, times the gradient. */
static gboolean direct(Descent *descent, GError **error)
{
    const double *kept = descent->kept;
    const int count = (int) kept[COUNT];
    g_autofree double *alpha = g_new(double, MAX(1, count));
    double sum;
    if (!combine(descent, DIRECTION, -1, FV_GRADIENT, 0, FV_GRADIENT, error))
        return FALSE;
    for (int i = count - 1; i >= 0; i--) {
        const int place = place_of(descent, i);
        if (!dot(descent, s_of(descent, place), DIRECTION, &sum, error))
            return FALSE;
        alpha[i] = sum * kept[RHO + place];
        if (!combine(descent, DIRECTION, 1, DIRECTION, -alpha[i], y_of(descent, place), error))
            return FALSE;
    }
    if (!combine(descent, DIRECTION, kept[SCALE], DIRECTION, 0, DIRECTION, error))
        return FALSE;
    for (int i = 0; i < count; i++) {
        const int place = place_of(descent, i);
        if (!dot(descent, y_of(descent, place), DIRECTION, &sum, error) ||
            !combine(descent, DIRECTION, 1, DIRECTION, alpha[i] - sum * kept[RHO + place], s_of(descent, place), error))
            return FALSE;
    }
    return TRUE;
}

static gboolean choose_direction(Descent *descent, GError **error)
{
    if (descent->kept[ITERATIONS] == 0)
        descent->kept[SCALE] = 1;
    else if (!remember(descent, error))
        return FALSE;
    return direct(descent, error) && combine(descent, GRADIENT, 1, FV_GRADIENT, 0, FV_GRADIENT, error);
}

static gboolean choose_length(Descent *descent, GError **error)
{
    const double rate = fv_optim_rate(descent->step);
    double sum = 1;
    if (descent->kept[ITERATIONS] == 0 && !fv_optim_absolute(descent->step, FV_GRADIENT, &sum, NULL, error))
        return FALSE;
    descent->kept[LENGTH] = descent->kept[ITERATIONS] == 0 ? fmin(1, 1 / sum) * rate : rate;
    return TRUE;
}

/* Moves along the direction; gradient and loss are those of the new place, unless it is the last one without search. */
static gboolean move(Descent *descent, double slope, gboolean last, GError **error)
{
    const Lbfgs *lbfgs = descent->lbfgs;
    double *length = &descent->kept[LENGTH];
    if (lbfgs->line_search == SEARCH_NONE)
        return combine(descent, FV_PARAMETERS, 1, FV_PARAMETERS, *length, DIRECTION, error) &&
               (last || evaluate(descent, error));
    Wolfe wolfe = { .step = descent->step,
                    .start = START,
                    .direction = DIRECTION,
                    .gradient = GRADIENT,
                    .spare = { SPARE_0, SPARE_1 },
                    .tolerance = (double) lbfgs->tolerance_change };
    if (!wolfe_search(&wolfe, length, &descent->loss, slope, error))
        return FALSE;
    descent->evaluations += wolfe.evaluations;
    return fv_optim_absolute(descent->step, FV_GRADIENT, NULL, &descent->most, error);
}

/* One iteration; @goes_on: whether there is to be another. */
static gboolean iterate(Descent *descent, gboolean last, gboolean *goes_on, GError **error)
{
    const Lbfgs *lbfgs = descent->lbfgs;
    const int most = lbfgs->max_eval > 0 ? lbfgs->max_eval : lbfgs->max_iter * 5 / 4;
    const double change = (double) lbfgs->tolerance_change, before = descent->loss;
    double slope, way;
    *goes_on = FALSE;
    if (!choose_direction(descent, error) || !choose_length(descent, error) ||
        !dot(descent, FV_GRADIENT, DIRECTION, &slope, error))
        return FALSE;
    descent->kept[ITERATIONS]++;
    if (slope > -change)
        return TRUE;
    if (!move(descent, slope, last, error) || !fv_optim_absolute(descent->step, DIRECTION, NULL, &way, error))
        return FALSE;
    *goes_on = !last && descent->evaluations < most && descent->most > (double) lbfgs->tolerance_grad &&
               way * descent->kept[LENGTH] > change && fabs(descent->loss - before) >= change;
    return TRUE;
}

static gboolean take_step(const void *self, FvOptimStep *step, GError **error)
{
    const Lbfgs *lbfgs = self;
    Descent descent = { .lbfgs = lbfgs, .step = step, .kept = fv_optim_numbers(step) };
    if (!evaluate(&descent, error))
        return FALSE;
    gboolean goes_on = descent.most > (double) lbfgs->tolerance_grad;
    for (int i = 0; goes_on && i < lbfgs->max_iter; i++)
        if (!iterate(&descent, i + 1 == lbfgs->max_iter, &goes_on, error))
            return FALSE;
    return TRUE;
}

static const char *const examples[] = { "lbfgs", "lbfgs(history=10, line_search=strong_wolfe)",
                                        "lbfgs(rate=0.5, max_iter=4, max_eval=5, tolerance_grad=1e-5, "
                                        "tolerance_change=1e-7, history=5)",
                                        NULL };

static const FvOptim lbfgs = {
    .base = { FV_HEAD(FvOptim, Lbfgs), .kind = FV_OPTIM, .name = "lbfgs",
              .summary = "steps along an estimate of Newton's direction, for whole batches", .options = options,
              .details =
                  "Each step evaluates the batch again and again: up to max_iter times it goes w = w + t * d, d being "
                  "minus the gradient times an inverse Hessian that is told by the last `history` steps (s, the way, "
                  "and y, the change of the gradient; those with y . s below 1e-10 are passed over), and t the rate, "
                  "in "
                  "the first iteration rate * min(1, 1 / sum |g|). strong_wolfe begins there and looks for a t where "
                  "the loss has fallen by 0.0001 * t of the slope, and no more than 0.9 of the slope is left, in at "
                  "most "
                  "25 tries. What is remembered goes from step to step: the batches should be the whole data, or "
                  "nearly. A net has one rate then: rate of a layer or block is 0 or 1. Penalties are part of the "
                  "loss; "
                  "dropout draws the same numbers within a step. Steps wait for the device.",
              .reference = "Liu and Nocedal, On the limited memory BFGS method for large scale optimization, 1989",
              .examples = examples },
    .vectors = vectors,
    .numbers = numbers,
    .step = take_step,
};
FV_EXPORT(lbfgs)
