/* SPDX-License-Identifier: MIT
 * link.c: softmax and sigmoid on the host, and their inverses. */
#include "core/train/link.h"

#include <float.h>
#include <math.h>

/* Of the numbers of one pixel: those of channels, which are `step` apart. */
static double log_sum(const double *numbers, int channels, int step)
{
    double most = -INFINITY, sum = 0;
    for (int c = 0; c < channels; c++)
        most = MAX(most, numbers[c * step]);
    for (int c = 0; c < channels; c++)
        sum += exp(numbers[c * step] - most);
    return most + log(sum);
}

static void softmax(double *numbers, int channels, int step)
{
    const double all = log_sum(numbers, channels, step);
    for (int c = 0; c < channels; c++)
        numbers[c * step] = exp(numbers[c * step] - all);
}

void fv_link_apply(FvLink link, double *numbers, FvShape shape)
{
    const int pixels = shape.h * shape.w;
    for (int i = 0; i < pixels && link == FV_LINK_SOFTMAX; i++)
        softmax(numbers + i, shape.c, pixels);
    for (int i = 0; i < pixels * shape.c && link == FV_LINK_SIGMOID; i++)
        numbers[i] = 1 / (1 + exp(-numbers[i]));
}

gint64 fv_link_rest_count(FvLink link, FvShape shape)
{
    return link == FV_LINK_SOFTMAX   ? (gint64) shape.h * shape.w
           : link == FV_LINK_SIGMOID ? fv_shape_elements(shape)
                                     : 0;
}

void fv_link_rest(FvLink link, const double *numbers, FvShape shape, double *rest)
{
    const gint64 count = fv_link_rest_count(link, shape);
    for (gint64 i = 0; i < count; i++)
        rest[i] = link == FV_LINK_SOFTMAX ? log_sum(numbers + i, shape.c, (int) count) : 1 / (1 + exp(numbers[i]));
}

static double log_of(double probability)
{
    return log(fmax(probability, DBL_MIN));
}

void fv_link_invert(FvLink link, double *numbers, const double *rest, FvShape shape)
{
    const gint64 pixels = (gint64) shape.h * shape.w;
    for (gint64 i = 0; i < fv_shape_elements(shape) && link != FV_LINK_NONE; i++)
        numbers[i] = log_of(numbers[i]) + (link == FV_LINK_SOFTMAX ? rest[i % pixels] : -log_of(rest[i]));
}
