/* SPDX-License-Identifier: MIT
 * conv_depthwise.h: convolutions with one channel in each group, on CPUs with vectors over channels. */
#ifndef FOVEA_CONV_DEPTHWISE_H
#define FOVEA_CONV_DEPTHWISE_H

#include "core/plan/conv.h"

/** Whether the node's convolution goes by these kernels. */
gboolean fv_depthwise_node(const FvNode *node, const FvConv *conv);

/** What conv.c's functions of these names do. */
void fv_depthwise_plan(FvNode *node, FvConv *conv);
void fv_depthwise_build(FvNode *node, FvConv *conv);
void fv_depthwise_pack(FvNode *node, const FvConv *conv, FvList *list);
void fv_depthwise_forward(FvNode *node, const FvConv *conv, FvList *list);
void fv_depthwise_backward(FvNode *node, const FvConv *conv, FvList *list);

#endif
