/* SPDX-License-Identifier: MIT
 * motion_blur: as if the camera had moved. */
#include <fovea/plugin.h>

typedef struct {
    FvRange length, angle;
    float p;
} MotionBlur;

static const FvOption options[] = {
    FV_OPT_RANGE(MotionBlur, length, 3, 9, 1, 200, "of the way that it moved", .unit = "px"),
    FV_OPT_RANGE(MotionBlur, angle, 0, 180, -360, 360, "where to, counted clockwise from the right", .unit = "degrees"),
    FV_OPT_P(MotionBlur, 1),
    { 0 }
};

static const char map[] =
    "const int count = (int)ceil(length);\n"
    "const float turn = angle * 0.0174532925f, right = cos(turn), down = sin(turn);\n"
    "vec sum = 0.0f;\n"
    "for (int i = 0; i < count; i++) {\n"
    "    const float far = count > 1 ? ((float)i / (count - 1) - 0.5f) * (length - 1.0f) : 0.0f;\n"
    "    const float u = far * right, v = far * down, left = floor(u), top = floor(v);\n"
    "    const float a = u - left, b = v - top;\n"
    "    const int dx = (int)left, dy = (int)top;\n"
    "    const vec upper = at(c, dx, dy) * (1.0f - a) + at(c, dx + 1, dy) * a;\n"
    "    const vec lower = at(c, dx, dy + 1) * (1.0f - a) + at(c, dx + 1, dy + 1) * a;\n"
    "    sum += upper * (1.0f - b) + lower * b;\n"
    "}\n"
    "p = sum / (float)count;\n";

static const char *const examples[] = { "motion_blur(9)", "motion_blur(3..15, angle=0..180)", NULL };

static const FvAugment motion_blur = {
    .base = { FV_HEAD(FvAugment, MotionBlur), .kind = FV_AUGMENT, .name = "motion_blur",
              .summary = "as if the camera had moved", .options = options,
              .details = "Each pixel becomes the mean of points on a line through it, at most a pixel apart, sampled "
                         "bilinearly; edges are mirrored.",
              .examples = examples },
    .neighbour_map = map,
    .passes = 1,
    .drawn = { "length", "angle" },
    .vector_maps = TRUE,
};
FV_EXPORT(motion_blur)
