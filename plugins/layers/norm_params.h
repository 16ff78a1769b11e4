/* SPDX-License-Identifier: MIT
 * norm_params.h: the weight and the bias of a normalisation. */
#ifndef FOVEA_LAYERS_NORM_PARAMS_H
#define FOVEA_LAYERS_NORM_PARAMS_H

#include <fovea/plugin.h>

/* For plan: one for each channel, or with @elements for each element of the input. */
static inline void norm_params(FvNode *node, gboolean elements, int *weight, int *bias)
{
    const FvShape in = fv_node_input(node, 0);
    FvParamSpec spec = { .role = FV_BIAS, .rank = elements ? 3 : 1, .dims = { in.c }, .fan_in = 1, .fan_out = 1 };
    if (elements) {
        spec.dims[1] = in.h;
        spec.dims[2] = in.w;
    }
    spec.name = "weight";
    spec.init.kind = FV_INIT_ONES;
    *weight = fv_node_add_param(node, &spec);
    spec.name = "bias";
    spec.init.kind = FV_INIT_ZEROS;
    *bias = fv_node_add_param(node, &spec);
}

/* Whether neither needs a gradient. */
static inline gboolean norm_params_frozen(const FvNode *node, int weight, int bias)
{
    return fv_node_frozen(node, weight) && fv_node_frozen(node, bias);
}

#endif
