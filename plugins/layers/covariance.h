/* SPDX-License-Identifier: MIT
 * covariance.h: adds up products of all pairs of features, sample after sample: what a covariance is made of.
 *
 * Features are taken in panels of PANEL, and sums in tiles of PANEL x PANEL, each one piece of memory. The sum of a
 * pair is that over the samples in their order, however many come at once. */
#ifndef FOVEA_LAYERS_COVARIANCE_H
#define FOVEA_LAYERS_COVARIANCE_H

#include <fovea/plugin.h>

#include <string.h>

enum { PANEL = 8, HELD_SAMPLES = 128, ROWS = 2 };

/* A row of a tile: whatever vectors the processor has. */
typedef double PanelRow __attribute__((vector_size(PANEL * sizeof(double)), aligned(sizeof(double))));

typedef struct {
    int features, panels;
    double *held;  /* panels x HELD_SAMPLES x PANEL */
    double *sums;  /* panels x panels tiles; only those of a first panel not behind the second */
    double *count; /* one number: samples that are held */
} Covariance;

/* Numbers first .. first + 2 of the layer's own. */
static inline Covariance covariance_of(FvFit *fit, int first, int features)
{
    const int panels = (features + PANEL - 1) / PANEL;
    const gint64 tiles = (gint64) panels * panels;
    return (Covariance){ features, panels, fv_fit_numbers(fit, first, (gint64) panels * HELD_SAMPLES * PANEL),
                         fv_fit_numbers(fit, first + 1, tiles * PANEL * PANEL), fv_fit_numbers(fit, first + 2, 1) };
}

static inline void covariance_add_tile(double *tile, const double *a, const double *b, int samples)
{
    for (int i = 0; i < PANEL; i += ROWS) {
        PanelRow sum[ROWS];
        memcpy(sum, tile + i * PANEL, sizeof sum);
        for (int s = 0; s < samples; s++) {
            PanelRow row;
            memcpy(&row, b + s * PANEL, sizeof row);
            for (int r = 0; r < ROWS; r++)
                sum[r] += a[s * PANEL + i + r] * row;
        }
        memcpy(tile + i * PANEL, sum, sizeof sum);
    }
}

static inline void covariance_flush(const Covariance *of)
{
    const gint64 panel = HELD_SAMPLES * PANEL;
    for (int i = 0; i < of->panels; i++)
        for (int j = i; j < of->panels; j++)
            covariance_add_tile(of->sums + ((gint64) i * of->panels + j) * PANEL * PANEL, of->held + i * panel,
                                of->held + j * panel, (int) *of->count);
    *of->count = 0;
}

static inline void covariance_add(const Covariance *of, const double *x, const double *mean)
{
    const int s = (int) *of->count;
    for (int f = 0; f < of->features; f++)
        of->held[((gint64) (f / PANEL) * HELD_SAMPLES + s) * PANEL + f % PANEL] = x[f] - mean[f];
    *of->count = s + 1;
    if (s + 1 == HELD_SAMPLES)
        covariance_flush(of);
}

/* The upper triangle of the sums, each divided. */
static inline void covariance_take(const Covariance *of, double divisor, double *matrix)
{
    covariance_flush(of);
    for (gint64 i = 0; i < of->features; i++)
        for (gint64 j = i; j < of->features; j++)
            matrix[i * of->features + j] =
                of->sums[(i / PANEL * of->panels + j / PANEL) * PANEL * PANEL + i % PANEL * PANEL + j % PANEL] /
                divisor;
}

#endif
