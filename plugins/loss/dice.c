/* SPDX-License-Identifier: MIT
 * dice: how little the probabilities and a mask overlap (Milletari et al., 2016). */
#include <fovea/plugin.h>

#include "dice.cl.h"

enum { SIGMOID, SOFTMAX }; /* activation */
enum { CHUNK = 1024 };     /* pixels that are added up by one work-group */

typedef struct {
    FvRef value;
    const char *target;
    int activation;
    float smooth;
    gboolean squared;
    int probability, part; /* scratch */
    FvKernel *probabilities, *overlap, *judge, *gradient;
} Dice;

static const char *const activations[] = { "sigmoid", "softmax", NULL };

static const FvOption options[] = {
    FV_OPT_VALUE(Dice, value, "logits, a channel for each class"),
    FV_OPT_TARGET(Dice, target, "target", "masks in the shape of the value: 0, 1 or between"),
    FV_OPT_CHOICE(Dice, activation, SIGMOID, activations,
                  "what makes probabilities: each channel by itself, or over channels"),
    FV_OPT_FLOAT(Dice, smooth, 1, 1e-6, 1e6, "added to both sides of the fraction, so that empty masks have one"),
    FV_OPT_BOOL(Dice, squared, FALSE, "the lower side of the fraction has squares"),
    { 0 },
};

static int chunks_of(FvNode *node)
{
    const FvShape in = fv_node_input(node, 0);
    return (in.h * in.w + CHUNK - 1) / CHUNK;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Dice *dice = self;
    const FvShape in = fv_node_input(node, 0);
    dice->probability = fv_node_add_scratch(node, fv_node_elements(node, in), FV_LIFE_CALL);
    dice->part =
        fv_node_add_scratch(node, fv_node_elements(node, (FvShape){ 2 * in.c, chunks_of(node), 1 }), FV_LIFE_CALL);
    return TRUE;
}

static FvKernel *kernel(FvNode *node, const Dice *dice, const char *name)
{
    const FvShape in = fv_node_input(node, 0);
    return fv_node_add_kernel(node, dice_cl, name,
                              "#define C %d\n#define PIXELS %d\n#define CHUNK %d\n#define CHUNKS %d\n"
                              "#define SOFTMAX %d\n#define SQUARED %d\n",
                              in.c, in.h * in.w, CHUNK, chunks_of(node), dice->activation == SOFTMAX, dice->squared);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Dice *dice = self;
    dice->probabilities = kernel(node, dice, "probabilities");
    dice->overlap = kernel(node, dice, "overlap");
    dice->judge = kernel(node, dice, "judge");
    if (fv_node_training(node))
        dice->gradient = kernel(node, dice, "gradient");
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Dice *dice = self;
    const int samples = fv_list_samples(list);
    const size_t blocks = (size_t) fv_list_blocks(list);
    const FvGrid chunks = fv_node_grid(node, blocks, (size_t) chunks_of(node), 1);
    FvArg p = fv_buffer(fv_node_scratch(node, dice->probability)), t = fv_buffer(fv_node_target(node));
    FvArg part = fv_buffer(fv_node_scratch(node, dice->part)), n = fv_int(samples);

    fv_launch(list, dice->probabilities, chunks, fv_buffer(fv_node_x(node, 0)), p);
    fv_launch(list, dice->overlap, chunks, p, t, part);
    fv_launch(list, dice->judge, fv_node_grid(node, blocks, 1, 1), part, fv_buffer(fv_node_result(node)), fv_slot(), n,
              fv_real(fv_node_weight(node)), fv_real((double) dice->smooth));
    if (fv_list_training(list) && fv_node_dx(node, 0))
        fv_launch(list, dice->gradient, chunks, p, t, part, fv_buffer(fv_node_dx(node, 0)), n,
                  fv_real(fv_node_weight(node) / samples));
}

static FvLink link_of(const void *self)
{
    return ((const Dice *) self)->activation == SOFTMAX ? FV_LINK_SOFTMAX : FV_LINK_SIGMOID;
}

static const char *const examples[] = { "dice(value)", "dice(value, target, activation=softmax, smooth=0.1)",
                                        "dice(value, squared=true)", NULL };

static const FvLoss dice = {
    .base = { FV_HEAD(FvLoss, Dice), .kind = FV_LOSS, .name = "dice",
              .summary = "how little the probabilities and a mask overlap", .options = options,
              .details =
                  "With p the probabilities of a channel and t its mask, l is the mean over channels of 1 - (2 * "
                  "sum of p * t + smooth) / (sum of p + sum of t + smooth), sums over all pixels of a sample; with "
                  "squared, the sums below are of p^2 and t^2, as in the paper. Averaged over the batch. Any "
                  "shape.",
              .reference = "Milletari, Navab and Ahmadi, V-Net: fully convolutional neural networks for volumetric "
                           "medical image segmentation, 2016",
              .examples = examples },
    .target = FV_TARGET_VALUE,
    .plan = plan,
    .build = build,
    .forward = forward,
    .link_of = link_of,
};
FV_EXPORT(dice)
