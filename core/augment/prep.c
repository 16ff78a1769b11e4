/* SPDX-License-Identifier: MIT
 * prep.c: plans a chain that ends at a net's input, and makes the programs of samples. */
#include "core/augment/prep.h"

#include "core/augment/chain_private.h"

#include <string.h>

struct FvPrep {
    FvAugmentChain *chain;
    gboolean floats; /* samples are no images: the chain is empty */
    FvShape in, want;
    int words;
    FvShape fixed_image;
    guint32 *fixed_program; /* where nothing is drawn: that of every image of fixed_image; else NULL */
};

static gboolean known(FvShape shape)
{
    return shape.h > 0 && shape.w > 0;
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
    const char *operation = end.h < prep->want.h || end.w < prep->want.w ? "resize" : "crop";
    g_autofree char *hint = prep->want.h == prep->want.w
                                ? g_strdup_printf("%s(%d)", operation, prep->want.h)
                                : g_strdup_printf("%s([%d, %d])", operation, prep->want.h, prep->want.w);
    g_autofree char *from =
        fv_shape_equal(image, end) ? g_strdup("") : g_strdup_printf(" (from %dx%dx%d)", image.c, image.h, image.w);
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE,
                "the image is %dx%dx%d%s, the net's input %dx%dx%d; %s would make it fit", end.c, end.h, end.w, from,
                prep->want.c, prep->want.h, prep->want.w, hint);
    return FALSE;
}

/* Colour maps know red, green and blue; tables are made for these, too. */
static gboolean check_colours(const FvPrep *prep, FvLoc *where, GError **error)
{
    for (int i = 0; i < fv_augment_chain_count(prep->chain) && prep->want.c != 1 && prep->want.c != 3; i++) {
        const FvOperation *op = fv_chain_operation(prep->chain, i);
        if (!op->augment->colour_map && !op->augment->table_map)
            continue;
        if (where)
            *where = op->loc;
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s: the image has %d channels, neither 1 nor 3",
                    op->augment->base.name, prep->want.c);
        return FALSE;
    }
    return TRUE;
}

static gboolean check_chain(const FvPrep *prep, GError **error)
{
    const FvShape end = fv_augment_chain_output(prep->chain), image = { prep->want.c, prep->in.h, prep->in.w };
    return !known(end) || check_end(prep, image, (FvShape){ prep->want.c, end.h, end.w }, error);
}

static gboolean draws(const FvAugmentChain *chain)
{
    for (int i = 0; i < fv_augment_chain_count(chain); i++) {
        const FvOperation *op = fv_chain_operation(chain, i);
        if (op->augment->draw || op->drawn > 0 || op->augment->choose || op->p < 1 || op->augment->places)
            return TRUE;
    }
    return FALSE;
}

FvPrep *fv_prep_new(const GPtrArray *augment, const GPtrArray *prepare, FvShape in, FvShape want, gboolean training,
                    FvLoc *where, GError **error)
{
    g_autoptr(FvPrep) prep = g_new0(FvPrep, 1);
    if (where)
        *where = (FvLoc){ 0 };
    prep->in = in;
    prep->want = want;
    if (want.c < 1 || !known(want)) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the net's input is %dx%dx%d", want.c, want.h, want.w);
        return NULL;
    }
    if (!check_channels(in.c, want.c, error))
        return NULL;
    prep->chain = fv_augment_chain_new(training ? augment : NULL, prepare, (FvShape){ want.c, in.h, in.w }, training,
                                       where, error);
    if (!prep->chain || !check_colours(prep, where, error) || !check_chain(prep, error))
        return NULL;
    prep->words = fv_program_most(prep->chain);
    if (!draws(prep->chain) && known(in)) {
        const FvDrawKey key = { 0 };
        const FvShape image = { in.c ? in.c : want.c, in.h, in.w };
        g_autofree guint32 *program = g_new0(guint32, (gsize) prep->words);
        if (!fv_prep_program(prep, key, NULL, &image, program, NULL, error))
            return NULL;
        prep->fixed_image = image;
        prep->fixed_program = g_steal_pointer(&program);
    }
    return g_steal_pointer(&prep);
}

/* The first operation of a section. */
static gboolean refuse_operation(const GPtrArray *operations, FvLoc *where, GError **error)
{
    if (!operations || operations->len == 0)
        return TRUE;
    const FvUse *use = operations->pdata[0];
    if (where)
        *where = use->loc;
    g_set_error(
        error, FV_ERROR, FV_ERROR_OPTION,
        "%s: works on images, and the data are arrays of numbers, which go to the net as they are; what is fitted "
        "to the data, as standardize, can stand here",
        use->plugin->name);
    return FALSE;
}

