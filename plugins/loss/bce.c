/* SPDX-License-Identifier: MIT
 * bce: binary cross-entropy of numbers from 0 to 1 and the sigmoid of the scores. */
#include "../log1p.h"

#include <fovea/plugin.h>

typedef struct {
    FvRef value;
    const char *target;
    float pos_weight;
} Bce;

static const FvOption options[] = {
    FV_OPT_VALUE(Bce, value, "logits: scores before the sigmoid"),
    FV_OPT_TARGET(Bce, target, "target", "probabilities in the shape of the value: 0, 1 or between"),
    FV_OPT_FLOAT(Bce, pos_weight, 1, 0, 1e6, "weight of what is there (1) beside what is not (0)"),
    { 0 },
};

static const char *const examples[] = { "bce(value)", "bce(value, target, pos_weight=2.5)", NULL };

static const FvLoss bce = {
    .base = { FV_HEAD(FvLoss, Bce), .kind = FV_LOSS, .name = "bce",
              .summary = "binary cross-entropy of the target and the sigmoid of the scores", .options = options,
              .details =
                  "With p = 1 / (1 + exp(-x)), l = sum over all elements of -(pos_weight * t * log(p) + (1 - t) * "
                  "log(1 - p)), computed from x so that it is right for scores of any size; averaged over the "
                  "batch: PyTorch's BCEWithLogitsLoss with reduction=\"sum\", divided by the samples. Any shape. "
                  "The target one_hot trains on images with a class: each score is then asked for one class by "
                  "itself, a single score for class 1 of two.",
              .examples = examples },
    .target = FV_TARGET_VALUE,
    /* -log(p) = log(1 + exp(-x)), and -log(1 - p) is x more. */
    .forward_map = "real e = exp(-fabs(x));\n" LOG1P_MORE
                   "real without = more + (x < 0 ? -x : 0);\n"
                   "l = (1 - t) * x + (1 + (pos_weight - 1) * t) * without;",
    .backward_map = "dx = 1 - t - (1 + (pos_weight - 1) * t) / (1 + exp(x));",
    .link = FV_LINK_SIGMOID,
};
FV_EXPORT(bce)
