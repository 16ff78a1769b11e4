/* SPDX-License-Identifier: MIT
 * standardize: takes the mean of the training split off each feature, or channel, and divides by its deviation. */
#include "features.h"

#include "standardize.cl.h"

#include <math.h>

enum { PER_FEATURE, PER_CHANNEL };
enum { TAKEN = 8192 }; /* reals that a work-item takes; llvmpipe ends all its loops after 65535 steps together */

typedef struct {
    int per;
    int mean, std; /* parameters */
    int factors;   /* scratch: what is taken off, then what is multiplied by, in the order of the device */
    int span;      /* features that a work-item takes */
    FvKernel *order, *apply, *backward;
} Standardize;

static const char *const ways[] = { "feature", "channel", NULL };

static const FvOption options[] = {
    FV_OPT_CHOICE(Standardize, per, PER_FEATURE, ways, "what has a mean and a deviation of its own"),
    { 0 },
};

static int groups_of(const FvNode *node, const Standardize *standardize)
{
    const FvShape in = fv_node_input(node, 0);
    return standardize->per == PER_CHANNEL ? in.c : (int) fv_shape_elements(in);
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Standardize *standardize = self;
    const FvShape in = fv_node_input(node, 0);
    const int groups = groups_of(node, standardize), features = (int) fv_shape_elements(in);
    standardize->mean = add_statistic(node, "mean", 1, groups, 0, (FvInit){ FV_INIT_ZEROS });
    standardize->std = add_statistic(node, "std", 1, groups, 0, (FvInit){ FV_INIT_ONES });
    standardize->factors = fv_node_add_scratch(node, 2 * (gint64) features, FV_LIFE_PLAN);
    standardize->span = CLAMP(TAKEN / fv_node_lanes(node), 1, features);
    fv_node_set_flops(node, 2.0 * features);
    return TRUE;
}

static FvKernel *add_kernel(FvNode *node, const Standardize *standardize, const char *name)
{
    const FvShape in = fv_node_input(node, 0);
    return fv_node_add_kernel(node, standardize_cl, name,
                              "#define C %d\n#define PIXELS %d\n#define PER_CHANNEL %d\n#define SPAN %d\n", in.c,
                              in.h * in.w, standardize->per == PER_CHANNEL, standardize->span);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Standardize *standardize = self;
    standardize->order = add_kernel(node, standardize, "order");
    standardize->apply = add_kernel(node, standardize, "apply");
    if (fv_node_training(node))
        standardize->backward = add_kernel(node, standardize, "backward");
    return TRUE;
}

static FvGrid grid(const FvNode *node, const Standardize *standardize, int blocks)
{
    const gint64 features = fv_shape_elements(fv_node_input(node, 0));
    return fv_node_grid(node, (size_t) ((features + standardize->span - 1) / standardize->span), (size_t) blocks, 1);
}

static void pack(FvNode *node, const void *self, FvList *list)
{
    const Standardize *standardize = self;
    fv_launch(list, standardize->order, grid(node, standardize, 1), fv_buffer(fv_node_param(node, standardize->mean)),
              fv_buffer(fv_node_param(node, standardize->std)), fv_buffer(fv_node_scratch(node, standardize->factors)));
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Standardize *standardize = self;
    fv_launch(list, standardize->apply, grid(node, standardize, fv_list_blocks(list)), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_scratch(node, standardize->factors)), fv_buffer(fv_node_y(node)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Standardize *standardize = self;
    if (fv_node_dx(node, 0))
        fv_launch(list, standardize->backward, grid(node, standardize, fv_list_blocks(list)),
                  fv_buffer(fv_node_dy(node)), fv_buffer(fv_node_scratch(node, standardize->factors)),
                  fv_buffer(fv_node_dx(node, 0)));
}

static gboolean fit_batch(const FvNode *node, const void *self, FvFit *fit, const FvFitBatch *batch, GError **error)
{
    const gint64 features = fv_shape_elements(fv_node_input(node, 0)), groups = groups_of(node, self);
    Moments *moments = moments_of(fit, 0, groups);
    for (int s = 0; s < batch->count; s++)
        for (gint64 g = 0; g < groups; g++)
            moments_add(&moments[g], batch->x + s * features + g * (features / groups), features / groups);
    return TRUE;
}

static gboolean fit_end(const FvNode *node, const void *self, FvFit *fit, GError **error)
{
    const Standardize *standardize = self;
    const gint64 groups = groups_of(node, standardize);
    const Moments *moments = moments_of(fit, 0, groups);
    float *mean = fv_fit_param(fit, standardize->mean), *std = fv_fit_param(fit, standardize->std);
    for (gint64 g = 0; g < groups; g++) {
        const float deviation = (float) sqrt(moments[g].squares / moments[g].count);
        mean[g] = (float) moments[g].mean;
        std[g] = deviation > 0 ? deviation : 1; /* what is always the same becomes 0 */
    }
    return TRUE;
}

static const char *const examples[] = { "standardize", "standardize(per=channel)", NULL };

static const FvLayer standardize = {
    .base = { FV_HEAD(FvLayer, Standardize), .kind = FV_LAYER, .name = "standardize",
              .summary = "mean 0 and deviation 1, by mean and deviation of the training split", .options = options,
              .details =
                  "y = (x - mean) / std, with a mean and a std for each number of the input (per=feature) or for each "
                  "channel (per=channel, over all pixels). Both are those of the training split (std divides by the "
                  "count; 1 where it would be 0), found before training begins and kept with the weights; nothing of "
                  "them is trained. Any shape, which stays. normalize without mean and std in prepare { } is "
                  "standardize(per=channel).\n\n"
                  "Backward: dx = dy / std.",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .fit_passes = 1,
    .fit_batch = fit_batch,
    .fit_end = fit_end,
};
FV_EXPORT(standardize)
