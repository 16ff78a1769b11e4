/* SPDX-License-Identifier: MIT
 * strong_wolfe.h: a line search for optimizers that step by themselves: brackets a point where the loss has fallen and
 * its slope is flat enough, then narrows the bracket by cubic interpolation (Nocedal and Wright, Numerical
 * optimization, algorithms 3.5 and 3.6). The same decisions as PyTorch's. */
#ifndef FOVEA_STRONG_WOLFE_H
#define FOVEA_STRONG_WOLFE_H

#include <fovea/plugin.h>

#include <math.h>

/** A search from where the parameters are along `direction`. Numbers of vectors are the caller's. */
typedef struct {
    FvOptimStep *step;
    int start;               /* a vector for the parameters as they are */
    int direction, gradient; /* gradient: that of the start; kept as it is */
    int spare[2];            /* vectors for gradients of points on the way */
    double tolerance;        /* a bracket that changes no parameter by more is narrow enough */
    int evaluations;         /* out */
} Wolfe;

/* A point of the line: how far it is, the loss, the vector that holds its gradient, and the slope along the line. */
typedef struct {
    double t, loss, slope;
    int gradient;
} WolfePoint;

static gboolean wolfe_evaluate(Wolfe *wolfe, double t, WolfePoint *point, GError **error)
{
    FvOptimStep *step = wolfe->step;
    *point = (WolfePoint){ .t = t, .gradient = FV_GRADIENT };
    wolfe->evaluations++;
    return fv_optim_combine(step, FV_PARAMETERS, 1, wolfe->start, t, wolfe->direction, error) &&
           fv_optim_evaluate(step, &point->loss, error) &&
           fv_optim_dot(step, FV_GRADIENT, wolfe->direction, &point->slope, error);
}

/* Keeps a point's gradient from the next evaluation, in the spare vector that @other has not. */
static gboolean wolfe_keep(Wolfe *wolfe, WolfePoint *point, const WolfePoint *other, GError **error)
{
    if (point->gradient != FV_GRADIENT)
        return TRUE;
    point->gradient = wolfe->spare[other->gradient == wolfe->spare[0]];
    return fv_optim_combine(wolfe->step, point->gradient, 1, FV_GRADIENT, 0, FV_GRADIENT, error);
}

/* Where the cubic through two points with these slopes is least, within bounds. */
static double wolfe_cubic(const WolfePoint *a, const WolfePoint *b, double low, double high)
{
    const WolfePoint *left = a->t <= b->t ? a : b, *right = a->t <= b->t ? b : a;
    const double d1 = left->slope + right->slope - 3 * (left->loss - right->loss) / (left->t - right->t);
    const double square = d1 * d1 - left->slope * right->slope;
    if (!(square >= 0))
        return (low + high) / 2;
    const double d2 = sqrt(square);
    const double least =
        right->t - (right->t - left->t) * ((right->slope + d2 - d1) / (right->slope - left->slope + 2 * d2));
    return fmin(fmax(least, low), high);
}

/* Whether the loss has not fallen enough for the way (Armijo's condition); whether enough of the slope is gone. */
static gboolean wolfe_too_high(const WolfePoint *start, const WolfePoint *point)
{
    return point->loss > start->loss + 1e-4 * point->t * start->slope;
}

static gboolean wolfe_flat(const WolfePoint *start, const WolfePoint *point)
{
    return fabs(point->slope) <= -0.9 * start->slope;
}

enum { WOLFE_MOST = 25 };

/* A trial inside of the bracket that does not come too near to its ends again and again. */
static double wolfe_trial(const WolfePoint bracket[2], gboolean *poor)
{
    const double low = fmin(bracket[0].t, bracket[1].t), high = fmax(bracket[0].t, bracket[1].t);
    const double margin = 0.1 * (high - low), t = wolfe_cubic(&bracket[0], &bracket[1], low, high);
    if (!(fmin(high - t, t - low) < margin)) {
        *poor = FALSE;
        return t;
    }
    if (!*poor && t < high && t > low) {
        *poor = TRUE;
        return t;
    }
    *poor = FALSE;
    return fabs(t - high) < fabs(t - low) ? high - margin : low + margin;
}

