/* SPDX-License-Identifier: MIT
 * equalize: values spread so that all are equally frequent. */
#include <fovea/plugin.h>

typedef struct {
    float p;
} Equalize;

static const FvOption options[] = { FV_OPT_P(Equalize, 1), { 0 } };

static const char map[] =
    "uint last = 0;\n"
    "for (int i = 0; i < 256; i++)\n"
    "    if (histogram[i])\n"
    "        last = histogram[i];\n"
    "const uint unit = ((uint)total - last) / 255;\n"
    "uint sum = unit / 2;\n"
    "for (int i = 0; i < 256; i++) {\n"
    "    table[i] = unit ? min(sum / unit, 255u) / 255.0f : i / 255.0f;\n"
    "    sum += histogram[i];\n"
    "}\n";

static const char *const examples[] = { "equalize", "equalize(p=0.5)", NULL };

static const FvAugment equalize = {
    .base = { FV_HEAD(FvAugment, Equalize), .kind = FV_AUGMENT, .name = "equalize",
              .summary = "values spread so that all are equally frequent", .options = options,
              .details = "Each channel by the sum of its histogram up to each of the 256 values, as PIL's "
                         "ImageOps.equalize has it.",
              .examples = examples },
    .table_map = map,
};
FV_EXPORT(equalize)
