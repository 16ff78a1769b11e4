/* SPDX-License-Identifier: MIT
 * knn: the k nearest samples of the training split vote for their classes. */
#include "features.h"

#include "knn.cl.h"

enum { L2, L1 };
enum { UNIFORM, BY_DISTANCE };
enum {
    GROUP = 16,            /* queries side by side; tiles are of two groups */
    ROWS = 12,             /* samples of a tile in registers */
    CHUNK = 85 * ROWS,     /* samples whose distances are held at once */
    MEASURED = 4,          /* candidates that a work-item measures again on CPUs */
    WIDE = 8,              /* work-items of a group, from which tiles in local memory are worth while */
    SPAN = 512,            /* features, or samples, that a work-group brings into order */
    MORE = 8,              /* candidates that are measured again beside twice those wanted */
    STEPS = 32768,         /* of a work-item's loops; llvmpipe ends them after 65535 */
    MOST_SAMPLES = 1 << 24 /* reals hold their numbers */
};

typedef struct {
    int classes, k, metric, weights;
    int samples, labels;                        /* parameters */
    int halves;                                 /* scratch: half of each sample's square, for L2 */
    int queries, keys, nearest, rows, distance; /* scratch of a call */
    int candidates;
    int pairs, tiles, squares; /* pairs of groups, tiles, samples that a work-item takes */
    FvKernel *square, *gather, *compare, *select, *measure, *vote;
} Knn;

static const char *const metrics[] = { "l2", "l1", NULL };
static const char *const ways[] = { "uniform", "distance", NULL };

static const FvOption options[] = {
    FV_OPT_INT(Knn, classes, 0, 1, 1 << 16, "scores that come out, one for each class", .flags = FV_REQUIRED),
    FV_OPT_INT(Knn, k, 5, 1, 1000, "neighbours that vote"),
    FV_OPT_CHOICE(Knn, metric, L2, metrics, "the distance: root of the sum of squares, or sum of absolute differences"),
    FV_OPT_CHOICE(Knn, weights, UNIFORM, ways, "what a vote counts: all the same, or 1 / distance"),
    { 0 },
};

static int features_of(const FvNode *node)
{
    return (int) fv_shape_elements(fv_node_input(node, 0));
}

/* Of so many queries; an even number. */
static int groups_of(int queries)
{
    return (queries + 2 * GROUP - 1) / (2 * GROUP) * 2;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Knn *knn = self;
    const int features = features_of(node);
    const gint64 n = fv_node_fit_samples(node), queries = (gint64) groups_of(fv_node_batch(node)) * GROUP;
    if (n > MOST_SAMPLES) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%" G_GINT64_FORMAT " samples; the most are %d", n, MOST_SAMPLES);
        return FALSE;
    }
    fv_node_set_output(node, (FvShape){ knn->classes, 1, 1 });
    fv_node_set_flops(node, (knn->metric == L2 ? 2.0 : 3.0) * (double) n * features);
    knn->samples = fv_node_add_param(node, &(FvParamSpec){ .name = "samples",
                                                           .role = FV_STATISTIC,
                                                           .rank = 2,
                                                           .dims = { (int) n, features },
                                                           .init = { FV_INIT_GAUSSIAN, 1 },
                                                           .per_sample = TRUE });
    knn->labels = fv_node_add_param(
        node, &(FvParamSpec){ .name = "labels",
                              .role = FV_STATISTIC,
                              .rank = 1,
                              .dims = { (int) n },
                              .init = { FV_INIT_GAUSSIAN, (float) knn->classes / 3 }, /* not all the same, for tests */
                              .per_sample = TRUE });
    knn->candidates = (int) MIN(n, 2 * knn->k + MORE);
    knn->pairs = CLAMP(STEPS / features, 1, 8);
    knn->tiles = CLAMP(STEPS / (features * knn->pairs), 1, 4);
    knn->squares = MAX(1, STEPS / 2 / features);
    knn->halves = fv_node_add_scratch(node, n, FV_LIFE_PLAN);
    knn->queries = fv_node_add_scratch(node, queries * features, FV_LIFE_CALL);
    knn->keys = fv_node_add_scratch(node, queries * CHUNK, FV_LIFE_CALL);
    knn->nearest = fv_node_add_scratch(node, queries * knn->candidates, FV_LIFE_CALL);
    knn->rows = fv_node_add_scratch(node, queries * knn->candidates, FV_LIFE_CALL);
    knn->distance = fv_node_add_scratch(node, queries * knn->candidates, FV_LIFE_CALL);
    return TRUE;
}

