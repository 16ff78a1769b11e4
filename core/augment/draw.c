/* SPDX-License-Identifier: MIT
 * draw.c: draws what happens to one sample: which operations are applied, and their numbers. */
#include "core/augment/chain_private.h"

#include <string.h>

/* The stream of the other samples' numbers: beside those of the operations. */
enum { STREAM_OTHERS = 0x40000000 };

/* One image on its way through a chain. */
typedef struct {
    const FvAugmentChain *chain;
    FvDrawKey key;
    FvShape at;
    GArray *applied;
} Walk;

static FvRandom stream(FvDrawKey key, int operation)
{
    return fv_random(key.seed, key.copy, key.sample, (guint32) operation);
}

/* Whether an operation is applied: its stream's first number, where that is not sure. */
static gboolean happens(const FvAugmentChain *chain, const FvOperation *op, FvRandom *random)
{
    return op->p >= 1 || (chain->training && fv_random_uniform(random) < (double) op->p);
}

static gboolean sound(FvShape out, FvShape in)
{
    return out.c == in.c && out.h >= 1 && out.w >= 1 && out.h <= FV_CHAIN_SIDE && out.w <= FV_CHAIN_SIDE;
}

static gboolean draw_operation(const Walk *walk, int number, FvRandom *random, FvApplied *applied, GError **error)
{
    const FvOperation *op = fv_chain_operation(walk->chain, number);
    *applied = (FvApplied){ .operation = number, .in = walk->at };
    if (!fv_operation_plan(op, walk->at, &applied->out, error))
        return FALSE;
    for (int i = 0; i < op->drawn && op->ranges[i]; i++)
        applied->drawn[i] = fv_range_draw(*op->ranges[i], walk->chain->training, random);
    if (op->augment->draw && !op->augment->draw(op->self, applied->in, &applied->out, walk->chain->training, random,
                                                applied->drawn, error)) {
        g_prefix_error(error, "%s: ", op->augment->base.name);
        return FALSE;
    }
    if (sound(applied->out, applied->in))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: makes %dx%d of an image of %dx%d", op->augment->base.name,
                applied->out.h, applied->out.w, applied->in.h, applied->in.w);
    return FALSE;
}

static gboolean walk_sequence(Walk *walk, const FvSequence *sequence, guint begin, guint end, GError **error);

