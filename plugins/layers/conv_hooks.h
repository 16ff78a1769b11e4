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

#define CONV_HOOKS                                                                                 \
    .backward_reads = FV_READS_X, .build = conv_build, .pack = conv_pack, .forward = conv_forward, \
    .backward = conv_backward, .takes_tail = TRUE, .takes_gradient_tail = TRUE

#endif
