/* SPDX-License-Identifier: MIT
 * trivialaugment: one operation of a list of fourteen, at a random strength. */
#include <fovea/plugin.h>

static const FvOption options[] = { { 0 } };

/* The wide ranges of the paper; an empty branch changes nothing. */
static const char chain[] =
    "{ | shear(-0.99..0.99, axis=horizontal) | shear(-0.99..0.99, axis=vertical)"
    " | translate(x=-32..32, y=0) | translate(x=0, y=-32..32) | rotate(-135..135)"
    " | brightness(0.01..1.99) | saturation(0.01..1.99) | contrast(0.01..1.99)"
    " | sharpen(0.01..1.99) | posterize(2..8.999) | solarize(0..1) | autocontrast | equalize }"
    " -> one_of";

static char *expand(const void *self, GError **error)
{
    return g_strdup(chain);
}

static const FvAugment trivialaugment = {
    .base = { FV_HEAD(FvAugment, FvNone), .kind = FV_AUGMENT, .name = "trivialaugment",
              .summary = "one operation of fourteen, at a random strength", .options = options,
              .details =
                  "One of: nothing, shear and translate along either axis, rotate, brightness, saturation, "
                  "contrast, sharpen, posterize, solarize, autocontrast, equalize; its strength is uniformly drawn.",
              .reference =
                  "Mueller and Hutter, TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation, 2021" },
    .expand = expand,
};
FV_EXPORT(trivialaugment)
