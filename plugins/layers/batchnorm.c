/* SPDX-License-Identifier: MIT
 * batchnorm: brings every channel to mean 0 and deviation 1, then to a mean and a deviation that are learned. */
#include <fovea/plugin.h>

#include "batchnorm.cl.h"

/* Reals that a work-item holds; reals that it reads to sum up or to normalise; the most channels, and about the most
 * numbers of parts, that it puts together. llvmpipe ends all loops of a work-item after 65535 steps together. */
enum { HELD = 256, READ = 8192, PUT_TOGETHER = 16, PARTS_READ = 16384 };

typedef struct {
    float momentum, epsilon;
    int weight, bias, running_mean, running_var; /* parameters */
    int moments, parts;                          /* scratch: mean and 1 / deviation; sums of parts */
    int some_channels, some_pixels;              /* of a part */
    int span, some_normalised;                   /* channels, and pixels, that are normalised by a work-item */
    int put;                                     /* channels that are put together by a work-item */
    gboolean fixed;                              /* frozen statistics: mean and var are these in training, too */
    FvKernel *measure, *put_together, *take_running, *normalise, *sum, *sum_up, *backward;
} Batchnorm;

static const FvOption options[] = {
    FV_OPT_FLOAT(Batchnorm, momentum, 0.1, 0, 1, "share of the batch in the running statistics"),
    FV_OPT_FLOAT(Batchnorm, epsilon, 1e-5, 1e-12, 1, "added to the variance"),
    { 0 },
};

/* Samples come in units, each a run of whole pixels of C * L reals: a block of the batch; or, where a block is one
 * sample, the batch, since no lane is then to be left out. */
typedef struct {
    int units, pixels;
} Extent;

static Extent extent(const FvNode *node, int samples, int blocks)
{
    const int area = fv_node_input(node, 0).h * fv_node_input(node, 0).w;
    return fv_node_lanes(node) == 1 ? (Extent){ 1, samples * area } : (Extent){ blocks, area };
}

static int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* Returns the number of parts. */
static gint64 split(const FvNode *node, Batchnorm *norm)
{
    const int channels = fv_node_input(node, 0).c, lanes = fv_node_lanes(node);
    const gint64 blocks = fv_node_elements(node, (FvShape){ 1, 1, 1 }) / lanes;
    const Extent most = extent(node, fv_node_batch(node), (int) blocks);

    norm->some_channels = MIN(channels, MAX(1, HELD / lanes));
    norm->some_pixels = MAX(1, READ / (norm->some_channels * lanes));
    norm->span = MIN(channels, READ / lanes);
    norm->some_normalised = READ / (norm->span * lanes);
    const gint64 parts = (gint64) most.units * divide_up(most.pixels, norm->some_pixels);
    norm->put = (int) CLAMP(PARTS_READ / parts, 1, PUT_TOGETHER);
    return parts;
}

static int add_param(FvNode *node, const char *name, FvRole role, FvInitKind init)
{
    const int c = fv_node_input(node, 0).c;
    return fv_node_add_param(
        node, &(FvParamSpec){
                  .name = name, .role = role, .rank = 1, .dims = { c }, .init = { init }, .fan_in = c, .fan_out = c });
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Batchnorm *norm = self;
    const FvShape in = fv_node_input(node, 0);

    norm->weight = add_param(node, "weight", FV_BIAS, FV_INIT_ONES);
    norm->bias = add_param(node, "bias", FV_BIAS, FV_INIT_ZEROS);
    norm->running_mean = add_param(node, "running_mean", FV_STATISTIC, FV_INIT_ZEROS);
    norm->running_var = add_param(node, "running_var", FV_STATISTIC, FV_INIT_ONES);
    norm->fixed = fv_node_frozen(node, norm->running_mean) || fv_node_frozen(node, norm->running_var);
    norm->moments = fv_node_add_scratch(node, 2 * (gint64) in.c, FV_LIFE_STEP);
    const gint64 parts = split(node, norm);
    if (fv_node_training(node))
        norm->parts = fv_node_add_scratch(node, 2 * parts * in.c, FV_LIFE_CALL);
    fv_node_set_flops(node, 2.0 * (double) fv_shape_elements(in));
    return TRUE;
}

static FvKernel *add_kernel(FvNode *node, const Batchnorm *norm, gboolean backward, const char *name)
{
    g_autofree char *defines = g_strdup_printf(
        "#define BACKWARD %d\n#define FIXED %d\n#define C %d\n#define SOME_CHANNELS %d\n#define SOME_PIXELS %d\n"
        "#define NORMALISED_CHANNELS %d\n#define NORMALISED_PIXELS %d\n#define PUT_TOGETHER %d\n",
        backward, backward && norm->fixed, fv_node_input(node, 0).c, norm->some_channels, norm->some_pixels, norm->span,
        norm->some_normalised, norm->put);
    return backward ? fv_node_add_gradient_kernel(node, 0, batchnorm_cl, name, "%s", defines)
                    : fv_node_add_tail_kernel(node, batchnorm_cl, name, "%s", defines);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Batchnorm *norm = self;
    norm->take_running = add_kernel(node, norm, FALSE, "take_running");
    norm->normalise = add_kernel(node, norm, FALSE, "normalise");
    if (fv_node_training(node)) {
        norm->measure = add_kernel(node, norm, FALSE, "measure");
        norm->put_together = add_kernel(node, norm, FALSE, "put_together");
        norm->sum = add_kernel(node, norm, TRUE, "sum");
        norm->sum_up = add_kernel(node, norm, TRUE, "sum_up");
        norm->backward = add_kernel(node, norm, TRUE, "backward");
    }
    return TRUE;
}

