/* SPDX-License-Identifier: MIT
 * pca: principal component analysis: the directions in which the training split varies most. */
#include "covariance.h"
#include "features.h"

#include "pca.cl.h"

#include <math.h>

/* Numbers that a work-item adds up at once, and features whose components it brings into order. */
enum { HELD = 64, ORDERED = 16 };
/* Numbers of the layer's own. */
enum { MEANS, COVARIANCE };
enum { MEAN_PASS, COVARIANCE_PASS, PASSES };

typedef struct {
    int components;
    gboolean whiten;
    float epsilon;
    int mean, directions, variance; /* parameters */
    int shift, to, back;            /* scratch: mean; components by feature, and by component, in the device's order */
    FvKernel *order, *forward, *backward;
} Pca;

static const FvOption options[] = {
    FV_OPT_INT(Pca, components, 0, 1, 1 << 16, "numbers that come out", .flags = FV_REQUIRED),
    FV_OPT_BOOL(Pca, whiten, FALSE, "divide each by its deviation, so that all have variance 1"),
    FV_OPT_FLOAT(Pca, epsilon, 1e-12, 0, 1, "added to the variance before that"),
    { 0 },
};

static int features_of(const FvNode *node)
{
    return (int) fv_shape_elements(fv_node_input(node, 0));
}

/* Numbers that come out of a work-item. */
static int span_of(const FvNode *node)
{
    return MAX(1, HELD / fv_node_lanes(node));
}

static int padded(const FvNode *node, int count)
{
    const int span = span_of(node);
    return (count + span - 1) / span * span;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Pca *pca = self;
    const int features = features_of(node), k = pca->components;
    if (k > features) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "components is %d, and %s has %d features", k,
                    fv_node_input_name(node, 0), features);
        return FALSE;
    }
    fv_node_set_output(node, (FvShape){ k, 1, 1 });
    fv_node_set_flops(node, 2.0 * k * features);
    pca->mean = add_statistic(node, "mean", 1, features, 0, (FvInit){ FV_INIT_ZEROS });
    pca->directions = add_statistic(node, "components", 2, k, features, (FvInit){ FV_INIT_XAVIER });
    pca->variance = add_statistic(node, "explained_variance", 1, k, 0, (FvInit){ FV_INIT_ONES });
    pca->shift = fv_node_add_scratch(node, features, FV_LIFE_PLAN);
    pca->to = fv_node_add_scratch(node, (gint64) features * padded(node, k), FV_LIFE_PLAN);
    if (fv_node_training(node))
        pca->back = fv_node_add_scratch(node, (gint64) k * padded(node, features), FV_LIFE_PLAN);
    return TRUE;
}

/* @in, @out: of the product. */
static FvKernel *add_kernel(FvNode *node, const Pca *pca, const char *name, gboolean shifts, int in, int out)
{
    const FvShape shape = fv_node_input(node, 0);
    return fv_node_add_kernel(node, pca_cl, name,
                              "#define C %d\n#define PIXELS %d\n#define K %d\n#define WHITEN %d\n#define TRAINS %d\n"
                              "#define SHIFTS %d\n#define IN %d\n#define OUT %d\n#define SPAN %d\n#define ORDERED %d\n",
                              shape.c, shape.h * shape.w, pca->components, pca->whiten, fv_node_training(node), shifts,
                              in, out, span_of(node), ORDERED);
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Pca *pca = self;
    const int features = features_of(node);
    pca->order = add_kernel(node, pca, "order", TRUE, features, pca->components);
    pca->forward = add_kernel(node, pca, "multiply", TRUE, features, pca->components);
    if (fv_node_training(node))
        pca->backward = add_kernel(node, pca, "multiply", FALSE, pca->components, features);
    return TRUE;
}

static void pack(FvNode *node, const void *self, FvList *list)
{
    const Pca *pca = self;
    FvBuffer *to = fv_node_scratch(node, pca->to);
    fv_launch(list, pca->order, fv_node_grid(node, (size_t) (features_of(node) + ORDERED - 1) / ORDERED, 1, 1),
              fv_buffer(fv_node_param(node, pca->mean)), fv_buffer(fv_node_param(node, pca->directions)),
              fv_buffer(fv_node_param(node, pca->variance)), fv_real((double) pca->epsilon),
              fv_buffer(fv_node_scratch(node, pca->shift)), fv_buffer(to),
              fv_buffer(fv_node_training(node) ? fv_node_scratch(node, pca->back) : to));
}

