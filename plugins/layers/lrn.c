/* SPDX-License-Identifier: MIT
 * lrn: divides by a power of the energy of neighbouring channels (Krizhevsky et al., 2012). */
#include <fovea/plugin.h>

#include "lrn.cl.h"

/* The widest window; reals of a pixel that a work-item holds; vectors that it adds up, and reals that it takes. */
enum { WIDEST = 1023, HELD = 256, ADDED = 16384, TAKEN = 8192 };

typedef struct {
    int size;
    float alpha, beta, k;
    int span, pixels;
    FvKernel *forward, *backward;
} Lrn;

static const FvOption options[] = {
    FV_OPT_INT(Lrn, size, 0, 1, WIDEST, "channels of a window", .flags = FV_REQUIRED),
    FV_OPT_FLOAT(Lrn, alpha, 1e-4, 0, 1e6, "factor of the mean square"),
    FV_OPT_FLOAT(Lrn, beta, 0.75, 0, 100, "exponent"),
    FV_OPT_FLOAT(Lrn, k, 1, 1e-6, 1e6, "what is added to the mean square"),
    { 0 },
};

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Lrn *lrn = self;
    const FvShape in = fv_node_input(node, 0);
    lrn->span = MIN(in.c * fv_node_lanes(node), HELD);
    lrn->pixels = MAX(1, MIN(TAKEN / lrn->span, ADDED / (HELD / 16 * lrn->size)));
    fv_node_set_output(node, in);
    fv_node_set_flops(node, (2.0 * lrn->size + 4) * (double) fv_shape_elements(in));
    return TRUE;
}

/* The power without a logarithm, which CPUs compute number by number, for the exponents that are used. */
static const char *scale(const Lrn *lrn)
{
    return lrn->beta == 0.75f  ? "1 / (sqrt(d) * sqrt(sqrt(d)))"
           : lrn->beta == 0.5f ? "1 / sqrt(d)"
           : lrn->beta == 1.0f ? "1 / (d)"
                               : "exp(-beta * log(d))";
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    Lrn *lrn = self;
    static const char format[] =
        "#define BACKWARD %d\n#define C %d\n#define BEFORE %d\n#define AFTER %d\n"
        "#define SPAN %d\n#define SOME_PIXELS %d\n#define SCALE(d) (%s)\n";
    const int c = fv_node_input(node, 0).c, before = lrn->size / 2, after = (lrn->size - 1) / 2;
    lrn->forward = fv_node_add_tail_kernel(node, lrn_cl, "forward", format, 0, c, before, after, lrn->span, lrn->pixels,
                                           scale(lrn));
    if (fv_node_training(node))
        lrn->backward = fv_node_add_gradient_kernel(node, 0, lrn_cl, "backward", format, 1, c, before, after, lrn->span,
                                                    lrn->pixels, scale(lrn));
    return TRUE;
}

/* Pixels of this list's blocks. */
static int pixels_now(const FvNode *node, const FvList *list)
{
    return fv_node_input(node, 0).h * fv_node_input(node, 0).w * fv_list_blocks(list);
}

static FvGrid grid(const FvNode *node, const Lrn *lrn, const FvList *list)
{
    const int pixel = fv_node_input(node, 0).c * fv_node_lanes(node), pixels = pixels_now(node, list);
    if (fv_node_workers(node) > 1)
        return fv_node_each(node, (size_t) pixels * (size_t) pixel);
    return FV_ITEMS((size_t) ((pixels + lrn->pixels - 1) / lrn->pixels),
                    (size_t) ((pixel + lrn->span - 1) / lrn->span));
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    const Lrn *lrn = self;
    fv_launch(list, lrn->forward, grid(node, lrn, list), fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_y(node)),
              fv_int(pixels_now(node, list)), fv_real((double) lrn->alpha), fv_real((double) lrn->beta),
              fv_real((double) lrn->k));
}

static void backward(FvNode *node, const void *self, FvList *list)
{
    const Lrn *lrn = self;
    if (fv_node_dx(node, 0))
        fv_launch(list, lrn->backward, grid(node, lrn, list), fv_buffer(fv_node_x(node, 0)),
                  fv_buffer(fv_node_dy(node)), fv_buffer(fv_node_dx(node, 0)), fv_int(pixels_now(node, list)),
                  fv_real((double) lrn->alpha), fv_real((double) lrn->beta), fv_real((double) lrn->k));
}

static const char *const examples[] = { "lrn(5)", "lrn(size=4, alpha=0.5, beta=0.6, k=2)", "lrn(3, alpha=2, beta=1)",
                                        "lrn(7, alpha=3, beta=0.5)", NULL };

static const FvLayer lrn = {
    .base = { FV_HEAD(FvLayer, Lrn), .kind = FV_LAYER, .name = "lrn",
              .summary = "local response normalisation, across channels", .options = options,
              .details =
                  "y[c] = x[c] / (k + alpha / size * sum of x[j]^2)^beta, where j runs over the channels from c - "
                  "size / 2 to c + (size - 1) / 2 (rounded down), as far as there are such; at every pixel by "
                  "itself. AlexNet as published has lrn(5, alpha=5e-4, beta=0.75, k=2): its alpha is not divided "
                  "by the size. Any shape, which stays.\n\n"
                  "Backward: dx[j] = dy[j] / s[j]^beta - 2 * alpha * beta / size * x[j] * sum over c of "
                  "dy[c] * y[c] / s[c], where s is what is raised to beta, and c runs over the channels "
                  "whose sum holds j.",
              .reference = "Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012",
              .examples = examples },
    .backward_reads = FV_READS_X,
    .plan = plan,
    .build = build,
    .forward = forward,
    .backward = backward,
    .takes_tail = TRUE,
    .takes_gradient_tail = TRUE,
};
FV_EXPORT(lrn)
