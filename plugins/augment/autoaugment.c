/* SPDX-License-Identifier: MIT
 * autoaugment: one of 25 pairs of operations, as a search found them for a data set. */
#include "policy.h"

typedef struct {
    int policy;
} Autoaugment;

enum { IMAGENET, CIFAR10, SVHN, POLICIES };
static const char *const policies[] = { "imagenet", "cifar10", "svhn", NULL };

static const FvOption options[] = {
    FV_OPT_CHOICE(Autoaugment, policy, IMAGENET, policies, "the data set that the pairs were found for"), { 0 }
};

enum { PAIRS = 25, STEPS = 10 };
typedef struct {
    PolicyOperation operation;
    double p;
    int step; /* of its magnitude */
} Half;

/* Tables 7 to 9 of the paper. */
static const Half pairs[POLICIES][PAIRS][2] = {
    [IMAGENET] = {
        {{ POLICY_POSTERIZE, 0.4, 8 }, { POLICY_ROTATE, 0.6, 9 }},
        {{ POLICY_SOLARIZE, 0.6, 5 }, { POLICY_AUTO_CONTRAST, 0.6, 0 }},
        {{ POLICY_EQUALIZE, 0.8, 0 }, { POLICY_EQUALIZE, 0.6, 0 }},
        {{ POLICY_POSTERIZE, 0.6, 7 }, { POLICY_POSTERIZE, 0.6, 6 }},
        {{ POLICY_EQUALIZE, 0.4, 0 }, { POLICY_SOLARIZE, 0.2, 4 }},
        {{ POLICY_EQUALIZE, 0.4, 0 }, { POLICY_ROTATE, 0.8, 8 }},
        {{ POLICY_SOLARIZE, 0.6, 3 }, { POLICY_EQUALIZE, 0.6, 0 }},
        {{ POLICY_POSTERIZE, 0.8, 5 }, { POLICY_EQUALIZE, 1, 0 }},
        {{ POLICY_ROTATE, 0.2, 3 }, { POLICY_SOLARIZE, 0.6, 8 }},
        {{ POLICY_EQUALIZE, 0.6, 0 }, { POLICY_POSTERIZE, 0.4, 6 }},
        {{ POLICY_ROTATE, 0.8, 8 }, { POLICY_COLOR, 0.4, 0 }},
        {{ POLICY_ROTATE, 0.4, 9 }, { POLICY_EQUALIZE, 0.6, 0 }},
        {{ POLICY_EQUALIZE, 0, 0 }, { POLICY_EQUALIZE, 0.8, 0 }},
        {{ POLICY_INVERT, 0.6, 0 }, { POLICY_EQUALIZE, 1, 0 }},
        {{ POLICY_COLOR, 0.6, 4 }, { POLICY_CONTRAST, 1, 8 }},
        {{ POLICY_ROTATE, 0.8, 8 }, { POLICY_COLOR, 1, 2 }},
        {{ POLICY_COLOR, 0.8, 8 }, { POLICY_SOLARIZE, 0.8, 7 }},
        {{ POLICY_SHARPNESS, 0.4, 7 }, { POLICY_INVERT, 0.6, 0 }},
        {{ POLICY_SHEAR_X, 0.6, 5 }, { POLICY_EQUALIZE, 1, 0 }},
        {{ POLICY_COLOR, 0.4, 0 }, { POLICY_EQUALIZE, 0.6, 0 }},
        {{ POLICY_EQUALIZE, 0.4, 0 }, { POLICY_SOLARIZE, 0.2, 4 }},
        {{ POLICY_SOLARIZE, 0.6, 5 }, { POLICY_AUTO_CONTRAST, 0.6, 0 }},
        {{ POLICY_INVERT, 0.6, 0 }, { POLICY_EQUALIZE, 1, 0 }},
        {{ POLICY_COLOR, 0.6, 4 }, { POLICY_CONTRAST, 1, 8 }},
        {{ POLICY_EQUALIZE, 0.8, 0 }, { POLICY_EQUALIZE, 0.6, 0 }},
    },
    [CIFAR10] = {
        {{ POLICY_INVERT, 0.1, 0 }, { POLICY_CONTRAST, 0.2, 6 }},
        {{ POLICY_ROTATE, 0.7, 2 }, { POLICY_TRANSLATE_X, 0.3, 9 }},
        {{ POLICY_SHARPNESS, 0.8, 1 }, { POLICY_SHARPNESS, 0.9, 3 }},
        {{ POLICY_SHEAR_Y, 0.5, 8 }, { POLICY_TRANSLATE_Y, 0.7, 9 }},
        {{ POLICY_AUTO_CONTRAST, 0.5, 0 }, { POLICY_EQUALIZE, 0.9, 0 }},
        {{ POLICY_SHEAR_Y, 0.2, 7 }, { POLICY_POSTERIZE, 0.3, 7 }},
        {{ POLICY_COLOR, 0.4, 3 }, { POLICY_BRIGHTNESS, 0.6, 7 }},
        {{ POLICY_SHARPNESS, 0.3, 9 }, { POLICY_BRIGHTNESS, 0.7, 9 }},
        {{ POLICY_EQUALIZE, 0.6, 0 }, { POLICY_EQUALIZE, 0.5, 0 }},
        {{ POLICY_CONTRAST, 0.6, 7 }, { POLICY_SHARPNESS, 0.6, 5 }},
        {{ POLICY_COLOR, 0.7, 7 }, { POLICY_TRANSLATE_X, 0.5, 8 }},
        {{ POLICY_EQUALIZE, 0.3, 0 }, { POLICY_AUTO_CONTRAST, 0.4, 0 }},
        {{ POLICY_TRANSLATE_Y, 0.4, 3 }, { POLICY_SHARPNESS, 0.2, 6 }},
        {{ POLICY_BRIGHTNESS, 0.9, 6 }, { POLICY_COLOR, 0.2, 8 }},
        {{ POLICY_SOLARIZE, 0.5, 2 }, { POLICY_INVERT, 0, 0 }},
        {{ POLICY_EQUALIZE, 0.2, 0 }, { POLICY_AUTO_CONTRAST, 0.6, 0 }},
        {{ POLICY_EQUALIZE, 0.2, 0 }, { POLICY_EQUALIZE, 0.6, 0 }},
        {{ POLICY_COLOR, 0.9, 9 }, { POLICY_EQUALIZE, 0.6, 0 }},
        {{ POLICY_AUTO_CONTRAST, 0.8, 0 }, { POLICY_SOLARIZE, 0.2, 8 }},
        {{ POLICY_BRIGHTNESS, 0.1, 3 }, { POLICY_COLOR, 0.7, 0 }},
        {{ POLICY_SOLARIZE, 0.4, 5 }, { POLICY_AUTO_CONTRAST, 0.9, 0 }},
        {{ POLICY_TRANSLATE_Y, 0.9, 9 }, { POLICY_TRANSLATE_Y, 0.7, 9 }},
        {{ POLICY_AUTO_CONTRAST, 0.9, 0 }, { POLICY_SOLARIZE, 0.8, 3 }},
        {{ POLICY_EQUALIZE, 0.8, 0 }, { POLICY_INVERT, 0.1, 0 }},
        {{ POLICY_TRANSLATE_Y, 0.7, 9 }, { POLICY_AUTO_CONTRAST, 0.9, 0 }},
    },
    [SVHN] = {
        {{ POLICY_SHEAR_X, 0.9, 4 }, { POLICY_INVERT, 0.2, 0 }},
        {{ POLICY_SHEAR_Y, 0.9, 8 }, { POLICY_INVERT, 0.7, 0 }},
        {{ POLICY_EQUALIZE, 0.6, 0 }, { POLICY_SOLARIZE, 0.6, 6 }},
        {{ POLICY_INVERT, 0.9, 0 }, { POLICY_EQUALIZE, 0.6, 0 }},
        {{ POLICY_EQUALIZE, 0.6, 0 }, { POLICY_ROTATE, 0.9, 3 }},
        {{ POLICY_SHEAR_X, 0.9, 4 }, { POLICY_AUTO_CONTRAST, 0.8, 0 }},
        {{ POLICY_SHEAR_Y, 0.9, 8 }, { POLICY_INVERT, 0.4, 0 }},
        {{ POLICY_SHEAR_Y, 0.9, 5 }, { POLICY_SOLARIZE, 0.2, 6 }},
        {{ POLICY_INVERT, 0.9, 0 }, { POLICY_AUTO_CONTRAST, 0.8, 0 }},
        {{ POLICY_EQUALIZE, 0.6, 0 }, { POLICY_ROTATE, 0.9, 3 }},
        {{ POLICY_SHEAR_X, 0.9, 4 }, { POLICY_SOLARIZE, 0.3, 3 }},
        {{ POLICY_SHEAR_Y, 0.8, 8 }, { POLICY_INVERT, 0.7, 0 }},
        {{ POLICY_EQUALIZE, 0.9, 0 }, { POLICY_TRANSLATE_Y, 0.6, 6 }},
        {{ POLICY_INVERT, 0.9, 0 }, { POLICY_EQUALIZE, 0.6, 0 }},
        {{ POLICY_CONTRAST, 0.3, 3 }, { POLICY_ROTATE, 0.8, 4 }},
        {{ POLICY_INVERT, 0.8, 0 }, { POLICY_TRANSLATE_Y, 0, 2 }},
        {{ POLICY_SHEAR_Y, 0.7, 6 }, { POLICY_SOLARIZE, 0.4, 8 }},
        {{ POLICY_INVERT, 0.6, 0 }, { POLICY_ROTATE, 0.8, 4 }},
        {{ POLICY_SHEAR_Y, 0.3, 7 }, { POLICY_TRANSLATE_X, 0.9, 3 }},
        {{ POLICY_SHEAR_X, 0.1, 6 }, { POLICY_INVERT, 0.6, 0 }},
        {{ POLICY_SOLARIZE, 0.7, 2 }, { POLICY_TRANSLATE_Y, 0.6, 7 }},
        {{ POLICY_SHEAR_Y, 0.8, 4 }, { POLICY_INVERT, 0.8, 0 }},
        {{ POLICY_SHEAR_X, 0.7, 9 }, { POLICY_TRANSLATE_Y, 0.8, 3 }},
        {{ POLICY_SHEAR_Y, 0.8, 5 }, { POLICY_AUTO_CONTRAST, 0.7, 0 }},
        {{ POLICY_SHEAR_X, 0.7, 2 }, { POLICY_INVERT, 0.1, 0 }},
    },
};

static char *expand(const void *self, GError **error)
{
    const Autoaugment *autoaugment = self;
    GString *text = g_string_new("{ ");
    for (int i = 0; i < PAIRS; i++)
        for (int k = 0; k < 2; k++) {
            const Half *half = &pairs[autoaugment->policy][i][k];
            g_string_append(text, k > 0 ? " -> " : i > 0 ? " | " : "");
            policy_append(text, half->operation, policy_magnitude(half->operation, half->step, STEPS), half->p);
        }
    g_string_append(text, " } -> one_of");
    return g_string_free(text, FALSE);
}

static const char *const examples[] = { "autoaugment", "autoaugment(cifar10)", NULL };

static const FvAugment autoaugment = {
    .base = { FV_HEAD(FvAugment, Autoaugment), .kind = FV_AUGMENT, .name = "autoaugment",
              .summary = "one of 25 pairs of operations that a search found", .options = options,
              .details = "For each sample one pair is drawn; each of its two operations is applied with its own "
                         "probability, at its own strength, with a random sign where it has one.",
              .reference = "Cubuk et al., AutoAugment: Learning Augmentation Strategies from Data, 2019",
              .examples = examples },
    .expand = expand,
};
FV_EXPORT(autoaugment)
