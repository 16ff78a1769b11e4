/* SPDX-License-Identifier: MIT
 * drop_units.h: what layers share that set whole channels, samples or batches to 0 in training. */
#ifndef FOVEA_LAYERS_DROP_UNITS_H
#define FOVEA_LAYERS_DROP_UNITS_H

#include "drop_scale.h"

#include "drop_units.cl.h"

/** The state of such a layer begins with it. The first three are the layer's to set, at the latest in its plan. */
typedef struct {
    float rate;
    int scale;
    gboolean by_channel, by_sample; /* whether each channel, and each sample, is drawn for itself */
    int factors;                    /* scratch: for each channel of each sample, 0 or by how much it is multiplied */
    int pixels;                     /* that a work-item takes */
    FvKernel *draw, *fill, *apply, *apply_to_gradient;
} DropUnits;

static inline gboolean drop_units_plan(FvNode *node, DropUnits *drop)
{
    enum { WRITTEN = 8192 };
    const FvShape in = fv_node_input(node, 0);
    if (drop_passes(node, drop->rate, drop->scale)) {
        fv_node_pass_through(node);
        return TRUE;
    }
    drop->pixels = MAX(1, WRITTEN / MIN(WRITTEN, in.c * fv_node_lanes(node)));
    drop->factors = fv_node_add_scratch(node, fv_node_elements(node, (FvShape){ in.c, 1, 1 }), FV_LIFE_STEP);
    fv_node_set_flops(node, (double) fv_shape_elements(in));
    return TRUE;
}

static FvKernel *drop_units_kernel(FvNode *node, const DropUnits *drop, gboolean backward, const char *name)
{
    const FvShape in = fv_node_input(node, 0);
    g_autofree char *chance = drop_defines(node, drop->rate, drop->scale);
    g_autofree char *defines = g_strdup_printf(
        "%s#define C %d\n#define PIXELS %d\n#define SOME_PIXELS %d\n"
        "#define BY_CHANNEL %d\n#define BY_SAMPLE %d\n",
        chance, in.c, in.h * in.w, drop->pixels, drop->by_channel, drop->by_sample);
    return backward ? fv_node_add_gradient_kernel(node, 0, drop_units_cl, name, "%s", defines)
                    : fv_node_add_kernel(node, drop_units_cl, name, "%s", defines);
}

static gboolean drop_units_build(FvNode *node, void *self, GError **error)
{
    DropUnits *drop = self;
    drop->draw = drop_units_kernel(node, drop, FALSE, "draw");
    drop->fill = drop_units_kernel(node, drop, FALSE, "fill");
    drop->apply = drop_units_kernel(node, drop, FALSE, "apply");
    if (fv_node_training(node))
        drop->apply_to_gradient = drop_units_kernel(node, drop, TRUE, "apply");
    return TRUE;
}

static void drop_units_apply(FvNode *node, const DropUnits *drop, FvKernel *kernel, FvBuffer *from, FvBuffer *to,
                             FvList *list)
{
    const FvShape in = fv_node_input(node, 0);
    const size_t blocks = (size_t) fv_list_blocks(list), pixels = (size_t) in.h * (size_t) in.w;
    const FvGrid grid = fv_node_workers(node) > 1
                            ? fv_node_each(node, blocks * pixels * (size_t) (in.c * fv_node_lanes(node)))
                            : FV_ITEMS((pixels + (size_t) drop->pixels - 1) / (size_t) drop->pixels, blocks);
    fv_launch(list, kernel, grid, fv_buffer(from), fv_buffer(fv_node_scratch(node, drop->factors)), fv_buffer(to),
              fv_int((int) blocks));
}

static void drop_units_forward(FvNode *node, const void *self, FvList *list)
{
    const DropUnits *drop = self;
    const FvGrid grid = fv_node_grid(node, (size_t) fv_list_blocks(list), 1, 1);
    FvArg factors = fv_buffer(fv_node_scratch(node, drop->factors));
    if (fv_list_training(list))
        fv_launch(list, drop->draw, grid, factors, fv_step(), fv_seed());
    else
        fv_launch(list, drop->fill, grid, factors);
    drop_units_apply(node, drop, drop->apply, fv_node_x(node, 0), fv_node_y(node), list);
}

static void drop_units_backward(FvNode *node, const void *self, FvList *list)
{
    const DropUnits *drop = self;
    if (fv_node_dx(node, 0))
        drop_units_apply(node, drop, drop->apply_to_gradient, fv_node_dy(node), fv_node_dx(node, 0), list);
}

#define DROP_UNITS_HOOKS                                                                          \
    .backward_reads = FV_READS_NOTHING, .build = drop_units_build, .forward = drop_units_forward, \
    .backward = drop_units_backward, .takes_gradient_tail = TRUE

#endif
