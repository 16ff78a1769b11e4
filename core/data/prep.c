/* SPDX-License-Identifier: MIT
 * prep.c: plans a chain of augmentations, and draws its numbers for each sample. */
#include "core/data/prep.h"

#include <string.h>

static gboolean known(FvShape shape)
{
    return shape.h > 0 && shape.w > 0;
}

/* Asks an operation for its output's extent; what it answers is not trusted. */
static gboolean plan_extent(const FvOperation *op, FvShape in, FvShape *out, GError **error)
{
    *out = in;
    if (op->augment->plan && !op->augment->plan(op->self, in, out, error)) {
        g_prefix_error(error, "%s: ", op->augment->base.name);
        return FALSE;
    }
    gboolean sound = out->c == in.c && out->h >= 0 && out->w >= 0 && (known(*out) || !known(in)) &&
                     (known(*out) || (out->h == 0 && out->w == 0));
    if (sound && !op->moves)
        sound = fv_shape_equal(*out, in);
    if (!sound)
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: makes %dx%dx%d of %dx%dx%d, which this kind may not",
                    op->augment->base.name, out->c, out->h, out->w, in.c, in.h, in.w);
    return sound;
}

static gboolean check_channels(int from, int to, GError **error)
{
    if (from == to || from == 0 || (from == 1 && to == 3) || (from == 3 && to == 1))
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE,
                "the image has %d channels, the net's input %d; only 1 and 3 can be made of each other", from, to);
    return FALSE;
}

static gboolean check_end(const FvPrep *prep, FvShape image, FvShape end, GError **error)
{
    if (end.h == prep->want.h && end.w == prep->want.w)
        return TRUE;
    g_autofree char *crop = prep->want.h == prep->want.w
                                ? g_strdup_printf("crop(%d)", prep->want.h)
                                : g_strdup_printf("crop([%d, %d])", prep->want.h, prep->want.w);
    g_autofree char *from =
        fv_shape_equal(image, end) ? g_strdup("") : g_strdup_printf(" (from %dx%dx%d)", image.c, image.h, image.w);
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE,
                "the image is %dx%dx%d%s, the net's input %dx%dx%d; %s would make it fit", end.c, end.h, end.w, from,
                prep->want.c, prep->want.h, prep->want.w, crop);
    return FALSE;
}

static gboolean add_uses(FvPrep *prep, const GPtrArray *uses, FvLoc *where, GError **error)
{
    for (guint i = 0; uses && i < uses->len; i++) {
        const FvUse *use = g_ptr_array_index(uses, i);
        if (where)
            *where = use->loc;
        if (prep->count == FV_PREP_MAX_OPERATIONS) {
            g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "more than %d operations in augment and prepare",
                        FV_PREP_MAX_OPERATIONS);
            return FALSE;
        }
        FvOperation *op = &prep->operations[prep->count++];
        op->augment = (const FvAugment *) use->plugin;
        op->loc = use->loc;
        op->state = use->state;
        op->self = fv_state_self(use->state);
        op->moves = op->augment->coord_map != NULL;
        while (op->drawn < FV_MAX_DRAWN && op->augment->drawn[op->drawn])
            op->drawn++;
        op->param = prep->params;
        prep->params += op->drawn;
    }
    return TRUE;
}

/* Gives every operation its extents. Where an image's are not known before it is read, and a coordinate map may ask for
 * them, they travel with the sample's numbers. */
static gboolean plan_extents(FvPrep *prep, FvLoc *where, GError **error)
{
    FvShape at = { prep->want.c, prep->in.h, prep->in.w };
    for (int i = 0; i < prep->count; i++) {
        FvOperation *op = &prep->operations[i];
        if (where)
            *where = op->loc;
        op->in = op->moves ? at : prep->want;
        if (!plan_extent(op, op->in, &op->out, error))
            return FALSE;
        op->extent = -1;
        if (!op->moves)
            continue;
        if (!known(op->in)) {
            op->extent = prep->params;
            prep->params += 2;
        }
        at = op->out;
    }
    if (where)
        where->file = NULL;
    return !known(at) || check_end(prep, (FvShape){ at.c, prep->in.h, prep->in.w }, at, error);
}

FvPrep *fv_prep_new(const GPtrArray *augment, const GPtrArray *prepare, FvShape in, FvShape want, gboolean training,
                    FvLoc *where, GError **error)
{
    if (where)
        *where = (FvLoc){ 0 };
    g_autoptr(FvPrep) prep = g_new0(FvPrep, 1);
    prep->in = in;
    prep->want = want;
    prep->training = training;
    if (want.c < 1 || !known(want)) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the net's input is %dx%dx%d", want.c, want.h, want.w);
        return NULL;
    }
    if (!check_channels(in.c, want.c, error) || (training && !add_uses(prep, augment, where, error)) ||
        !add_uses(prep, prepare, where, error) || !plan_extents(prep, where, error))
        return NULL;
    return g_steal_pointer(&prep);
}

