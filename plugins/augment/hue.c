/* SPDX-License-Identifier: MIT
 * hue: colours turned round the axis of greys. */
#include <fovea/plugin.h>

typedef struct {
    FvRange angle;
    float p;
} Hue;

static const FvOption options[] = { FV_OPT_RANGE(Hue, angle, -18, 18, -360, 360, "how far", .unit = "degrees"),
                                    FV_OPT_P(Hue, 1),
                                    { 0 } };

/* To YIQ, turned, and back. */
static const char map[] =
    "const float turn = angle * 0.0174532925f, turn_cos = cos(turn), turn_sin = sin(turn);\n"
    "vec y = 0.299f * r + 0.587f * g + 0.114f * b;\n"
    "vec i = 0.595716f * r - 0.274453f * g - 0.321263f * b;\n"
    "vec q = 0.211456f * r - 0.522591f * g + 0.311135f * b;\n"
    "vec s = turn_cos * i - turn_sin * q, t = turn_sin * i + turn_cos * q;\n"
    "r = y + 0.9563f * s + 0.6210f * t;\n"
    "g = y - 0.2721f * s - 0.6474f * t;\n"
    "b = y - 1.1070f * s + 1.7046f * t;\n";

static const char *const examples[] = { "hue(-18..18)", NULL };

static const FvAugment hue = {
    .base = { FV_HEAD(FvAugment, Hue), .kind = FV_AUGMENT, .name = "hue",
              .summary = "colours turned round the axis of greys", .options = options,
              .details = "The two chrominances of YIQ are turned by the angle, and the luma stays: a matrix, which is "
                         "nearly HSV's hue and needs no case for each sector. Grey images stay.",
              .examples = examples },
    .colour_map = map,
    .drawn = { "angle" },
    .linear = TRUE,
    .vector_maps = TRUE,
};
FV_EXPORT(hue)