static FvGrid part_grid(const FvNode *node, const Batchnorm *norm, Extent now)
{
    return FV_ITEMS((size_t) divide_up(now.pixels, norm->some_pixels), (size_t) now.units,
                    (size_t) divide_up(fv_node_input(node, 0).c, norm->some_channels));
}

static FvGrid channel_grid(const FvNode *node, const Batchnorm *norm)
{
    return FV_ITEMS((size_t) divide_up(fv_node_input(node, 0).c, norm->put));
}

static FvGrid pixel_grid(const FvNode *node, const Batchnorm *norm, Extent now)
{
    return FV_ITEMS((size_t) divide_up(now.pixels, norm->some_normalised), (size_t) now.units,
                    (size_t) divide_up(fv_node_input(node, 0).c, norm->span));
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Batchnorm *norm = self;
    const int samples = fv_list_samples(list);
    const Extent now = extent(node, samples, fv_list_blocks(list));
    FvArg x = fv_buffer(fv_node_x(node, 0)), moments = fv_buffer(fv_node_scratch(node, norm->moments));
    FvArg running_mean = fv_buffer(fv_node_param(node, norm->running_mean));
    FvArg running_var = fv_buffer(fv_node_param(node, norm->running_var));
    FvArg n = fv_int(samples), pixels = fv_int(now.pixels), epsilon = fv_real((double) norm->epsilon);

    if (fv_list_training(list) && !norm->fixed) {
        FvArg parts = fv_buffer(fv_node_scratch(node, norm->parts));
        fv_launch(list, norm->measure, part_grid(node, norm, now), x, parts, n, pixels);
        fv_launch(list, norm->put_together, channel_grid(node, norm), parts, moments, running_mean, running_var, n,
                  pixels, fv_int(now.units), epsilon, fv_real((double) norm->momentum));
    } else {
        fv_launch(list, norm->take_running, channel_grid(node, norm), running_mean, running_var, moments, epsilon);
    }
    fv_launch(list, norm->normalise, pixel_grid(node, norm, now), x, moments,
              fv_buffer(fv_node_param(node, norm->weight)), fv_buffer(fv_node_param(node, norm->bias)),
              fv_buffer(fv_node_y(node)), n, pixels);
}

/* Where the batch has no part in the moments, only the gradients of weight and bias are made of sums. */
static gboolean needs_sums(const FvNode *node, const Batchnorm *norm)
{
    return !norm->fixed || !fv_node_frozen(node, norm->weight) || !fv_node_frozen(node, norm->bias);
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Batchnorm *norm = self;
    const int samples = fv_list_samples(list);
    const Extent now = extent(node, samples, fv_list_blocks(list));
    FvArg x = fv_buffer(fv_node_x(node, 0)), dy = fv_buffer(fv_node_dy(node));
    FvArg moments = fv_buffer(fv_node_scratch(node, norm->moments));
    FvArg parts = fv_buffer(fv_node_scratch(node, norm->parts));
    FvArg dweight = fv_buffer(fv_node_gradient(node, norm->weight));
    FvArg dbias = fv_buffer(fv_node_gradient(node, norm->bias));
    FvArg n = fv_int(samples), pixels = fv_int(now.pixels);

    if (needs_sums(node, norm)) {
        fv_launch(list, norm->sum, part_grid(node, norm, now), x, dy, moments, parts, n, pixels);
        fv_launch(list, norm->sum_up, channel_grid(node, norm), parts, moments, dweight, dbias,
                  fv_int(now.units * divide_up(now.pixels, norm->some_pixels)));
    }
    if (fv_node_dx(node, 0))
        fv_launch(list, norm->backward, pixel_grid(node, norm, now), x, dy, moments,
                  fv_buffer(fv_node_param(node, norm->weight)), dweight, dbias, fv_buffer(fv_node_dx(node, 0)), n,
                  pixels);
}

static void fold(const FvNode *node, const void *self, FvFold *fold)
{
    const Batchnorm *norm = self;
    *fold = (FvFold){ .weight = norm->weight,
                      .bias = norm->bias,
                      .mean = norm->running_mean,
                      .var = norm->running_var,
                      .epsilon = (double) norm->epsilon };
}

static const char *const examples[] = { "batchnorm", "batchnorm(momentum=0.3, epsilon=0.01)", NULL };

static const FvLayer batchnorm = {
    .base = { FV_HEAD(FvLayer, Batchnorm), .kind = FV_LAYER, .name = "batchnorm", .summary = "batch normalisation",
              .options = options,
              .details =
                  "y = weight * (x - mean) / sqrt(var + epsilon) + bias, with a weight and a bias for each channel. In "
                  "training mean and var (divided by their count) are those of the channel over all samples of the "
                  "batch and all pixels, and running_mean and running_var move towards them by momentum, "
                  "running_var towards the unbiased variance; where there is one number only, running_var stays. "
                  "Otherwise mean and var are running_mean and running_var; so they are in training where these are "
                  "frozen. "
                  "Any shape, which stays. Penalties leave weight and bias alone.\n\n"
                  "Backward: with z = (x - mean) / sqrt(var + epsilon), and sums and means over what mean is taken of, "
                  "dx = weight / sqrt(var + epsilon) * (dy - mean of dy - z * mean of dy * z); dweight = sum of dy * "
                  "z; "
                  "dbias = sum of dy. Where the statistics are frozen, dx = weight / sqrt(var + epsilon) * dy.",
              .reference = "Ioffe and Szegedy, Batch normalization, 2015", .examples = examples },
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_tail = TRUE,
    .takes_gradient_tail = TRUE,
    .fold = fold,
};
FV_EXPORT(batchnorm)
