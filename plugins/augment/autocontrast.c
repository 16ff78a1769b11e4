/* SPDX-License-Identifier: MIT
 * autocontrast: values stretched to reach from black to white. */
#include <fovea/plugin.h>

typedef struct {
    float cutoff;
    float p;
} Autocontrast;

static const FvOption options[] = { FV_OPT_FLOAT(Autocontrast, cutoff, 0, 0, 0.49,
                                                 "share of the pixels at either end that does not count"),
                                    FV_OPT_P(Autocontrast, 1),
                                    { 0 } };

static const char map[] =
    "int lo = 0, hi = 255;\n"
    "float below = histogram[0], above = histogram[255];\n"
    "while (lo < 255 && below <= cutoff * total)\n"
    "    below += histogram[++lo];\n"
    "while (hi > 0 && above <= cutoff * total)\n"
    "    above += histogram[--hi];\n"
    "for (int i = 0; i < 256; i++)\n"
    "    table[i] = lo < hi ? clamp((i - lo) / (float)(hi - lo), 0.0f, 1.0f) : i / 255.0f;\n";

static const char *const examples[] = { "autocontrast", "autocontrast(0.01)", NULL };

static const FvAugment autocontrast = {
    .base = { FV_HEAD(FvAugment, Autocontrast), .kind = FV_AUGMENT, .name = "autocontrast",
              .summary = "values stretched to reach from black to white", .options = options,
              .details = "In each channel the least value becomes 0, the greatest 1, and the others in proportion.",
              .examples = examples },
    .table_map = map,
};
FV_EXPORT(autocontrast)
