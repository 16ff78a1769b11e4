/* SPDX-License-Identifier: MIT
 * conv_tiles.c: brings a convolution into the kernels' terms, and chooses their tiles. */
#include "core/plan/conv.h"

#include "core/plan/private.h"

static int ceil_div(gint64 a, gint64 b)
{
    return (int) ((a + b - 1) / b);
}

/* The output is one pixel that sees the whole input: a product with a vector. */
static gboolean is_dense(const FvConv *conv)
{
    return conv->groups == 1 && conv->kernel.h == conv->in.h && conv->kernel.w == conv->in.w && conv->pad.h == 0 &&
           conv->pad.w == 0;
}

static gboolean is_pointwise(const FvConv *conv)
{
    return conv->kernel.h == 1 && conv->kernel.w == 1 && conv->stride.h == 1 && conv->stride.w == 1 &&
           conv->pad.h == 0 && conv->pad.w == 0;
}

static const FvSize one = { 1, 1 }, none = { 0, 0 };

/* Enough work-groups for all units to end at about the same time. */
static gint64 groups_wanted(const FvNode *node)
{
    return 16 * (gint64) fv_node_units(node);
}

/* ------------------------------------------------------------------ gather */

/* Vectors over the batch: two pixels, as many channels as divide them best. */
static void tile_lanes(FvConvGather *gather)
{
    enum { BEST = 16, LEAST = 12 };
    const int most = MIN((gather->lanes >= 16 ? FV_CONV_TILE : FV_CONV_TILE / 2) / 2, gather->target_group);
    double best = G_MAXDOUBLE;
    for (int width = 1; width <= most; width++) {
        const int panels = ceil_div(gather->target_group, width), area = 2 * width;
        const double cost = panels * (MAX(LEAST, area * (area > BEST ? 1.1 : 1)) + 2);
        if (cost > best)
            continue;
        best = cost;
        gather->width = width;
        gather->panels = panels;
    }
}

/* Numbers a power of two apart share few places of a small cache (32 KiB, 8 ways of 4 KiB): more pixels than that at
 * once throw each other out at every channel. */
static int pixels_in_cache(int distance)
{
    enum { WAY = 4096, WAYS = 8 };
    int places = WAY;
    while (places > 1 && distance % 2 == 0) {
        distance /= 2;
        places /= 2;
    }
    return (WAYS - 1) * MAX(1, places / (int) sizeof(float));
}

/* Vectors over channels: pixels of a row x vectors. Costs are as measured on CPUs: two vectors use what is loaded best,
 * and more than 16 results at once are slower, though there are registers for them. */
static void tile_channels(FvConvGather *gather, gint64 row)
{
    enum { BEST = 16, LEAST = 12 };
    static const double slower[] = { 0, 1.25, 1, 1.2, 1.1, 1.3, 1.3, 1.3, 1.3 }; /* by vectors */
    int most = pixels_in_cache(gather->source.c * (gather->turned ? 1 : gather->stride.w));
    int all = ceil_div(gather->target_group, 16);
    double best = G_MAXDOUBLE;
    for (int vectors = 1; vectors <= MIN(all, FV_CONV_WIDTH / 16); vectors++)
        for (int pixels = 1; pixels <= most && pixels * vectors <= FV_CONV_TILE; pixels++) {
            const int area = pixels * vectors;
            const double tiles = (double) ceil_div(row, pixels) * ceil_div(all, vectors);
            const double cost = tiles * (MAX(LEAST, area * (area > BEST ? 1.15 : 1)) * slower[vectors] + 2);
            if (cost >= best)
                continue;
            best = cost;
            gather->pixels = pixels;
            gather->vectors = vectors;
        }
    gather->width = gather->vectors * 16;
    gather->panels = ceil_div(all, gather->vectors);
}

static void choose_chunk(const FvNode *node, FvConvGather *gather)
{
    gint64 blocks = ceil_div(fv_node_batch(node), gather->lanes);
    gint64 panels = (gint64) gather->groups * gather->panels;
    if (gather->flat) {
        gint64 pixels = blocks * gather->target.w, tile = gather->lanes > 1 ? 2 : gather->pixels;
        gint64 chunk = pixels * panels / groups_wanted(node) / tile * tile;
        gather->chunk = (int) CLAMP(chunk, tile, 64 * tile);
        return;
    }
    gather->chunk = (int) CLAMP(gather->target.h * blocks * panels / groups_wanted(node), 1, 16);
}