static FvKernel *add_kernel(FvNode *node, const Knn *knn, const char *name)
{
    const FvShape in = fv_node_input(node, 0);
    return fv_node_add_kernel(
        node, knn_cl, name,
        "#define C %d\n#define PIXELS %d\n#define CLASSES %d\n#define K %d\n#define L1 %d\n#define BY_DISTANCE %d\n"
        "#define CANDIDATES %d\n#define CHUNK %d\n#define PAIRS %d\n#define TILES %d\n"
        "#define SQUARES %d\n#define MEASURED %d\n#define SPAN %d\n",
        in.c, in.h * in.w, knn->classes, MIN(knn->k, knn->candidates), knn->metric == L1, knn->weights == BY_DISTANCE,
        knn->candidates, CHUNK, knn->pairs, knn->tiles, knn->squares, MEASURED, SPAN);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Knn *knn = self;
    knn->square = add_kernel(node, knn, "square");
    knn->gather = add_kernel(node, knn, "gather");
    knn->compare = add_kernel(node, knn, "compare");
    knn->select = add_kernel(node, knn, "find");
    knn->measure = add_kernel(node, knn, "measure");
    knn->vote = add_kernel(node, knn, "vote");
    return TRUE;
}

static size_t divide_up(gint64 a, gint64 b)
{
    return (size_t) ((a + b - 1) / b);
}

static void pack(FvNode *node, const void *self, FvList *list)
{
    const Knn *knn = self;
    const gint64 n = fv_node_fit_samples(node);
    if (knn->metric == L2)
        fv_launch(list, knn->square, fv_node_grid(node, divide_up(n, knn->squares), 1, 1),
                  fv_buffer(fv_node_param(node, knn->samples)), fv_buffer(fv_node_scratch(node, knn->halves)),
                  fv_int((int) n));
}

static FvGrid compare_grid(const FvNode *node, const Knn *knn, int count, int groups)
{
    const int workers = fv_node_workers(node);
    if (workers < WIDE)
        return fv_node_grid(node, divide_up(count, ROWS * knn->tiles), divide_up(groups, 2 * knn->pairs), 1);
    return fv_node_grid(node, divide_up(count, workers / 2), (size_t) groups / 2, 1);
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Knn *knn = self;
    const int n = (int) fv_node_fit_samples(node), queries = fv_list_samples(list), groups = groups_of(queries);
    const gboolean alone = fv_node_workers(node) > 1;
    const size_t one = alone ? 1 : GROUP, some = alone ? 1 : MEASURED; /* queries, candidates that a work-item takes */
    FvArg x = fv_buffer(fv_node_x(node, 0)), gathered = fv_buffer(fv_node_scratch(node, knn->queries));
    FvArg samples = fv_buffer(fv_node_param(node, knn->samples)), keys = fv_buffer(fv_node_scratch(node, knn->keys));
    FvArg nearest = fv_buffer(fv_node_scratch(node, knn->nearest)), rows = fv_buffer(fv_node_scratch(node, knn->rows));
    FvArg distance = fv_buffer(fv_node_scratch(node, knn->distance));

    fv_launch(list, knn->gather, fv_node_grid(node, divide_up(features_of(node), SPAN), (size_t) groups, 1), x,
              gathered, fv_int(queries));
    for (int begin = 0; begin < n; begin += CHUNK) {
        const int count = MIN(CHUNK, n - begin);
        fv_launch(list, knn->compare, compare_grid(node, knn, count, groups), gathered, samples,
                  fv_buffer(fv_node_scratch(node, knn->halves)), keys, fv_int(begin), fv_int(count), fv_int(groups));
        fv_launch(list, knn->select, fv_node_each(node, (size_t) groups * GROUP / one), keys, nearest, rows,
                  fv_int(begin), fv_int(count), fv_int(groups));
    }
    fv_launch(list, knn->measure, fv_node_each(node, (size_t) (groups * GROUP * knn->candidates) / some), gathered,
              samples, rows, distance, fv_int(groups));
    fv_launch(list, knn->vote, fv_node_each(node, (size_t) (fv_list_blocks(list) * fv_node_lanes(node))), distance,
              rows, fv_buffer(fv_node_param(node, knn->labels)), fv_buffer(fv_node_y(node)),
              fv_int(fv_list_blocks(list) * fv_node_lanes(node)));
}

