/* SPDX-License-Identifier: MIT
 * @NAME@: made-up images of two classes: bright on the left, bright on the right. */
#include <fovea/plugin.h>

typedef struct {
    int count;
    FvSize size;
} State;

static const FvOption options[] = {
    FV_OPT_INT(State, count, 100, 1, 1000000, "images to train with; the test split has a tenth"),
    FV_OPT_SIZE(State, size, 8, 2, 1024, "of the images", .unit = "px"),
    { 0 },
};

static gboolean start(void *self, FvSourceInfo *info, GError **error)
{
    static const char *const names[] = { "left", "right", NULL };
    const State *state = self;
    info->count[FV_TRAIN] = state->count;
    info->count[FV_TEST] = MAX(state->count / 10, 1);
    info->shape = (FvShape){ 1, state->size.h, state->size.w };
    info->classes = 2;
    info->class_names = names;
    return TRUE;
}

/* Called from several threads at once, for any sample in any order. */
static gboolean read_sample(const void *self, FvSplit split, gint64 index, FvSample *sample, GError **error)
{
    const State *state = self;
    FvRandom random = fv_random(1, split, (uint32_t) index, 0);
    sample->shape = (FvShape){ 1, state->size.h, state->size.w };
    sample->label = (int) fv_random_below(&random, 2);
    g_free(sample->name);
    sample->name = g_strdup_printf("image %" G_GINT64_FORMAT, index);
    g_byte_array_set_size(sample->pixels, (guint) fv_shape_elements(sample->shape));
    for (guint i = 0; i < sample->pixels->len; i++) {
        const gboolean right = (int) i % state->size.w >= state->size.w / 2;
        sample->pixels->data[i] = (guint8) fv_random_below(&random, right == sample->label ? 256 : 128);
    }
    return TRUE;
}

/* Gives back what open took. */
static void stop(void *self)
{
}

static const FvSource plugin = {
    .base = { FV_HEAD(FvSource, State), .kind = FV_SOURCE, .name = "@NAME@",
              .summary = "made-up images: bright on the left, bright on the right", .options = options },
    .open = start,
    .read = read_sample,
    .close = stop,
};
FV_EXPORT(plugin)