static void set_weights(FvConvGather *gather, const FvConv *conv, gboolean dense)
{
    int window = conv->kernel.h * conv->kernel.w, outer = gather->turned ? window : conv->in.c / conv->groups * window;
    gather->pack_channels = dense && !gather->turned ? conv->in.c : gather->source_group;
    gather->taps = dense && gather->turned ? 1 : window;
    gather->group_step = conv->out.c / conv->groups * (conv->in.c / conv->groups) * window;
    gather->row_split = gather->target_group;
    gather->row_step = outer;
    gather->channel_step = gather->turned ? conv->in.c / conv->groups * window : window;
    if (dense && gather->turned) { /* rows are pixels x channels of the input, weights channels x pixels */
        gather->row_split = conv->in.c;
        gather->split_step = 1;
    }
}

/* ---------------------------------------------------------------- winograd */

static gboolean winograd_wanted(const FvConv *conv)
{
    enum { WIDE = 32 }; /* the transforms of narrower layers cost more than they save */
    const char *forced = g_getenv("FOVEA_WINOGRAD");
    if (forced && (g_str_equal(forced, "on") || g_str_equal(forced, "unfused")))
        return conv->winograd != FV_WINOGRAD_OFF;
    if (forced && g_str_equal(forced, "off"))
        return conv->winograd == FV_WINOGRAD_ON;
    return conv->winograd == FV_WINOGRAD_ON ||
           (conv->winograd == FV_WINOGRAD_AUTO && conv->in.c >= WIDE && conv->out.c >= WIDE);
}

static gboolean winograd_possible(const FvNode *node, const FvConv *conv)
{
    return fv_node_lanes(node) == 1 && conv->groups == 1 && conv->kernel.h == 3 && conv->kernel.w == 3 &&
           conv->stride.h == 1 && conv->stride.w == 1 && conv->dilation.h == 1 && conv->dilation.w == 1 &&
           conv->pad.h <= 2 && conv->pad.w <= 2;
}

/* Tiles of a work-group: as many as are multiplied at once. What they need has to stay in a unit's cache, together with
 * the weights; more at once are slower, as measured. Returns FALSE where local memory is too small. */
static gboolean choose_tiles(const FvNode *node, FvConvGather *gather)
{
    enum { FEWEST = 4, MOST = 8 };
    const guint64 local = node->plan->settings.local_memory / node->plan->real_size;
    const guint64 each = 36 * 16 * ((guint64) ceil_div(gather->source.c, 16) + (guint64) gather->vectors);
    const int most = (int) MIN(MOST, local / each), units = fv_node_units(node);
    const gint64 all = (gint64) gather->tiles_x * gather->tiles_y * fv_node_batch(node);
    double best = G_MAXDOUBLE;
    for (int tiles = FEWEST; tiles <= most; tiles++) {
        const gint64 rounds = (ceil_div(all, tiles) + units - 1) / units;
        const double cost = (double) rounds * (MAX(12, tiles * gather->vectors) + 2);
        if (cost >= best)
            continue;
        best = cost;
        gather->pixels = gather->tiles = tiles;
    }
    return best < G_MAXDOUBLE;
}

/* In three steps, where a work-group's few tiles would bring too many weights from memory; as measured: 4.5 MiB and
 * 9 MiB of them are not too many, 18 MiB are. */
static gboolean unfused_wanted(const FvNode *node, const FvConvGather *gather)
{
    enum { WEIGHTS = 12 << 20 };
    const char *forced = g_getenv("FOVEA_WINOGRAD");
    return (forced && g_str_equal(forced, "unfused")) ||
           FV_WINOGRAD_PLACES * (gint64) gather->source.c * gather->target.c * (gint64) node->plan->real_size > WEIGHTS;
}