FvPrep *fv_prep_new_floats(const GPtrArray *augment, const GPtrArray *prepare, FvShape in, FvShape want,
                           gboolean training, FvLoc *where, GError **error)
{
    if (where)
        *where = (FvLoc){ 0 };
    if ((training && !refuse_operation(augment, where, error)) || !refuse_operation(prepare, where, error))
        return NULL;
    if (!fv_shape_equal(in, want)) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the data are arrays of %dx%dx%d, the net's input is %dx%dx%d",
                    in.c, in.h, in.w, want.c, want.h, want.w);
        return NULL;
    }
    g_autoptr(FvPrep) prep = g_new0(FvPrep, 1);
    *prep = (FvPrep){ .floats = TRUE, .in = in, .want = want, .words = sizeof(FvProgramHead) / 4 };
    prep->chain = fv_augment_chain_new(NULL, NULL, want, FALSE, where, error);
    return prep->chain ? g_steal_pointer(&prep) : NULL;
}

void fv_prep_free(FvPrep *prep)
{
    if (!prep)
        return;
    fv_augment_chain_free(prep->chain);
    g_free(prep->fixed_program);
    g_free(prep);
}

FvShape fv_prep_want(const FvPrep *prep)
{
    return prep->want;
}

int fv_prep_words(const FvPrep *prep)
{
    return prep->words;
}

const FvAugmentChain *fv_prep_chain(const FvPrep *prep)
{
    return prep->chain;
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

int fv_prep_parts(const FvPrep *prep)
{
    const int mix = prep->chain->mix;
    return mix < 0 ? 1 : 1 + fv_chain_operation(prep->chain, mix)->augment->others;
}

/* Where nothing was mixed this time, all is the first image's. */
static void write_shares(const FvPrep *prep, const FvDraw *draw, float *shares)
{
    for (int i = 0; i < fv_prep_parts(prep); i++)
        shares[i] = i < fv_draw_parts(draw) ? (float) fv_draw_weight(draw, i) : 0;
}

gboolean fv_prep_program(const FvPrep *prep, FvDrawKey key, const guint32 *others, const FvShape *images,
                         guint32 *program, float *shares, GError **error)
{
    const int parts = others ? fv_prep_parts(prep) : 1;
    FvShape as[FV_AUGMENT_PARTS];
    FvProgramImage decoded[FV_AUGMENT_PARTS] = { 0 };
    if (prep->floats) { /* a program without passes */
        memset(program, 0, sizeof(guint32) * (gsize) prep->words);
        return check_image(prep, images[0], error);
    }
    if (prep->fixed_program && fv_shape_equal(images[0], prep->fixed_image)) {
        memcpy(program, prep->fixed_program, sizeof(guint32) * (gsize) prep->words);
        return TRUE;
    }
    for (int i = 0; i < parts; i++) {
        if (!check_image(prep, images[i], error))
            return FALSE;
        as[i] = (FvShape){ prep->want.c, images[i].h, images[i].w };
        decoded[i].shape = images[i];
    }
    const FvProgramTarget target = { FV_PLACE_NET, prep->want.c, FALSE };
    g_autoptr(FvDraw) draw = fv_draw_new(prep->chain, key, others, as, error);
    if (!draw || !check_end(prep, images[0], fv_draw_output(draw), error))
        return FALSE;
    g_autoptr(GArray) words = g_array_sized_new(FALSE, FALSE, sizeof(guint32), (guint) prep->words);
    fv_program_write(draw, decoded, &target, words);
    g_assert(words->len <= (guint) prep->words);
    memcpy(program, words->data, sizeof(guint32) * words->len);
    if (shares)
        write_shares(prep, draw, shares);
    return TRUE;
}

void fv_prep_source(const FvPrep *prep, gboolean rows, GString *out)
{
    const FvAugmentKernels kernels = { .rows = rows, .want = prep->want, .floats = prep->floats };
    fv_augment_source(prep->chain, &kernels, out);
}

FvGrid fv_prep_grid(const FvPrep *prep, int n, int lanes, gboolean rows)
{
    const size_t blocks = (size_t) ((n + lanes - 1) / lanes);
    if (prep->floats && rows)
        return FV_ITEMS(1, 1, blocks * (size_t) prep->want.h);
    return fv_prepare_grid(prep->want, n, lanes, rows);
}