static FvGrid grid(const FvNode *node, int out, const FvList *list)
{
    return fv_node_grid(node, (size_t) (padded(node, out) / span_of(node)), (size_t) fv_list_blocks(list), 1);
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Pca *pca = self;
    fv_launch(list, pca->forward, grid(node, pca->components, list), fv_buffer(fv_node_x(node, 0)),
              fv_buffer(fv_node_scratch(node, pca->shift)), fv_buffer(fv_node_scratch(node, pca->to)),
              fv_buffer(fv_node_y(node)));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Pca *pca = self;
    if (fv_node_dx(node, 0))
        fv_launch(list, pca->backward, grid(node, features_of(node), list), fv_buffer(fv_node_dy(node)),
                  fv_buffer(fv_node_scratch(node, pca->shift)), fv_buffer(fv_node_scratch(node, pca->back)),
                  fv_buffer(fv_node_dx(node, 0)));
}

/* -------------------------------------------------------------------- fitting */

static gboolean fit_batch(const FvNode *node, const void *self, FvFit *fit, const FvFitBatch *batch, GError **error)
{
    const int features = features_of(node);
    double *means = fv_fit_numbers(fit, MEANS, features);
    const Covariance covariance = covariance_of(fit, COVARIANCE, features);
    for (int s = 0; s < batch->count; s++) {
        const double *x = batch->x + (gint64) s * features;
        if (fv_fit_pass(fit) == COVARIANCE_PASS)
            covariance_add(&covariance, x, means);
        else
            for (int f = 0; f < features; f++)
                means[f] += x[f];
    }
    return TRUE;
}

static gboolean check_samples(const Pca *pca, gint64 samples, GError **error)
{
    if (samples >= 2 && samples >= pca->components)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                "%d components cannot be found of %" G_GINT64_FORMAT " samples: there must be as many, and 2 at least",
                pca->components, samples);
    return FALSE;
}

static gboolean find_components(const FvNode *node, const Pca *pca, FvFit *fit, GError **error)
{
    const int features = features_of(node);
    const Covariance covariance = covariance_of(fit, COVARIANCE, features);
    const double *means = fv_fit_numbers(fit, MEANS, features);
    float *mean = fv_fit_param(fit, pca->mean), *directions = fv_fit_param(fit, pca->directions);
    float *variance = fv_fit_param(fit, pca->variance);
    g_autofree double *matrix = g_new(double, (gsize) features *(gsize) features);
    g_autofree double *values = g_new(double, features);
    covariance_take(&covariance, (double) fv_fit_samples(fit) - 1, matrix);
    if (!fv_symmetric_eigen(features, matrix, values)) {
        g_set_error(error, FV_ERROR, FV_ERROR_DATA,
                    "the covariance of %s has no principal components: it is not finite", fv_node_input_name(node, 0));
        return FALSE;
    }
    for (int f = 0; f < features; f++)
        mean[f] = (float) means[f];
    for (gint64 i = 0; i < (gint64) pca->components * features; i++)
        directions[i] = (float) matrix[i];
    for (int k = 0; k < pca->components; k++)
        variance[k] = (float) MAX(values[k], 0);
    return TRUE;
}

static gboolean fit_end(const FvNode *node, const void *self, FvFit *fit, GError **error)
{
    const Pca *pca = self;
    const gint64 samples = fv_fit_samples(fit);
    double *means = fv_fit_numbers(fit, MEANS, features_of(node));
    if (fv_fit_pass(fit) == COVARIANCE_PASS)
        return find_components(node, pca, fit, error);
    for (int f = 0; f < features_of(node); f++)
        means[f] /= (double) samples;
    return check_samples(pca, samples, error);
}

static const char *const examples[] = { "pca(7)", "pca(components=19, whiten=true, epsilon=0.1)", NULL };

static const FvLayer pca = {
    .base = { FV_HEAD(FvLayer, Pca), .kind = FV_LAYER, .name = "pca",
              .summary = "principal component analysis: fewer numbers, which keep most of the variance",
              .options = options,
              .details =
                  "y[k] = sum over f of components[k, f] * (x[f] - mean[f]), and with whiten=true divided by "
                  "sqrt(explained_variance[k] + epsilon). An image c x h x w is taken as one vector in C, H, W order; "
                  "a "
                  "vector comes out. components are the eigenvectors of the covariance of the training split with the "
                  "largest eigenvalues, explained_variance (divisor N - 1), in descending order; the largest number of "
                  "each is positive. They are found before training begins, in double precision, and kept with the "
                  "weights, under the names and with the definitions of scikit-learn's PCA. Time grows with the third "
                  "power of the length of the vector: a few seconds for 784, minutes for 3072.\n\n"
                  "Backward: dx[f] = sum over k of components[k, f] * dy[k], and with whiten=true divided "
                  "by sqrt(explained_variance[k] + epsilon).",
              .reference = "Pearson, On lines and planes of closest fit to systems of points in space, 1901",
              .examples = examples },
    .backward_reads = FV_READS_NOTHING,
    .plan = plan,
    .build = build,
    .pack = pack,
    .forward = forward,
    .backward = backward,
    .fit_passes = PASSES,
    .fit_batch = fit_batch,
    .fit_end = fit_end,
};
FV_EXPORT(pca)