/* As many images at once as stay in the outer cache, more or less, when they are transformed. */
static void choose_images(const FvNode *node, FvConvGather *gather)
{
    enum { CACHE = 32 << 20 };
    const gint64 tiles = (gint64) gather->tiles_x * gather->tiles_y;
    const gint64 in = ceil_div(gather->source.c, 16) * 16, out = (gint64) gather->panels * gather->width;
    const gint64 image = FV_WINOGRAD_PLACES * (in + out) * tiles * (gint64) node->plan->real_size;
    const int most = (int) CLAMP(CACHE / image, 1, fv_node_batch(node));
    gather->images = ceil_div(fv_node_batch(node), ceil_div(fv_node_batch(node), most));
    /* Odd, so that the 36 places do not fall upon each other in the cache. */
    gather->room = ceil_div(tiles * gather->images, 8) * 8 + 1;
    gather->work[0] = FV_WINOGRAD_PLACES * in * gather->room;
    gather->work[1] = FV_WINOGRAD_PLACES * out * gather->room;
}

/* Makes the pass one by Winograd's algorithm, where that can be and is wanted. */
static void try_winograd(const FvNode *node, const FvConv *conv, FvConvGather *gather)
{
    FvConvGather other = *gather;
    if (!winograd_possible(node, conv) || !winograd_wanted(conv))
        return;
    other.winograd = TRUE;
    other.tiles_x = ceil_div(gather->target.w, FV_WINOGRAD_TILE);
    other.tiles_y = ceil_div(gather->target.h, FV_WINOGRAD_TILE);
    const gboolean unfused = unfused_wanted(node, gather);
    other.vectors = gather->target.c > 16 || unfused ? 2 : 1;
    if (!unfused && !choose_tiles(node, &other))
        return;
    if (gather->turned) /* what a pixel had a part in: a convolution with the kernel turned round */
        other.pad = (FvSize){ 2 - conv->pad.h, 2 - conv->pad.w };
    other.width = other.vectors * 16;
    other.panels = ceil_div(other.target.c, other.width);
    other.panel = ((gint64) FV_WINOGRAD_PLACES * other.source.c + other.bias) * other.width;
    other.packed = other.panel * other.panels;
    if (unfused)
        choose_images(node, &other);
    *gather = other;
}

void fv_conv_gather(const FvNode *node, const FvConv *conv, gboolean backward, FvConvGather *gather)
{
    gboolean dense = is_dense(conv), pointwise = is_pointwise(conv), turned = fv_conv_turned(conv, backward);
    FvShape in = conv->in, out = conv->out;
    if (dense)
        in = (FvShape){ in.c * in.h * in.w, 1, 1 };
    else if (pointwise)
        in = out = (FvShape){ 0, 1, in.h * in.w };
    if (pointwise && !dense) {
        in.c = conv->in.c;
        out.c = conv->out.c;
    }
    *gather = (FvConvGather){
        .backward = backward,
        .turned = turned,
        .bias = !backward && (conv->bias || node->may_fold),
        .flat = dense || pointwise,
        .source = turned ? out : in,
        .target = turned ? in : out,
        .groups = conv->groups,
        .lanes = fv_node_lanes(node),
    };
    gather->kernel = gather->flat ? one : conv->kernel;
    gather->stride = gather->flat ? one : conv->stride;
    gather->dilation = gather->flat ? one : conv->dilation;
    gather->pad = gather->flat ? none : conv->pad;
    gather->source_group = gather->source.c / conv->groups;
    gather->target_group = gather->target.c / conv->groups;
    set_weights(gather, conv, dense);
    if (node->plan->settings.family == FV_FAMILY_GPU) /* which has tiles of its own */
        return;

    /* Turned round, pixels of a tile are `stride` apart. */
    gint64 row = gather->flat ? (gint64) gather->target.w * fv_node_batch(node)
                              : ceil_div(gather->target.w, turned ? gather->stride.w : 1);
    if (gather->lanes > 1)
        tile_lanes(gather);
    else
        tile_channels(gather, row);
    gint64 per_row = (gint64) gather->kernel.h * gather->kernel.w * gather->source_group + gather->bias;
    gather->panel = per_row * gather->width;
    gather->zeros = gather->source_group * gather->lanes;
    gather->packed = gather->panel * gather->panels * gather->groups + gather->zeros;
    choose_chunk(node, gather);
    if (!gather->flat)
        try_winograd(node, conv, gather);
}