static gboolean walk_choice(Walk *walk, const FvOperation *op, FvRandom *random, GError **error)
{
    const guint64 chosen = op->augment->choose(op->self, (int) op->branches->len, random);
    for (guint i = 0; i < op->branches->len; i++) {
        const FvSequence *branch = op->branches->pdata[i];
        if ((chosen >> i & 1) && !walk_sequence(walk, branch, 0, branch->len, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean walk_sequence(Walk *walk, const FvSequence *sequence, guint begin, guint end, GError **error)
{
    for (guint i = begin; i < end; i++) {
        const int number = g_array_index(sequence, int, i);
        const FvOperation *op = fv_chain_operation(walk->chain, number);
        FvRandom random = stream(walk->key, number);
        FvApplied applied;
        if (!happens(walk->chain, op, &random))
            continue;
        if (op->branches) {
            if (!walk_choice(walk, op, &random, error))
                return FALSE;
            continue;
        }
        if (!draw_operation(walk, number, &random, &applied, error))
            return FALSE;
        walk->at = applied.out;
        g_array_append_val(walk->applied, applied);
    }
    return TRUE;
}

/* Place of the mixing in the main sequence, or its length. */
static guint mix_place(const FvAugmentChain *chain)
{
    guint i = 0;
    while (i < chain->main->len && g_array_index(chain->main, int, i) != chain->mix)
        i++;
    return i;
}

int fv_draw_others(const FvAugmentChain *chain, FvDrawKey key, guint32 count, guint32 *others)
{
    if (chain->mix < 0 || count == 0)
        return 0;
    const FvOperation *op = fv_chain_operation(chain, chain->mix);
    FvRandom random = stream(key, chain->mix);
    if (!happens(chain, op, &random))
        return 0;
    random = stream(key, chain->mix | STREAM_OTHERS);
    for (int i = 0; i < op->augment->others; i++)
        others[i] = fv_random_below(&random, count);
    return op->augment->others;
}

static GArray *new_applied(void)
{
    return g_array_new(FALSE, FALSE, sizeof(FvApplied));
}

FvDraw *fv_draw_start(const FvAugmentChain *chain, FvDrawKey key, const guint32 *others, int count,
                      const FvShape *shapes)
{
    FvDraw *draw = g_new0(FvDraw, 1);
    draw->chain = chain;
    draw->key = key;
    draw->count = 1 + count;
    draw->after = new_applied();
    for (int i = 0; i < draw->count; i++) {
        FvDrawPart *part = &draw->parts[i];
        part->key = key;
        if (i > 0 && others)
            part->key.sample = others[i - 1];
        /* Channels follow the first image's. */
        part->image = (FvShape){ shapes[0].c, shapes[i].h, shapes[i].w };
        part->applied = new_applied();
        part->part = (FvPart){ .weight = 1, .share = 1 };
        fv_matrix_identity(part->part.matrix);
    }
    return draw;
}

/* What each image gives to the mixture, which has the extent that the mixing made of the first image's. */
void fv_draw_mix(FvDraw *draw, const FvApplied *mix)
{
    const FvOperation *op = fv_chain_operation(draw->chain, mix->operation);
    draw->mix = *mix;
    for (int i = 0; i < draw->count; i++) {
        FvDrawPart *part = &draw->parts[i];
        part->part.x1 = mix->out.w;
        part->part.y1 = mix->out.h;
        op->augment->part(op->self, fv_draw_part_end(part), mix->out, mix->drawn, i, &part->part);
        part->part.x0 = CLAMP(part->part.x0, 0, mix->out.w);
        part->part.y0 = CLAMP(part->part.y0, 0, mix->out.h);
        part->part.x1 = CLAMP(part->part.x1, part->part.x0, mix->out.w);
        part->part.y1 = CLAMP(part->part.y1, part->part.y0, mix->out.h);
    }
}

FvShape fv_draw_part_end(const FvDrawPart *part)
{
    return part->applied->len ? g_array_index(part->applied, FvApplied, part->applied->len - 1).out : part->image;
}

gboolean fv_draw_check_image(FvShape shape, GError **error)
{
    if (shape.c >= 1 && shape.h >= 1 && shape.w >= 1 && fv_shape_elements(shape) <= G_MAXINT)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the image is %dx%dx%d", shape.c, shape.h, shape.w);
    return FALSE;
}

static gboolean draw_mix(FvDraw *draw, Walk *walk, GError **error)
{
    const FvAugmentChain *chain = draw->chain;
    FvRandom random = stream(draw->key, chain->mix);
    FvApplied mix;
    happens(chain, fv_chain_operation(chain, chain->mix), &random); /* its first number */
    if (!draw_operation(walk, chain->mix, &random, &mix, error))
        return FALSE;
    walk->at = mix.out;
    fv_draw_mix(draw, &mix);
    return TRUE;
}

FvDraw *fv_draw_new(const FvAugmentChain *chain, FvDrawKey key, const guint32 *others, const FvShape *shapes,
                    GError **error)
{
    const int count = others ? fv_chain_operation(chain, chain->mix)->augment->others : 0;
    const guint place = mix_place(chain);
    for (int i = 0; i <= count; i++)
        if (!fv_draw_check_image(shapes[i], error))
            return NULL;
    g_autoptr(FvDraw) draw = fv_draw_start(chain, key, others, count, shapes);
    Walk walk = { .chain = chain };
    for (int i = count; i >= 0; i--) { /* the first one last: the walk goes on with it */
        walk = (Walk){ chain, draw->parts[i].key, draw->parts[i].image, draw->parts[i].applied };
        if (!walk_sequence(&walk, chain->main, 0, place, error))
            return NULL;
    }
    if (count > 0 && !draw_mix(draw, &walk, error))
        return NULL;
    if (count > 0)
        walk.applied = draw->after;
    if (!walk_sequence(&walk, chain->main, MIN(place + 1, chain->main->len), chain->main->len, error))
        return NULL;
    draw->output = walk.at;
    return g_steal_pointer(&draw);
}

void fv_draw_free(FvDraw *draw)
{
    if (!draw)
        return;
    for (int i = 0; i < draw->count; i++)
        g_array_unref(draw->parts[i].applied);
    g_array_unref(draw->after);
    g_free(draw);
}

FvShape fv_draw_output(const FvDraw *draw)
{
    return draw->output;
}

int fv_draw_parts(const FvDraw *draw)
{
    return draw->count;
}

double fv_draw_weight(const FvDraw *draw, int part)
{
    return draw->parts[part].part.share;
}

/* ------------------------------------------------------------ plugins' helpers */

float fv_range_draw(FvRange range, gboolean training, FvRandom *random)
{
    if (range.lo >= range.hi)
        return range.lo;
    return (float) (training ? fv_random_range(random, (double) range.lo, (double) range.hi)
                             : ((double) range.lo + (double) range.hi) / 2);
}

static int pixels_of(double number, int side)
{
    return CLAMP((int) (number > 1 ? number : number * side + 0.5), 1, FV_CHAIN_SIDE);
}

FvSize fv_extent_draw(const FvExtent *extent, FvShape in, gboolean training, FvRandom *random)
{
    const double h = (double) fv_range_draw(extent->h, training, random);
    const double w = extent->same ? h : (double) fv_range_draw(extent->w, training, random);
    return (FvSize){ pixels_of(h, in.h), pixels_of(w, in.w) };
}

static gboolean side_known(FvRange range, int in)
{
    return range.lo >= range.hi && (range.lo > 1 || in > 0);
}

gboolean fv_extent_known(const FvExtent *extent, FvShape in, FvShape *out)
{
    const gboolean is_known = side_known(extent->h, in.h) && side_known(extent->w, in.w);
    *out = is_known ? (FvShape){ in.c, pixels_of((double) extent->h.lo, in.h), pixels_of((double) extent->w.lo, in.w) }
                    : (FvShape){ in.c, 0, 0 };
    return is_known;
}
