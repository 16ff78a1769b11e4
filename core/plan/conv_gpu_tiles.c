/* SPDX-License-Identifier: MIT
 * conv_gpu_tiles.c: brings a convolution into the terms of the kernels for GPUs, and chooses their tiles. */
#include "core/plan/conv_gpu.h"

#include "core/plan/private.h"

#include <math.h>

static gint64 ceil_div(gint64 a, gint64 b)
{
    return (a + b - 1) / b;
}

gboolean fv_gpu_node(const FvNode *node)
{
    return node->plan->settings.family == FV_FAMILY_GPU;
}

/* -------------------------------------------------------------------- tiles */

/* The first fits everywhere. A tile has no more rows than work-items, which add up a bias for each. */
static const FvGpuTile tiles[] = {
    { .x = 8, .y = 8, .rows = 4, .cols = 4, .slab = 8 },   /* 32 x 32 */
    { .x = 8, .y = 8, .rows = 4, .cols = 4, .slab = 16 },  /* 32 x 32 */
    { .x = 16, .y = 4, .rows = 4, .cols = 4, .slab = 16 }, /* 16 x 64: few rows, such as a batch before a dense layer */
    { .x = 8, .y = 8, .rows = 8, .cols = 4, .slab = 16 },  /* 64 x 32 */
    { .x = 8, .y = 8, .rows = 8, .cols = 8, .slab = 8 },   /* 64 x 64 */
    { .x = 16, .y = 8, .rows = 8, .cols = 4, .slab = 16 }, /* 64 x 64 */
    { .x = 16, .y = 16, .rows = 4, .cols = 4, .slab = 16 }, /* 64 x 64 */
    { .x = 16, .y = 16, .rows = 8, .cols = 4, .slab = 16 }, /* 128 x 64 */
    { .x = 16, .y = 16, .rows = 8, .cols = 8, .slab = 8 },  /* 128 x 128 */
    { .x = 16, .y = 16, .rows = 8, .cols = 8, .slab = 16 }, /* 128 x 128 */
};

static gboolean fits(const FvPlan *plan, const FvGpuTile *tile)
{
    const guint64 vectors = (guint64) tile->slab * (guint64) (tile->y * tile->rows / 4 + 1 + tile->x * tile->cols / 4);
    return vectors * 4 * plan->real_size <= plan->settings.group_memory &&
           tile->x * tile->y <= plan->settings.group_items;
}

/* How long a unit works on it, in units of nothing: it makes sums at a steady rate, of which what is read from local
 * memory takes some away; and it needs some 512 work-items at once to hide how long memory takes. */
static double cost(const FvPlan *plan, const FvGpuTile *tile, const FvGpuProduct *product)
{
    enum { ITEMS = 512 };
    const int rows = tile->y * tile->rows, cols = tile->x * tile->cols;
    const double groups = (double) (ceil_div(product->rows, rows) * ceil_div(product->cols, cols) * product->groups);
    const double at_once = MAX(1, ITEMS / (tile->x * tile->y));
    const double rounds = ceil(groups / (at_once * MAX(1, plan->settings.units)));
    const double read = 1 + 2 * (double) (tile->rows + tile->cols) / (tile->rows * tile->cols);
    return rounds * at_once * rows * cols * read * (1 + 1.0 / tile->slab);
}

static int model(const FvPlan *plan, const FvGpuProduct *product)
{
    int best = 0;
    for (int i = 1; i < (int) G_N_ELEMENTS(tiles); i++)
        if (fits(plan, &tiles[i]) && cost(plan, &tiles[i], product) < cost(plan, &tiles[best], product))
            best = i;
    return best + 1;
}

static char *text_of(const FvNode *node, const FvConv *conv, const FvGpuProduct *product)
{
    return g_strdup_printf(
        "%s%s %dx%d stride %dx%d pad %dx%d dilation %dx%d groups %d from %dx%dx%d to %dx%dx%d batch %d "
        "lanes %d %s",
        conv->transposed ? "transposed " : "", product->kernel, conv->kernel.h, conv->kernel.w, conv->stride.h,
        conv->stride.w, conv->pad.h, conv->pad.w, conv->dilation.h, conv->dilation.w, conv->groups, conv->in.c,
        conv->in.h, conv->in.w, conv->out.c, conv->out.h, conv->out.w, fv_node_batch(node), fv_node_lanes(node),
        node->plan->settings.doubles ? "double" : "float");
}

/* What was found by trying on this device, else what the model says. */
static void choose_tile(const FvNode *node, const FvConv *conv, FvGpuProduct *product)
{
    const FvPlan *plan = node->plan;
    const int count = (int) G_N_ELEMENTS(tiles);
    int wanted = plan->settings.tile;
    if (wanted == 0 && plan->settings.tiles) {
        g_autofree char *text = text_of(node, conv, product);
        wanted = GPOINTER_TO_INT(g_hash_table_lookup(plan->settings.tiles, text));
    }
    product->usual = model(plan, product);
    product->number = wanted > 0 && wanted <= count && fits(plan, &tiles[wanted - 1]) ? wanted : product->usual;
    product->tile = &tiles[product->number - 1];
}

