/* SPDX-License-Identifier: MIT
 * jpeg: the artefacts of JPEG at a low quality. */
#include <fovea/plugin.h>

#include "jpeg.cl.h"

typedef struct {
    FvRange quality;
    float p;
} Jpeg;

static const FvOption options[] = { FV_OPT_RANGE(Jpeg, quality, 30, 90, 1, 100,
                                                 "as of JPEG files; a range is drawn and rounded down"),
                                    FV_OPT_P(Jpeg, 1),
                                    { 0 } };

static const char *const examples[] = { "jpeg(20)", "jpeg(30..90, p=0.5)", NULL };

static const FvAugment jpeg = {
    .base = { FV_HEAD(FvAugment, Jpeg), .kind = FV_AUGMENT, .name = "jpeg",
              .summary = "the artefacts of JPEG at a low quality", .options = options,
              .details =
                  "Luma in blocks of 8x8, chrominance at half the resolution in both directions; coefficients are "
                  "rounded to multiples of the standard's tables, scaled by quality as libjpeg does.",
              .reference = "ITU-T Recommendation T.81, 1992", .examples = examples },
    .neighbour_map = jpeg_cl,
    .passes = 4,
    .drawn = { "quality" },
};
FV_EXPORT(jpeg)