void fv_prep_free(FvPrep *prep)
{
    g_free(prep);
}

FvShape fv_prep_want(const FvPrep *prep)
{
    return prep->want;
}

int fv_prep_params(const FvPrep *prep)
{
    return MAX(prep->params, 1);
}

/* Extents of every operation for one image; the planned ones where they were known. */
static gboolean image_extents(const FvPrep *prep, FvShape image, FvShape *in, FvShape *out, GError **error)
{
    FvShape at = { prep->want.c, image.h, image.w };
    for (int i = 0; i < prep->count; i++) {
        const FvOperation *op = &prep->operations[i];
        in[i] = op->moves ? at : prep->want;
        if (known(op->in))
            out[i] = op->out;
        else if (!plan_extent(op, in[i], &out[i], error))
            return FALSE;
        if (op->moves)
            at = out[i];
    }
    return check_end(prep, (FvShape){ at.c, image.h, image.w }, at, error);
}

static gboolean check_image(const FvPrep *prep, FvShape image, GError **error)
{
    if (image.c < 1 || !known(image) || fv_shape_elements(image) > G_MAXINT) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the image is %dx%dx%d", image.c, image.h, image.w);
        return FALSE;
    }
    if (prep->in.c && image.c != prep->in.c) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the image has %d channel%s, the others %d", image.c,
                    image.c == 1 ? "" : "s", prep->in.c);
        return FALSE;
    }
    if (known(prep->in) && (image.h != prep->in.h || image.w != prep->in.w)) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the image is %dx%d, the others %dx%d", image.h, image.w,
                    prep->in.h, prep->in.w);
        return FALSE;
    }
    return check_channels(image.c, prep->want.c, error);
}

gboolean fv_prep_draw(const FvPrep *prep, guint64 seed, guint32 epoch, guint32 sample, FvShape in, float *params,
                      guint32 *on, GError **error)
{
    FvShape ins[FV_PREP_MAX_OPERATIONS], outs[FV_PREP_MAX_OPERATIONS];
    memset(params, 0, sizeof(float) * (gsize) fv_prep_params(prep));
    *on = 0;
    if (!check_image(prep, in, error) || !image_extents(prep, in, ins, outs, error))
        return FALSE;
    for (int i = 0; i < prep->count; i++) {
        const FvOperation *op = &prep->operations[i];
        float drawn[FV_MAX_DRAWN] = { 0 };
        FvRandom random = fv_random(seed, epoch, sample, (guint32) i);
        gboolean applied =
            !op->augment->draw || op->augment->draw(op->self, ins[i], outs[i], prep->training, &random, drawn);
        /* Without its map an operation cannot get from one extent to the other. */
        if (!applied && !fv_shape_equal(ins[i], outs[i])) {
            g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: left out for this image, although it changes its size",
                        op->augment->base.name);
            return FALSE;
        }
        memcpy(params + op->param, drawn, sizeof(float) * (gsize) op->drawn);
        if (op->extent >= 0) {
            params[op->extent] = (float) ins[i].w;
            params[op->extent + 1] = (float) ins[i].h;
        }
        if (applied)
            *on |= 1u << i;
    }
    return TRUE;
}

void fv_prep_forward_point(const FvPrep *prep, FvShape in, const float *params, guint32 on, float *u, float *v)
{
    FvShape ins[FV_PREP_MAX_OPERATIONS], outs[FV_PREP_MAX_OPERATIONS];
    if (!image_extents(prep, in, ins, outs, NULL))
        return;
    for (int i = 0; i < prep->count; i++) {
        const FvOperation *op = &prep->operations[i];
        if (op->moves && op->augment->forward_point && (on & 1u << i))
            op->augment->forward_point(op->self, ins[i], outs[i], params + op->param, u, v);
    }
}

FvGrid fv_prep_grid(const FvPrep *prep, int n, int lanes, gboolean rows)
{
    const FvShape want = prep->want;
    const size_t blocks = (size_t) ((n + lanes - 1) / lanes), row = (size_t) want.w * (size_t) want.c * (size_t) lanes;
    const size_t strip = CLAMP(FV_PREP_FEW / row, 1, (size_t) want.h);
    return rows ? (FvGrid){ .global = { 1, 1, blocks * (((size_t) want.h + strip - 1) / strip) }, .local = { 1, 1, 1 } }
                : (FvGrid){ .global = { (size_t) lanes, (size_t) want.w, blocks * (size_t) want.h } };
}