void fv_gpu_note_product(const FvNode *node, const FvConv *conv, const FvGpuProduct *product)
{
    const FvPlanProduct noted = { node->path, product->kernel, text_of(node, conv, product), product->number,
                                  product->usual };
    g_array_append_val(node->plan->products, noted);
}

const GArray *fv_plan_products(const FvPlan *plan)
{
    return plan->products;
}

char *fv_plan_tile_text(int number)
{
    if (number < 1 || number > (int) G_N_ELEMENTS(tiles))
        return NULL;
    const FvGpuTile *tile = &tiles[number - 1];
    return g_strdup_printf("%dx%d by %dx%d items, slab %d", tile->y * tile->rows, tile->x * tile->cols, tile->y,
                           tile->x, tile->slab);
}

/* ------------------------------------------------------------------- passes */

/* Groups this narrow would leave most of a tile empty. */
static gboolean is_narrow(int groups, int channels)
{
    return groups > 1 && channels <= 8;
}

void fv_gpu_gather(const FvNode *node, const FvConv *conv, gboolean backward, FvGpuGather *gather)
{
    *gather = (FvGpuGather){ .classes = { 1, 1 } };
    FvConvGather *base = &gather->base;
    fv_conv_gather(node, conv, backward, base);

    const gint64 window = (gint64) base->kernel.h * base->kernel.w, depth = window * base->source_group;
    gather->direct = is_narrow(base->groups, base->target_group);
    if (gather->direct) {
        gather->width = base->target.c;
        gather->packed = (depth + base->bias) * gather->width;
        return;
    }
    if (base->turned)
        gather->classes = base->stride;
    FvGpuProduct *product = &gather->product;
    *product = (FvGpuProduct){
        .kernel = backward ? "conv_input_gradient" : "conv_forward",
        .rows = fv_node_elements(node, (FvShape){ 1, base->target.h, base->target.w }),
        .depth = depth,
        .cols = base->target_group,
        .groups = base->groups,
    };
    choose_tile(node, conv, product);
    gather->width = product->tile->x * product->tile->cols;
    gather->panels = (int) ceil_div(base->target_group, gather->width);
    gather->packed = (depth + base->bias) * gather->width * gather->panels * base->groups;
}

/* Shares of the batch's `all` pixels (or rows of them) that are added up apart: enough for every unit to have work, and
 * few sums so long that rounding shows. They do not depend on the tile: with another one, sums keep their bits. */
static void choose_shares(const FvNode *node, gint64 all, gint64 groups, gint64 least, FvGpuSum *sum)
{
    enum { EACH = 8, LONGEST = 8192, MOST = 256, MOST_REALS = 1 << 24 };
    const gint64 wanted = EACH * (gint64) fv_node_units(node) / MAX(1, groups);
    gint64 shares = MAX(ceil_div(all, LONGEST), MIN(wanted, all / least));
    shares = MIN(MIN(shares, MOST), MOST_REALS / sum->weights);
    sum->shares = (int) MAX(1, shares);
}

void fv_gpu_sum(const FvNode *node, const FvConv *conv, FvGpuSum *sum)
{
    enum { NOMINAL = 64, LEAST_PIXELS = 256, LEAST_ROWS = 4, LEAST_ITEMS = 128 };
    const gint64 taps = (gint64) conv->kernel.h * conv->kernel.w;
    *sum = (FvGpuSum){ .in_group = conv->in.c / conv->groups, .out_group = conv->out.c / conv->groups };
    sum->weights = conv->out.c * sum->in_group * taps + (fv_conv_sums_bias(conv) ? conv->out.c : 0);
    sum->direct = is_narrow(conv->groups, sum->out_group);
    if (sum->direct) {
        const gint64 rows = fv_node_elements(node, (FvShape){ 1, conv->out.h, 1 }) / fv_node_lanes(node);
        choose_shares(node, rows, sum->weights / LEAST_ITEMS, LEAST_ROWS, sum);
        return;
    }
    FvGpuProduct *product = &sum->product;
    *product = (FvGpuProduct){
        .kernel = "conv_weight_gradient",
        .rows = sum->out_group,
        .depth = fv_node_elements(node, (FvShape){ 1, conv->out.h, conv->out.w }),
        .cols = (int) (sum->in_group * taps),
        .groups = conv->groups,
    };
    choose_shares(node, product->depth,
                  conv->groups * ceil_div(product->rows, NOMINAL) * ceil_div(product->cols, NOMINAL), LEAST_PIXELS,
                  sum);
    choose_tile(node, conv, product);
    sum->row_tiles = (int) ceil_div(product->rows, product->tile->y * product->tile->rows);
    sum->col_tiles = (int) ceil_div(product->cols, product->tile->x * product->tile->cols);
}