/* --------------------------------------------------------- gradient of weights */

static void tile_sum_lanes(FvConvSum *sum)
{
    double best = G_MAXDOUBLE;
    for (int taps = 1; taps <= sum->kernel.w; taps++)
        for (int cols = 1; cols <= MIN(sum->in_group, 8); cols++)
            for (int rows = 1; rows <= sum->out_group; rows++) {
                /* Several taps only where the input channels alone are too few to reuse what was loaded. */
                if (taps * cols * rows + taps * cols > FV_CONV_TILE + 2 || sum->kernel.w % taps != 0 ||
                    (taps > 1 && cols < sum->in_group))
                    continue;
                int row_tiles = ceil_div(sum->out_group, rows), col_tiles = ceil_div(sum->in_group, cols);
                double cost = (double) (sum->kernel.w / taps) * row_tiles * col_tiles *
                              (MAX(8, taps * cols * rows) + taps * cols + rows);
                if (cost >= best)
                    continue;
                best = cost;
                sum->rows = rows;
                sum->taps = taps;
                sum->cols = cols;
                sum->row_tiles = row_tiles;
                sum->col_tiles = col_tiles;
            }
}

/* Costs as measured: see tile_channels(). */
static void tile_sum_channels(FvConvSum *sum)
{
    enum { BEST = 16, LEAST = 12 };
    const int all_rows = sum->outer ? sum->out_group : sum->in_group;
    const int all = ceil_div(sum->outer ? sum->in_group : sum->out_group, 16);
    double best = G_MAXDOUBLE;
    sum->taps = 1;
    for (int cols = 1; cols <= MIN(all, 4); cols++)
        for (int rows = 1; rows <= all_rows && rows * cols <= FV_CONV_TILE; rows++) {
            const int row_tiles = ceil_div(all_rows, rows), col_tiles = ceil_div(all, cols), area = rows * cols;
            const double cost = (double) row_tiles * col_tiles *
                                (MAX(LEAST, MAX(area * (area > BEST ? 1.1 : 1), rows + cols)) + 0.5 * cols + 2);
            if (cost >= best)
                continue;
            best = cost;
            sum->rows = rows;
            sum->cols = cols;
            sum->row_tiles = row_tiles;
            sum->col_tiles = col_tiles;
        }
}

/* Shares of the batch that are added up apart, enough for all units to have work. */
static void share_lanes(const FvNode *node, FvConvSum *sum)
{
    enum { MOST = 64, MOST_REALS = 1 << 24 };
    const int blocks = ceil_div(fv_node_batch(node), sum->lanes);
    const gint64 tiles =
        (gint64) sum->kernel.h * (sum->kernel.w / sum->taps) * sum->groups * sum->row_tiles * sum->col_tiles;
    sum->shares = 1;
    if (tiles < groups_wanted(node))
        sum->shares = (int) MIN(MIN(blocks, MOST), groups_wanted(node) / tiles);
    sum->shares = (int) CLAMP(MOST_REALS / sum->weights, 1, sum->shares);
    sum->direct = sum->shares == 1;
    sum->bias_at = sum->weights - (sum->bias ? sum->out.c : 0);
    sum->work = sum->direct ? 0 : sum->shares * sum->weights;
}

