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

enum { CONV_LARGEST_CHANNELS = 1 << 20, CONV_LARGEST_KERNEL = 1024 };

/* Options that say the same of a convolution and of a transposed one; T has fields of these names. */
#define CONV_SHARED_OPTIONS(T)                                                                                  \
    FV_OPT_SIZE(T, dilation, 1, 1, CONV_LARGEST_KERNEL, "distance between the kernel's taps", .unit = "px"),    \
        FV_OPT_INT(T, groups, 1, 1, CONV_LARGEST_CHANNELS, "parts of the channels that do not see each other"), \
        FV_OPT_BOOL(T, bias, TRUE, "add a number of its own to each output channel"),                           \
        FV_OPT_INIT(T, init, "he", "how the weights begin"),                                                    \
        FV_OPT_CHOICE(T, winograd, FV_WINOGRAD_AUTO, conv_winograds, CONV_WINOGRAD_HELP)

/* The same, and what else both have, as members of an FvConv. */
#define CONV_SHARED_MEMBERS(layer)                                                                            \
    .kernel = (layer)->kernel, .stride = (layer)->stride, .pad = (layer)->pad, .dilation = (layer)->dilation, \
    .groups = (layer)->groups, .bias = (layer)->bias, .init = (layer)->init,                                  \
    .winograd = (FvWinograd) (layer)->winograd

#define CONV_HOOKS                                                                                 \
    .backward_reads = FV_READS_X, .build = conv_build, .pack = conv_pack, .forward = conv_forward, \
    .backward = conv_backward, .takes_tail = TRUE, .takes_gradient_tail = TRUE

#endif
