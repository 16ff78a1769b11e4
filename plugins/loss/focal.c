/* SPDX-License-Identifier: MIT
 * focal: binary cross-entropy in which what is well classified already counts little (Lin et al., 2017). */
#include "../log1p.h"

#include <fovea/plugin.h>

typedef struct {
    FvRef value;
    const char *target;
    float alpha, gamma;
} Focal;

static const FvOption options[] = {
    FV_OPT_VALUE(Focal, value, "logits: scores before the sigmoid"),
    FV_OPT_TARGET(Focal, target, "target", "0 or 1 in the shape of the value"),
    FV_OPT_FLOAT(Focal, alpha, 0.25, -1, 1, "weight of what is there, 1 - alpha of what is not; below 0: both count 1"),
    FV_OPT_FLOAT(Focal, gamma, 2, 0, 100, "power of the probability that was given to the wrong answer"),
    { 0 },
};

static const char *const examples[] = { "focal(value)", "focal(value, target, alpha=0.6, gamma=1.5)",
                                        "focal(value, alpha=-1, gamma=0.5)", "focal(value, gamma=0)", NULL };

/* p and 1 - p each from x, so that neither is lost beside 1. pow() goes number by number on CPUs. */
#define FOCAL                                                                  \
    "real e = exp(-fabs(x));\n" LOG1P_MORE                                     \
    "real loss = more + (x < 0 ? -x : 0) + (1 - t) * x;\n"                     \
    "real p = (x < 0 ? e : 1) / (1 + e), not_p = (x < 0 ? 1 : e) / (1 + e);\n" \
    "real q = (1 - t) * p + t * not_p;\n"                                      \
    "real a = alpha < 0 ? 1 : alpha * t + (1 - alpha) * (1 - t);\n"            \
    "real power = gamma == 0 ? 1 : gamma == 1 ? q : gamma == 2 ? q * q : pow(q, (real)gamma);\n"

static const FvLoss focal = {
    .base = { FV_HEAD(FvLoss, Focal), .kind = FV_LOSS, .name = "focal",
              .summary = "binary cross-entropy in which what is classified well counts little", .options = options,
              .details =
                  "With p = 1 / (1 + exp(-x)) and q the probability of the wrong answer (1 - p where the target "
                  "is 1, p where it is 0), l = sum over all elements of -a * q^gamma * log(1 - q), where a is "
                  "alpha or 1 - alpha; averaged over the batch: torchvision's sigmoid_focal_loss with "
                  "reduction=\"sum\", divided by the samples. Several classes have a sigmoid each, as in the "
                  "paper; the target one_hot trains on images with a class. gamma=0, alpha=-1 is bce. Any shape.",
              .reference = "Lin et al., Focal loss for dense object detection, 2017", .examples = examples },
    .target = FV_TARGET_VALUE,
    .forward_map = FOCAL "l = a * power * loss;",
    .backward_map = FOCAL
    /* of q^gamma, beside it */
    "real steep = gamma == 0 || q == 0 ? 0 : gamma * (1 - 2 * t) * p * not_p / q;\n"
    "dx = a * power * (1 - t - not_p + steep * loss);",
    .link = FV_LINK_SIGMOID,
};
FV_EXPORT(focal)