/* Shares and ranges, so that all units have work, and what a work-group keeps adding to stays in a unit's cache. */
static void share_range(const FvNode *node, FvConvSum *sum, int all_rows)
{
    enum { CACHE = 1 << 18, MOST = 64, MOST_REALS = 1 << 24 };
    const gint64 taps = (gint64) sum->kernel.h * sum->kernel.w;
    const gint64 tile = taps * all_rows * sum->cols * 16 * (gint64) node->plan->real_size;
    const gint64 wanted = 4 * (gint64) fv_node_units(node);
    const int blocks = ceil_div(fv_node_batch(node), sum->lanes);

    sum->range = (int) CLAMP(CACHE / tile, 1, sum->col_tiles);
    if (sum->outer && sum->col_tiles >= wanted) /* straight to the gradients */
        sum->range = (int) CLAMP(sum->col_tiles / wanted, 1, sum->range);
    const gint64 tiles = (gint64) sum->groups * ceil_div(sum->col_tiles, sum->range);
    sum->shares = (int) CLAMP(ceil_div(wanted, tiles), 1, MIN(blocks, MOST));
    sum->shares = (int) CLAMP(MOST_REALS / sum->weights, 1, sum->shares);
    sum->shares = ceil_div(blocks, ceil_div(blocks, sum->shares));
    if (tiles * sum->shares < wanted)
        sum->range = (int) CLAMP((gint64) sum->col_tiles * sum->groups * sum->shares / wanted, 1, sum->range);
}

/* A row of partial sums in scratch is whole vectors. */
static void lay_out_sums(FvConvSum *sum, int all_rows, int all_cols)
{
    const gint64 taps = (gint64) sum->kernel.h * sum->kernel.w;
    sum->bias_at = (gint64) sum->groups * taps * all_rows * ceil_div(all_cols, 16) * 16;
    sum->weights = sum->bias_at + (sum->bias ? sum->out.c : 0);
    sum->work = sum->shares * sum->weights;
}

static void share_channels(const FvNode *node, FvConvSum *sum)
{
    enum { CACHE = 1 << 18, MOST_PIXELS = 256 };
    const int all_rows = sum->outer ? sum->out_group : sum->in_group;
    const int all_cols = sum->outer ? sum->in_group : sum->out_group;
    share_range(node, sum, all_rows);
    sum->direct = sum->outer && sum->shares == 1;
    if (!sum->direct)
        lay_out_sums(sum, all_rows, all_cols);

    const gint64 pixel = (all_rows + (gint64) sum->range * sum->cols * 16) * (gint64) node->plan->real_size;
    const gint64 pixels = CLAMP(CACHE / pixel, 16, MOST_PIXELS);
    sum->at_once = (int) (sum->lanes > 1 ? MAX(1, pixels / sum->lanes) : pixels);
    sum->lines = (int) CLAMP(pixels / sum->out.w, 1, sum->out.h);
    sum->images = sum->lines < sum->out.h ? 1 : (int) MAX(1, pixels / ((gint64) sum->out.w * sum->out.h));
}

/* Local memory, in reals, for that many lines and images of the output. */
static gint64 packed_reals(const FvConvSum *sum, int images, int lines)
{
    const gint64 high = (gint64) (lines - 1) * sum->stride.h + (gint64) (sum->kernel.h - 1) * sum->dilation.h + 1;
    const gint64 wide = (gint64) (sum->out.w - 1) * sum->stride.w + (gint64) (sum->kernel.w - 1) * sum->dilation.w + 1;
    const gint64 x = ceil_div(sum->in_group, 16) * 16 * high * wide;
    const gint64 dy = (gint64) sum->range * sum->cols * 16 * lines * sum->out.w;
    return images * (x + dy);
}

/* Through local memory: few pixels, so that they stay in the cache, and enough to make loading sums worth while.
 * Returns FALSE where there is not enough of it. */
static gboolean pack_channels(const FvNode *node, FvConvSum *sum)
{
    enum { ROWS = 8, VECTORS = 2, ENOUGH = 128, CACHE = 1 << 19 };
    FvConvSum other = *sum;
    const gint64 size = (gint64) node->plan->real_size;
    const gint64 most = (gint64) MIN((guint64) CACHE, node->plan->settings.local_memory) / size;
    const int all = ceil_div(sum->out_group, 16);

    other.packed = TRUE;
    other.rows = ROWS;
    while (other.rows / 2 >= sum->in_group)
        other.rows /= 2;
    other.taps = 1;
    other.cols = MIN(all, VECTORS);
    other.col_tiles = ceil_div(all, other.cols);
    share_range(node, &other, sum->in_group);
    while (other.range > 1 && packed_reals(&other, 1, 1) > most)
        other.range--;
    if (packed_reals(&other, 1, 1) > most)
        return FALSE;
    lay_out_sums(&other, sum->in_group, sum->out_group);
    other.lines = other.images = 1;
    while (other.lines < sum->out.h && other.lines * sum->out.w < ENOUGH &&
           packed_reals(&other, 1, other.lines + 1) <= most)
        other.lines++;
    while (other.lines == sum->out.h && other.images < fv_node_batch(node) &&
           other.images * other.lines * sum->out.w < ENOUGH &&
           packed_reals(&other, other.images + 1, other.lines) <= most)
        other.images++;
    *sum = other;
    return TRUE;
}

