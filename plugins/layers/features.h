/* SPDX-License-Identifier: MIT
 * features.h: what layers share that look at the numbers of a sample one by one. In files and in the course of fitting
 * they are counted in C,H,W order; on the device they lie in H,W,C order. */
#ifndef FOVEA_LAYERS_FEATURES_H
#define FOVEA_LAYERS_FEATURES_H

#include <fovea/plugin.h>

/* Of numbers that are seen one after the other (Welford, 1962; Chan, Golub and LeVeque, 1979): no digits are lost where
 * the deviation is small beside the mean. */
typedef struct {
    double count, mean, squares; /* squares: of the distances from the mean, added up */
} Moments;

/* @pixels: numbers that come together. */
static inline void moments_add(Moments *moments, const double *x, gint64 pixels)
{
    double mean = 0, squares = 0;
    for (gint64 i = 0; i < pixels; i++)
        mean += x[i];
    mean /= (double) pixels;
    for (gint64 i = 0; i < pixels; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    const double more = (double) pixels, total = moments->count + more, apart = mean - moments->mean;
    moments->mean += apart * more / total;
    moments->squares += squares + apart * apart * moments->count * more / total;
    moments->count = total;
}

/* Number i of the layer's own is an array of these. */
static inline Moments *moments_of(FvFit *fit, int i, gint64 count)
{
    return (Moments *) fv_fit_numbers(fit, i, count * (gint64) (sizeof(Moments) / sizeof(double)));
}

static inline int add_statistic(FvNode *node, const char *name, int rank, int first, int second, FvInit init)
{
    return fv_node_add_param(node, &(FvParamSpec){ .name = name,
                                                   .role = FV_STATISTIC,
                                                   .rank = rank,
                                                   .dims = { first, second },
                                                   .init = init,
                                                   .fan_in = second,
                                                   .fan_out = first });
}

#endif
