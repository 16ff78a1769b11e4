/* SPDX-License-Identifier: MIT
 * gap: the mean of each channel over the whole image (Lin et al., 2014). */
#include <fovea/plugin.h>

#include "gap.cl.h"

/* A work-item sums up so many reals of each of so many pixels; going backward it writes so many reals. Not more, since
 * llvmpipe ends all loops of a work-item after 65535 steps together. */
enum { HELD = 64, RUN = 256, WRITTEN = 8192 };

typedef struct {
    int runs, parts; /* scratch: sums of runs of pixels, where there are several */
    int span, pixels;
    FvKernel *sum, *sum_up, *backward;
} Gap;

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Gap *gap = self;
    const FvShape in = fv_node_input(node, 0);
    const int pixel = in.c * fv_node_lanes(node);

    fv_node_set_output(node, (FvShape){ in.c, 1, 1 });
    fv_node_set_flops(node, (double) fv_shape_elements(in));
    if (in.h * in.w == 1)
        fv_node_pass_through(node);
    gap->span = MIN(pixel, WRITTEN);
    gap->pixels = WRITTEN / gap->span;
    gap->runs = divide_up(in.h * in.w, RUN);
    if (gap->runs > 1)
        gap->parts =
            fv_node_add_scratch(node, gap->runs * fv_node_elements(node, (FvShape){ in.c, 1, 1 }), FV_LIFE_CALL);
    return TRUE;
}

/* @run: of @pixels, so many are added up by a work-item; @whole: by how much their sum is divided. */
static FvKernel *sum_kernel(FvNode *node, int pixels, int run, int held, int whole)
{
    return fv_node_add_kernel(node, gap_cl, "sum",
                              "#define C %d\n#define PIXELS %d\n#define RUN %d\n#define HELD %d\n#define WHOLE %d\n"
                              "#define SPAN 1\n#define SOME_PIXELS 1\n",
                              fv_node_input(node, 0).c, pixels, run, held, whole);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Gap *gap = self;
    const FvShape in = fv_node_input(node, 0);
    const int pixels = in.h * in.w;

    gap->sum = sum_kernel(node, pixels, RUN, HELD, gap->runs > 1 ? 1 : pixels);
    if (gap->runs > 1)
        gap->sum_up = sum_kernel(node, gap->runs, gap->runs, HELD / 8, pixels);
    if (fv_node_training(node))
        gap->backward = fv_node_add_gradient_kernel(node, 0, gap_cl, "backward",
                                                    "#define C %d\n#define PIXELS %d\n#define RUN 1\n#define HELD 1\n"
                                                    "#define WHOLE %d\n#define SPAN %d\n#define SOME_PIXELS %d\n",
                                                    in.c, pixels, pixels, gap->span, gap->pixels);
    return TRUE;
}

static FvGrid sum_grid(const FvNode *node, int runs, int held, const FvList *list)
{
    const int reals = fv_node_input(node, 0).c * fv_node_lanes(node);
    return FV_ITEMS((size_t) divide_up(reals, held), (size_t) runs, (size_t) fv_list_blocks(list));
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Gap *gap = self;
    FvArg x = fv_buffer(fv_node_x(node, 0)), y = fv_buffer(fv_node_y(node));

    if (gap->runs == 1) {
        fv_launch(list, gap->sum, sum_grid(node, 1, HELD, list), x, y);
        return;
    }
    FvArg parts = fv_buffer(fv_node_scratch(node, gap->parts));
    fv_launch(list, gap->sum, sum_grid(node, gap->runs, HELD, list), x, parts);
    fv_launch(list, gap->sum_up, sum_grid(node, 1, HELD / 8, list), parts, y);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Gap *gap = self;
    const FvShape in = fv_node_input(node, 0);
    if (!fv_node_dx(node, 0))
        return;
    fv_launch(list, gap->backward,
              FV_ITEMS((size_t) divide_up(in.h * in.w, gap->pixels),
                       (size_t) divide_up(in.c * fv_node_lanes(node), gap->span), (size_t) fv_list_blocks(list)),
              fv_buffer(fv_node_dy(node)), fv_buffer(fv_node_dx(node, 0)));
}

static const FvLayer gap = {
    .base = { FV_HEAD(FvLayer, Gap), .kind = FV_LAYER, .name = "gap",
              .summary = "global average pooling: the mean of each channel",
              .details = "c x h x w becomes the vector c: y = mean of x over the h * w pixels.\n\n"
                         "Backward: dx = dy / (h * w) at each pixel.",
              .reference = "Lin et al., Network in network, 2014" },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(gap)
