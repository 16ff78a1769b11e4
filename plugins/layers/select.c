/* SPDX-License-Identifier: MIT
 * select: keeps the features that say most: of the largest variance, or that tell the classes apart. */
#include "features.h"

#include "select.cl.h"

#include <math.h>
#include <stdlib.h>

enum { BY_VARIANCE, BY_F_CLASSIF };
enum { TAKEN = 8192 }; /* reals that a work-item takes; llvmpipe ends all its loops after 65535 steps together */

typedef struct {
    int k, score;
    float threshold;
    int mask, scores; /* parameters */
    int from, to;     /* scratch: the place of each output's feature; the output of each feature, or -1 */
    int span[2];      /* outputs, features that a work-item takes */
    FvKernel *order, *place, *forward, *backward;
} Select;

static const char *const scores[] = { "variance", "f_classif", NULL };

static const FvOption options[] = {
    FV_OPT_INT(Select, k, 0, 0, 1 << 24, "features to keep; 0: those above the threshold, others become 0"),
    FV_OPT_CHOICE(Select, score, BY_VARIANCE, scores,
                  "by what they are chosen: their variance, or the F-value of an analysis "
                  "of variance between the classes"),
    FV_OPT_FLOAT(Select, threshold, 0, 0, 1e30, "with k=0: the score that is not enough"),
    { 0 },
};

static int features_of(const FvNode *node)
{
    return (int) fv_shape_elements(fv_node_input(node, 0));
}

static gboolean check(const FvNode *node, const Select *select, GError **error)
{
    if (select->k > 0 && select->threshold > 0) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "k and threshold: only one of them can decide");
        return FALSE;
    }
    if (select->k <= features_of(node))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "k is %d, and %s has %d features", select->k,
                fv_node_input_name(node, 0), features_of(node));
    return FALSE;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Select *select = self;
    const int features = features_of(node), kept = select->k > 0 ? select->k : features;
    if (!check(node, select, error))
        return FALSE;
    if (select->k > 0)
        fv_node_set_output(node, (FvShape){ select->k, 1, 1 });
    select->mask = add_statistic(node, "mask", 1, features, 0, (FvInit){ FV_INIT_ONES });
    select->scores = add_statistic(node, "scores", 1, features, 0, (FvInit){ FV_INIT_ZEROS });
    select->from = fv_node_add_scratch(node, kept, FV_LIFE_PLAN);
    select->to = fv_node_add_scratch(node, features, FV_LIFE_PLAN);
    select->span[0] = CLAMP(TAKEN / fv_node_lanes(node), 1, kept);
    select->span[1] = CLAMP(TAKEN / fv_node_lanes(node), 1, features);
    return TRUE;
}

static FvKernel *add_kernel(FvNode *node, const Select *select, const char *name)
{
    const FvShape in = fv_node_input(node, 0), out = fv_node_output(node);
    return fv_node_add_kernel(node, select_cl, name,
                              "#define C %d\n#define PIXELS %d\n#define KEPT %d\n#define IN_PLACE %d\n#define SPAN_OUT "
                              "%d\n#define SPAN_IN %d\n",
                              in.c, in.h * in.w, (int) fv_shape_elements(out), select->k == 0, select->span[0],
                              select->span[1]);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Select *select = self;
    select->order = add_kernel(node, select, "order");
    select->place = add_kernel(node, select, "place");
    select->forward = add_kernel(node, select, "forward");
    if (fv_node_training(node))
        select->backward = add_kernel(node, select, "backward");
    return TRUE;
}

static FvGrid grid(const FvNode *node, gint64 elements, int span, int blocks)
{
    return fv_node_grid(node, (size_t) ((elements + span - 1) / span), (size_t) blocks, 1);
}

static void pack(FvNode *node, const void *self, FvList *list)
{
    const Select *select = self;
    FvArg mask = fv_buffer(fv_node_param(node, select->mask)), from = fv_buffer(fv_node_scratch(node, select->from));
    FvArg to = fv_buffer(fv_node_scratch(node, select->to));
    fv_launch(list, select->order, fv_node_grid(node, 1, 1, 1), mask, from, to);
    if (select->k == 0)
        fv_launch(list, select->place, grid(node, features_of(node), select->span[1], 1), mask, from, to);
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Select *select = self;
    fv_launch(list, select->forward,
              grid(node, fv_shape_elements(fv_node_output(node)), select->span[0], fv_list_blocks(list)),
              fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_scratch(node, select->from)),
              fv_buffer(fv_node_y(node)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Select *select = self;
    if (fv_node_dx(node, 0))
        fv_launch(list, select->backward, grid(node, features_of(node), select->span[1], fv_list_blocks(list)),
                  fv_buffer(fv_node_dy(node)), fv_buffer(fv_node_scratch(node, select->to)),
                  fv_buffer(fv_node_dx(node, 0)));
}

/* -------------------------------------------------------------------- fitting */

/* Of each feature in each class; one class where these do not matter. */
static int classes_of(const Select *select, const FvFit *fit)
{
    return select->score == BY_F_CLASSIF ? fv_fit_classes(fit) : 1;
}

static gboolean fit_batch(const FvNode *node, const void *self, FvFit *fit, const FvFitBatch *batch, GError **error)
{
    const Select *select = self;
    const int features = features_of(node), classes = classes_of(select, fit);
    if (classes < 1) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA, "score=f_classif needs classes, which the data do not have");
        return FALSE;
    }
    Moments *moments = moments_of(fit, 0, (gint64) classes * features);
    for (int s = 0; s < batch->count; s++) {
        const int class = select->score == BY_F_CLASSIF ? batch->labels[s] : 0;
        for (int f = 0; f < features; f++)
            moments_add(&moments[(gint64) class * features + f], batch->x + (gint64) s * features + f, 1);
    }
    return TRUE;
}

