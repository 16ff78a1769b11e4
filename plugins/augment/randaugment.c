/* SPDX-License-Identifier: MIT
 * randaugment: some operations of a list of fourteen, all at one strength. */
#include "policy.h"

typedef struct {
    int n, magnitude;
} Randaugment;

static const FvOption options[] = { FV_OPT_INT(Randaugment, n, 2, 1, 8,
                                               "operations that are applied, one after the other"),
                                    FV_OPT_INT(Randaugment, magnitude, 9, 0, 30, "how strongly"),
                                    { 0 } };

enum { STEPS = 31 };

static char *expand(const void *self, GError **error)
{
    const Randaugment *randaugment = self;
    GString *text = g_string_new(NULL);
    for (int i = 0; i < randaugment->n; i++) {
        g_string_append(text, i > 0 ? " -> { " : "{ ");
        for (int operation = POLICY_IDENTITY; operation < POLICY_INVERT; operation++) {
            const double magnitude = policy_magnitude((PolicyOperation) operation, randaugment->magnitude, STEPS);
            g_string_append(text, operation > 0 ? " | " : "");
            policy_append(text, (PolicyOperation) operation, magnitude, 1);
        }
        g_string_append(text, " } -> one_of");
    }
    return g_string_free(text, FALSE);
}

static const char *const examples[] = { "randaugment", "randaugment(3, magnitude=15)", NULL };

static const FvAugment randaugment = {
    .base = { FV_HEAD(FvAugment, Randaugment), .kind = FV_AUGMENT, .name = "randaugment",
              .summary = "some operations of fourteen, all at one strength", .options = options,
              .details =
                  "n times one of: nothing, shear and translate along either axis, rotate, brightness, saturation, "
                  "contrast, sharpen, posterize, solarize, autocontrast, equalize.",
              .reference = "Cubuk et al., RandAugment: Practical automated data augmentation, 2020",
              .examples = examples },
    .expand = expand,
};
FV_EXPORT(randaugment)
