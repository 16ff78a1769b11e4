/* SPDX-License-Identifier: MIT
 * leaky: x above zero, slope * x below (Maas et al., 2013). */
#include <fovea/plugin.h>

typedef struct {
    float slope;
} Leaky;

static const FvOption options[] = {
    FV_OPT_FLOAT(Leaky, slope, 0.1, 0, 1, "slope below zero"),
    { 0 },
};

static const char *const examples[] = { "leaky", "leaky(0.3)", "leaky(0)", NULL };

/* The slope is not negative, so that y has the sign of x, and x need not be kept. */
static const FvLayer leaky = {
    .base = { FV_HEAD(FvLayer, Leaky), .kind = FV_LAYER, .name = "leaky", .summary = "leaky rectified linear unit",
              .options = options,
              .details = "y = x above zero, slope * x below; the derivative at 0 is the slope. Any shape, which stays.",
              .reference = "Maas et al., Rectifier nonlinearities improve neural network acoustic models, 2013",
              .examples = examples },
    .forward_map = "y = x < 0 ? slope * x : x;",
    .backward_map = "dx = y > 0 ? dy : slope * dy;",
    .vector_maps = TRUE,
};
FV_EXPORT(leaky)
