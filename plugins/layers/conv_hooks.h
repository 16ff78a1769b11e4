/* SPDX-License-Identifier: MIT
 * conv_hooks.h: the hooks of layers that are a convolution: their state begins with its FvConv, which plan fills in. */
#ifndef FOVEA_LAYERS_CONV_HOOKS_H
#define FOVEA_LAYERS_CONV_HOOKS_H

#include <fovea/plugin.h>

static gboolean conv_build(FvNode *node, void *self, GError **error)
{
    return fv_conv_build(node, self, error);
}

static void conv_pack(FvNode *node, const void *self, FvList *list)
{
    fv_conv_pack(node, self, list);
}

static void conv_forward(FvNode *node, const void *self, FvList *list)
{
    fv_conv_forward(node, self, list);
}

static void conv_backward(FvNode *node, const void *self, FvList *list)
{
    fv_conv_backward(node, self, list);
}

/* The option `winograd` of those that have it. */
static const char *const conv_winograds[] G_GNUC_UNUSED = {
    [FV_WINOGRAD_AUTO] = "auto", [FV_WINOGRAD_ON] = "on", [FV_WINOGRAD_OFF] = "off", NULL
};
#define CONV_WINOGRAD_HELP "fewer multiplications for 3x3 kernels of stride 1"

#define CONV_HOOKS                                                                                 \
    .backward_reads = FV_READS_X, .build = conv_build, .pack = conv_pack, .forward = conv_forward, \
    .backward = conv_backward, .takes_tail = TRUE, .takes_gradient_tail = TRUE

#endif
