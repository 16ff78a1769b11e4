/* SPDX-License-Identifier: MIT
 * relu6: x between 0 and 6, these limits outside of them (Krizhevsky, 2010). */
#include <fovea/plugin.h>

static const FvLayer relu6 = {
    .base = { FV_HEAD(FvLayer, FvNone), .kind = FV_LAYER, .name = "relu6",
              .summary = "rectified linear unit that ends at 6",
              .details = "y = min(max(x, 0), 6), with a derivative of 0 at 0 and at 6. Any shape, which stays.",
              .reference = "Krizhevsky, Convolutional deep belief networks on CIFAR-10, 2010" },
    /* Not fmin() and fmax(), which would hide a NaN. */
    .forward_map = "y = x < 0 ? 0 : x > 6 ? 6 : x;",
    .backward_map = "dx = y > 0 ? y < 6 ? dy : 0 : 0;",
    .vector_maps = TRUE,
};
FV_EXPORT(relu6)
