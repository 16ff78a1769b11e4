/* SPDX-License-Identifier: MIT
 * binarize: black and white alone. */
#include <fovea/plugin.h>

typedef struct {
    float threshold;
    int method;
    float p;
} Binarize;

static const char *const methods[] = { "fixed", "otsu", NULL };

static const FvOption options[] = {
    FV_OPT_FLOAT(Binarize, threshold, 0.5, 0, 1, "luma from which on pixels are white; with method=fixed"),
    FV_OPT_CHOICE(Binarize, method, 0, methods, "fixed: by the threshold; otsu: by the image's own"),
    FV_OPT_P(Binarize, 1),
    { 0 }
};

/* Otsu: the variance between classes up to each value, from sums of the histogram. */
static const char map[] =
    "float all = 0, sum = 0, count = 0, best = -1;\n"
    "int from = (int)ceil(threshold * 255.0f);\n"
    "for (int i = 0; i < 256; i++)\n"
    "    all += i * (float)histogram[i];\n"
    "for (int i = 0; i < 255 && method == 1; i++) {\n"
    "    count += histogram[i];\n"
    "    sum += i * (float)histogram[i];\n"
    "    if (count == 0 || count == total)\n"
    "        continue;\n"
    "    const float apart = sum / count - (all - sum) / (total - count);\n"
    "    const float between = count * (total - count) * apart * apart;\n"
    "    if (between > best) {\n"
    "        best = between;\n"
    "        from = i + 1;\n"
    "    }\n"
    "}\n"
    "for (int i = 0; i < 256; i++)\n"
    "    table[i] = i >= from;\n";

static const char *const examples[] = { "binarize(0.5)", "binarize(method=otsu)", NULL };

static const FvAugment binarize = {
    .base = { FV_HEAD(FvAugment, Binarize), .kind = FV_AUGMENT, .name = "binarize", .summary = "black and white alone",
              .options = options,
              .details = "All channels become 1 where the luma is at least the threshold, else 0. Otsu's threshold "
                         "makes the variance between the two classes greatest.",
              .reference = "Otsu, A threshold selection method from gray-level histograms, 1979",
              .examples = examples },
    .table_map = map,
    .luma = TRUE,
};
FV_EXPORT(binarize)
