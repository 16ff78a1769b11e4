/* SPDX-License-Identifier: MIT
 * policy.h: the operations that published policies are made of, as the text of a chain. */
#ifndef FOVEA_PLUGINS_POLICY_H
#define FOVEA_PLUGINS_POLICY_H

#include <fovea/plugin.h>

#include <math.h>

typedef enum {
    POLICY_IDENTITY,
    POLICY_SHEAR_X,
    POLICY_SHEAR_Y,
    POLICY_TRANSLATE_X,
    POLICY_TRANSLATE_Y,
    POLICY_ROTATE,
    POLICY_BRIGHTNESS,
    POLICY_COLOR,
    POLICY_CONTRAST,
    POLICY_SHARPNESS,
    POLICY_POSTERIZE,
    POLICY_SOLARIZE,
    POLICY_AUTO_CONTRAST,
    POLICY_EQUALIZE,
    POLICY_INVERT,
    POLICY_OPERATIONS
} PolicyOperation;

/* How each is written: with its magnitude, and with the probability p. */
static const struct {
    const char *text; /* up to the magnitude */
    double none;      /* the magnitude that changes nothing: the number is this plus or minus the magnitude */
    gboolean sign;    /* plus or minus, by chance */
    gboolean number;
} policy_operations[POLICY_OPERATIONS] = {
    [POLICY_SHEAR_X] = { "shear(axis=horizontal, amount=", 0, TRUE, TRUE },
    [POLICY_SHEAR_Y] = { "shear(axis=vertical, amount=", 0, TRUE, TRUE },
    [POLICY_TRANSLATE_X] = { "translate(y=0, x=", 0, TRUE, TRUE },
    [POLICY_TRANSLATE_Y] = { "translate(x=0, y=", 0, TRUE, TRUE },
    [POLICY_ROTATE] = { "rotate(angle=", 0, TRUE, TRUE },
    [POLICY_BRIGHTNESS] = { "brightness(factor=", 1, TRUE, TRUE },
    [POLICY_COLOR] = { "saturation(factor=", 1, TRUE, TRUE },
    [POLICY_CONTRAST] = { "contrast(factor=", 1, TRUE, TRUE },
    [POLICY_SHARPNESS] = { "sharpen(factor=", 1, TRUE, TRUE },
    [POLICY_POSTERIZE] = { "posterize(bits=", 0, FALSE, TRUE },
    [POLICY_SOLARIZE] = { "solarize(threshold=", 0, FALSE, TRUE },
    [POLICY_AUTO_CONTRAST] = { "autocontrast(", 0, FALSE, FALSE },
    [POLICY_EQUALIZE] = { "equalize(", 0, FALSE, FALSE },
    [POLICY_INVERT] = { "invert(", 0, FALSE, FALSE },
};

static inline void policy_number(GString *text, double number)
{
    char digits[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(text, g_ascii_formatd(digits, sizeof digits, "%.7g", number));
}

static inline void policy_one(GString *text, PolicyOperation operation, double number, double p)
{
    g_string_append(text, policy_operations[operation].text);
    if (policy_operations[operation].number) {
        policy_number(text, number);
        g_string_append(text, ", ");
    }
    g_string_append(text, "p=");
    policy_number(text, p);
    g_string_append_c(text, ')');
}

/* An operation that is applied with probability p; plus or minus its magnitude, where it has a sign. */
static inline void policy_append(GString *text, PolicyOperation operation, double magnitude, double p)
{
    const double none = policy_operations[operation].none;
    if (operation == POLICY_IDENTITY)
        return;
    if (!policy_operations[operation].sign || magnitude == 0) {
        policy_one(text, operation, none + magnitude, p);
        return;
    }
    g_string_append(text, "{ ");
    policy_one(text, operation, none + magnitude, p);
    g_string_append(text, " | ");
    policy_one(text, operation, none - magnitude, p);
    g_string_append(text, " } -> one_of");
}

/* The magnitude of step @step of @steps (0: the first; steps - 1: the strongest), as AutoAugment scales it. */
static inline double policy_magnitude(PolicyOperation operation, int step, int steps)
{
    static const double most[POLICY_OPERATIONS] = {
        [POLICY_SHEAR_X] = 0.3,
        [POLICY_SHEAR_Y] = 0.3,
        [POLICY_TRANSLATE_X] = 150.0 / 331,
        [POLICY_TRANSLATE_Y] = 150.0 / 331,
        [POLICY_ROTATE] = 30,
        [POLICY_BRIGHTNESS] = 0.9,
        [POLICY_COLOR] = 0.9,
        [POLICY_CONTRAST] = 0.9,
        [POLICY_SHARPNESS] = 0.9,
    };
    const double share = (double) step / (steps - 1);
    if (operation == POLICY_POSTERIZE)
        return 8 - floor(4 * share + 0.5);
    return operation == POLICY_SOLARIZE ? 1 - share : most[operation] * share;
}

#endif
