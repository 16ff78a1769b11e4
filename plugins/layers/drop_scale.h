/* SPDX-License-Identifier: MIT
 * drop_scale.h: with which probability something is dropped in training, and where the rest is scaled for it. */
#ifndef FOVEA_LAYERS_DROP_SCALE_H
#define FOVEA_LAYERS_DROP_SCALE_H

#include <fovea/plugin.h>

/** The two ways in which the expectation stays: what is kept is divided by 1 - rate in training, or everything is
 * multiplied by 1 - rate outside of it. */
enum { SCALE_IN_TRAINING, SCALE_IN_TEST };
static const char *const drop_scales[] = { "train", "test", NULL };

#define DROP_SCALE_OPTION(T)                      \
    FV_OPT_CHOICE(                                \
        T, scale, SCALE_IN_TRAINING, drop_scales, \
        "train: what is kept is divided by 1 - rate; test: everything is multiplied by 1 - rate at test time")

/** Whether the layer does nothing in this plan. */
static inline gboolean drop_passes(const FvNode *node, float rate, int scale)
{
    return rate == 0 || (!fv_node_training(node) && scale == SCALE_IN_TRAINING);
}

/** NODE (@stream, which tells random streams apart), DROPPED (random words below are dropped), SCALE (of the rest),
 * TEST_SCALE (of everything, outside of training); g_free() it. */
static inline char *drop_stream_defines(unsigned stream, float rate, int scale)
{
    const double kept = 1 - (double) rate;
    char train[G_ASCII_DTOSTR_BUF_SIZE], test[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(train, sizeof train, "%.17e", scale == SCALE_IN_TRAINING ? 1 / kept : 1);
    g_ascii_formatd(test, sizeof test, "%.17e", scale == SCALE_IN_TRAINING ? 1 : kept);
    return g_strdup_printf(
        "#define NODE %uu\n#define DROPPED %uu\n#define SCALE ((real) %s)\n"
        "#define TEST_SCALE ((real) %s)\n",
        stream, (unsigned) ((double) rate * 0x1p32), train, test);
}

static inline char *drop_defines(const FvNode *node, float rate, int scale)
{
    return drop_stream_defines((unsigned) fv_node_index(node), rate, scale);
}

#endif