/* -------------------------------------------------------------------- fitting */

static gboolean check_data(const Knn *knn, const FvFit *fit, GError **error)
{
    if (fv_fit_classes(fit) < 1)
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "the data have no classes");
    else if (fv_fit_classes(fit) > knn->classes)
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "the data have %d classes, more than %d", fv_fit_classes(fit),
                    knn->classes);
    else if (fv_fit_samples(fit) < knn->k)
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "k is %d, and there are only %" G_GINT64_FORMAT " samples", knn->k,
                    fv_fit_samples(fit));
    else
        return TRUE;
    return FALSE;
}

static gboolean fit_batch(const FvNode *node, const void *self, FvFit *fit, const FvFitBatch *batch, GError **error)
{
    const Knn *knn = self;
    const gint64 features = features_of(node);
    double *taken = fv_fit_numbers(fit, 0, 1);
    if (!check_data(knn, fit, error))
        return FALSE;
    float *samples = fv_fit_param(fit, knn->samples) + (gint64) *taken * features;
    float *labels = fv_fit_param(fit, knn->labels) + (gint64) *taken;
    for (gint64 i = 0; i < batch->count * features; i++)
        samples[i] = (float) batch->x[i];
    for (int s = 0; s < batch->count; s++)
        labels[s] = (float) batch->labels[s];
    *taken += batch->count;
    return TRUE;
}

static const char *const examples[] = { "knn(10)", "knn(3, k=1, metric=l1)", "knn(classes=4, weights=distance)", NULL };

static const FvLayer knn = {
    .base = { FV_HEAD(FvLayer, Knn), .kind = FV_LAYER, .name = "knn",
              .summary = "nearest neighbours: the k nearest samples of the training split vote", .options = options,
              .details =
                  "There is nothing to train: before training begins the layer keeps the whole training split, samples "
                  "(N x features, in C, H, W order) and labels, with the weights. A vector of one score for each class "
                  "comes out, their shares of the votes of the k samples with the smallest distance; of equal "
                  "distances the earlier sample is the nearer one. With weights=distance a vote counts 1 / distance, "
                  "or where there are distances of 0 these alone count, as in scikit-learn's KNeighborsClassifier. Of "
                  "classes with equal votes that of the nearest neighbour gets 2^-20 more, so that it has the highest "
                  "score. Distances of metric=l2 are found as |x|^2 - 2 x t + |t|^2, as fast as a product of "
                  "matrices; since that loses digits, the nearest 2 k + 8 are then measured again, difference by "
                  "difference. There is no derivative: nothing before the layer can be trained through it.",
              .reference = "Cover and Hart, Nearest neighbor pattern classification, 1967", .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .pack = pack,
    .forward = forward,
    .fit_passes = 1,
    .fit_batch = fit_batch,
    .no_gradient = TRUE,
};
FV_EXPORT(knn)