/* Goes on from the point of step length bracket[1].t until two points hold what is sought between them. @done: set
 * where one is good enough: it is in both. */
static gboolean wolfe_bracket(Wolfe *wolfe, const WolfePoint *start, WolfePoint bracket[2], int *tries, gboolean *done,
                              GError **error)
{
    WolfePoint before = *start, now = bracket[1];
    for (; *tries < WOLFE_MOST; ++*tries) {
        const gboolean risen = wolfe_too_high(start, &now) || (*tries > 1 && now.loss >= before.loss);
        *done = !risen && wolfe_flat(start, &now);
        if (risen || *done || now.slope >= 0) {
            bracket[0] = *done ? now : before;
            bracket[1] = now;
            return *done || wolfe_keep(wolfe, &bracket[1], &bracket[0], error);
        }
        const double t = wolfe_cubic(&before, &now, now.t + 0.01 * (now.t - before.t), now.t * 10);
        if (!wolfe_keep(wolfe, &now, &before, error))
            return FALSE;
        before = now;
        if (!wolfe_evaluate(wolfe, t, &now, error))
            return FALSE;
    }
    bracket[0] = *start;
    bracket[1] = now;
    return TRUE;
}

/* Narrows a bracket down. Afterwards bracket[0] is the better end. */
static gboolean wolfe_zoom(Wolfe *wolfe, const WolfePoint *start, WolfePoint bracket[2], int tries, GError **error)
{
    gboolean poor = FALSE, done = FALSE;
    int low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
    double largest = 0;
    WolfePoint now;
    if (!fv_optim_absolute(wolfe->step, wolfe->direction, NULL, &largest, error))
        return FALSE;
    for (; !done && tries < WOLFE_MOST && !(fabs(bracket[1].t - bracket[0].t) * largest < wolfe->tolerance); tries++) {
        if (!wolfe_evaluate(wolfe, wolfe_trial(bracket, &poor), &now, error))
            return FALSE;
        if (wolfe_too_high(start, &now) || now.loss >= bracket[low].loss) {
            if (!wolfe_keep(wolfe, &now, &bracket[low], error))
                return FALSE;
            bracket[!low] = now;
            low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
            continue;
        }
        done = wolfe_flat(start, &now);
        if (!done && now.slope * (bracket[!low].t - bracket[low].t) >= 0)
            bracket[!low] = bracket[low];
        if (!wolfe_keep(wolfe, &now, &bracket[!low], error))
            return FALSE;
        bracket[low] = now;
    }
    if (low != 0)
        bracket[0] = bracket[1];
    return TRUE;
}

/** Moves the parameters to the point that was found, whose gradient is then in FV_GRADIENT.
 * @t: the step length to begin with; then that of the point. @loss: that of the start; then of the point. @slope: of
 * the start along the direction, below 0. */
static inline gboolean wolfe_search(Wolfe *wolfe, double *t, double *loss, double slope, GError **error)
{
    const WolfePoint start = { .t = 0, .loss = *loss, .slope = slope, .gradient = wolfe->gradient };
    WolfePoint bracket[2];
    gboolean done = FALSE;
    int tries = 0;
    wolfe->evaluations = 0;
    if (!fv_optim_combine(wolfe->step, wolfe->start, 1, FV_PARAMETERS, 0, FV_PARAMETERS, error) ||
        !wolfe_evaluate(wolfe, *t, &bracket[1], error) || !wolfe_bracket(wolfe, &start, bracket, &tries, &done, error))
        return FALSE;
    if (!done && !wolfe_zoom(wolfe, &start, bracket, tries, error))
        return FALSE;
    *t = bracket[0].t;
    *loss = bracket[0].loss;
    return fv_optim_combine(wolfe->step, FV_PARAMETERS, 1, wolfe->start, *t, wolfe->direction, error) &&
           (bracket[0].gradient == FV_GRADIENT ||
            fv_optim_combine(wolfe->step, FV_GRADIENT, 1, bracket[0].gradient, 0, bracket[0].gradient, error));
}

#endif