/* By Winograd's algorithm; as many images at once as stay in the outer cache when they are transformed. */
static gboolean try_winograd_sum(const FvNode *node, const FvConv *conv, FvConvSum *sum)
{
    enum { CACHE = 12 << 20, SHARES = 16 };
    const gint64 in = ceil_div(conv->in.c, 16) * 16, out = ceil_div(conv->out.c, 16) * 16;
    if (!winograd_possible(node, conv) || !winograd_wanted(conv))
        return FALSE;
    sum->winograd = TRUE;
    sum->tiles_x = ceil_div(conv->out.w, FV_WINOGRAD_TILE);
    sum->tiles_y = ceil_div(conv->out.h, FV_WINOGRAD_TILE);
    const gint64 tiles = (gint64) sum->tiles_x * sum->tiles_y;
    const gint64 image = FV_WINOGRAD_PLACES * (in + out) * tiles * (gint64) node->plan->real_size;
    const int most = (int) CLAMP(CACHE / image, 1, fv_node_batch(node));
    sum->images = ceil_div(fv_node_batch(node), ceil_div(fv_node_batch(node), most));
    /* Odd, so that the 36 places do not fall upon each other in the cache. */
    sum->room = (int) (tiles * sum->images) | 1;
    sum->spread_work[0] = FV_WINOGRAD_PLACES * in * sum->room;
    sum->spread_work[1] = FV_WINOGRAD_PLACES * out * sum->room;
    sum->shares = SHARES;
    sum->weights = conv->out.c; /* of a share: biases alone */
    sum->bias_at = FV_WINOGRAD_PLACES * in * out;
    sum->work = sum->bias_at + (sum->bias ? SHARES * conv->out.c : 0);
    return TRUE;
}

void fv_conv_sum(const FvNode *node, const FvConv *conv, FvConvSum *sum)
{
    gboolean dense = is_dense(conv);
    *sum = (FvConvSum){
        .bias = fv_conv_sums_bias(conv),
        .in = conv->in,
        .out = conv->out,
        .kernel = conv->kernel,
        .stride = conv->stride,
        .pad = conv->pad,
        .dilation = conv->dilation,
        .groups = conv->groups,
        .lanes = fv_node_lanes(node),
        .outer = dense,
    };
    if (sum->outer) {
        int inputs = conv->in.c * conv->in.h * conv->in.w;
        sum->spread = sum->lanes > 1 || conv->in.h * conv->in.w > 1;
        /* Samples a power of two apart would fall upon each other in the cache. */
        sum->spread_step = sum->spread && inputs % 128 == 0 ? inputs + 16 : inputs;
        sum->in = (FvShape){ inputs, 1, 1 };
        sum->out = (FvShape){ conv->out.c, 1, 1 };
        sum->kernel = sum->stride = sum->dilation = one;
        sum->pad = none;
    }
    sum->in_group = sum->in.c / sum->groups;
    sum->out_group = sum->out.c / sum->groups;
    sum->weights = (gint64) sum->out.c * sum->in_group * sum->kernel.h * sum->kernel.w + (sum->bias ? conv->out.c : 0);
    sum->in_lanes = sum->lanes > 1 && !sum->outer;
    if (try_winograd_sum(node, conv, sum))
        return;
    if (sum->in_lanes) {
        tile_sum_lanes(sum);
        share_lanes(node, sum);
    } else if (sum->outer || !pack_channels(node, sum)) {
        tile_sum_channels(sum);
        share_channels(node, sum);
    }
    sum->spread_work[0] = sum->spread ? fv_node_elements(node, (FvShape){ sum->spread_step, 1, 1 }) : 0;
}
