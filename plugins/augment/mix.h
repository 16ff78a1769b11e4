/* SPDX-License-Identifier: MIT
 * mix.h: what mixup, cutmix and mosaic share. */
#ifndef FOVEA_PLUGINS_MIX_H
#define FOVEA_PLUGINS_MIX_H

#include <fovea/plugin.h>

#include <math.h>

/* A number of the gamma distribution of shape @alpha and scale 1 (Marsaglia and Tsang, 2000). */
static inline double mix_gamma(double alpha, FvRandom *random)
{
    const double boost = alpha < 1 ? pow(1 - fv_random_uniform(random), 1 / alpha) : 1;
    const double d = (alpha < 1 ? alpha + 1 : alpha) - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        const double x = fv_random_gaussian(random), u = 1 - fv_random_uniform(random), v = pow(1 + c * x, 3);
        if (v > 0 && log(u) < 0.5 * x * x + d - d * v + d * log(v))
            return boost * d * v;
    }
}

/* The share of the first image: of the Beta distribution, its middle outside of training. */
static inline float mix_share(float alpha, gboolean training, FvRandom *random)
{
    if (!training)
        return 0.5f;
    const double a = mix_gamma((double) alpha, random), b = mix_gamma((double) alpha, random);
    return a + b > 0 ? (float) (a / (a + b)) : 0.5f;
}

/* The whole of an image over the whole of another extent. */
static inline void mix_stretch(FvShape in, FvShape out, FvPart *made)
{
    made->matrix[0] = (double) in.w / out.w;
    made->matrix[4] = (double) in.h / out.h;
}

#endif
