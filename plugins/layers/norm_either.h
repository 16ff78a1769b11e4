/* SPDX-License-Identifier: MIT
 * norm_either.h: hooks of layers that normalise either whole samples or each pixel by itself. */
#ifndef FOVEA_LAYERS_NORM_EITHER_H
#define FOVEA_LAYERS_NORM_EITHER_H

#include "norm_pixel.h"
#include "norm_sample.h"

typedef struct {
    gboolean by_pixel;
    NormSample sample;
    NormPixel pixel;
} NormEither;

static inline void norm_either_plan(FvNode *node, NormEither *norm)
{
    if (norm->by_pixel)
        norm_pixel_plan(node, &norm->pixel);
    else
        norm_sample_plan(node, &norm->sample);
}

static inline void norm_either_build(FvNode *node, NormEither *norm)
{
    if (norm->by_pixel)
        norm_pixel_build(node, &norm->pixel);
    else
        norm_sample_build(node, &norm->sample);
}

static inline void norm_either_forward(FvNode *node, const NormEither *norm, FvList *list)
{
    if (norm->by_pixel)
        norm_pixel_forward(node, &norm->pixel, list);
    else
        norm_sample_forward(node, &norm->sample, list);
}

static inline void norm_either_backward(FvNode *node, const NormEither *norm, FvList *list)
{
    if (norm->by_pixel)
        norm_pixel_backward(node, &norm->pixel, list);
    else
        norm_sample_backward(node, &norm->sample, list);
}

#endif