/* Variance between the classes, against that within them. Means are taken from the first one's, so that nothing is left
 * where nothing varies: this is then no number, as scikit-learn has it. */
static double f_value(const Moments *moments, int features, int classes, gint64 samples)
{
    double base = 0, mean = 0, between = 0, within = 0;
    int seen = 0;
    for (int c = 0; c < classes; c++) {
        const Moments *of = &moments[(gint64) c * features];
        if (of->count == 0)
            continue;
        base = seen++ == 0 ? of->mean : base;
        mean += of->count * (of->mean - base) / (double) samples;
        within += of->squares;
    }
    for (int c = 0; c < classes; c++) {
        const Moments *of = &moments[(gint64) c * features];
        const double apart = of->mean - base - mean;
        between += of->count * apart * apart;
    }
    return (between / (seen - 1)) / (within / ((double) samples - seen));
}

typedef struct {
    double score;
    int feature;
} Ranked;

/* What is no number first; of equal scores the feature that comes first. */
static int ascending(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    const double of_x = isnan(x->score) ? -1 : x->score, of_y = isnan(y->score) ? -1 : y->score;
    return of_x != of_y ? (of_x > of_y ? 1 : -1) : x->feature - y->feature;
}

static void choose(const Select *select, Ranked *ranked, int features, float *mask)
{
    qsort(ranked, (size_t) features, sizeof *ranked, ascending);
    for (int i = 0; i < features; i++)
        mask[ranked[i].feature] =
            select->k > 0 ? i >= features - select->k : ranked[i].score > (double) select->threshold;
}

static gboolean fit_end(const FvNode *node, const void *self, FvFit *fit, GError **error)
{
    const Select *select = self;
    const int features = features_of(node), classes = classes_of(select, fit);
    const Moments *moments = moments_of(fit, 0, (gint64) classes * features);
    float *found = fv_fit_param(fit, select->scores), *mask = fv_fit_param(fit, select->mask);
    g_autofree Ranked *ranked = g_new(Ranked, features);
    int kept = 0;
    for (int f = 0; f < features; f++) {
        const double score = select->score == BY_F_CLASSIF
                                 ? f_value(moments + f, features, classes, fv_fit_samples(fit))
                                 : moments[f].squares / moments[f].count;
        ranked[f] = (Ranked){ score, f };
        found[f] = isfinite(score) ? (float) score : isnan(score) ? 0 : G_MAXFLOAT;
    }
    choose(select, ranked, features, mask);
    for (int f = 0; f < features; f++)
        kept += mask[f] > 0;
    if (kept > 0)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA, "no feature has a score above %g", (double) select->threshold);
    return FALSE;
}

static const char *const examples[] = { "select(11)", "select(k=7, score=f_classif)", "select(threshold=0.01)", NULL };

static const FvLayer select_layer = {
    .base = { FV_HEAD(FvLayer, Select), .kind = FV_LAYER, .name = "select",
              .summary = "keeps the features that say most of the training split", .options = options,
              .details =
                  "Features are the numbers of the input, in C, H, W order. With k their k best are kept, in the same "
                  "order, as a vector; with k=0 those with a score above the threshold, and all others become 0, so "
                  "that the shape stays: it must be known before the data are. The score is a feature's variance over "
                  "the training split (divided by the count), or with score=f_classif the F-value of a one-way "
                  "analysis of variance, the variance between the classes divided by that within them; a feature that "
                  "never varies has none, and comes last. Of equal scores the later feature is kept, as in "
                  "scikit-learn's VarianceThreshold, SelectKBest and f_classif. Mask and scores are found before "
                  "training begins and kept with the weights.\n\n"
                  "Backward: dx = dy for what was kept; 0 for the others.",
              .reference = "Guyon and Elisseeff, An introduction to variable and feature selection, 2003",
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
FV_EXPORT(select_layer)
