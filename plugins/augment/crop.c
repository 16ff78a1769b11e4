/* SPDX-License-Identifier: MIT
 * crop: a window, at a random place or in the middle, from the image with a margin around it. */
#include <fovea/plugin.h>

typedef struct {
    FvExtent size;
    int pad, at, fill;
    FvFloats value;
    float p;
} Crop;

enum { AT_RANDOM, AT_CENTRE };
static const char *const places[] = { "random", "centre", NULL };

static const FvOption options[] = {
    FV_OPT_EXTENT(Crop, size, 0.8, 1, "extent of the output", .unit = "px", .flags = FV_REQUIRED),
    FV_OPT_INT(Crop, pad, 0, 0, 65500, "margin on each side of the image, before the window is cut", .unit = "px"),
    FV_OPT_CHOICE(Crop, at, AT_RANDOM, places, "where the window lies; outside of training always in the middle"),
    FV_OPT_FILL(Crop),
    FV_OPT_P(Crop, 1),
    { 0 }
};

static gboolean check(const Crop *crop, FvShape in, FvSize size, GError **error)
{
    if (in.h + 2 * crop->pad >= size.h && in.w + 2 * crop->pad >= size.w)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "the image is %dx%d, with its margin %dx%d, less than the crop %dx%d",
                in.h, in.w, in.h + 2 * crop->pad, in.w + 2 * crop->pad, size.h, size.w);
    return FALSE;
}

static gboolean plan(void *self, FvShape in, FvShape *out, GError **error)
{
    const Crop *crop = self;
    const gboolean fixed = fv_extent_known(&crop->size, in, out);
    return !fixed || in.h < 1 || check(crop, in, (FvSize){ out->h, out->w }, error);
}

static int offset(const Crop *crop, int in, int out, gboolean drawn, FvRandom *random)
{
    const int room = in + 2 * crop->pad - out;
    return (drawn ? (int) fv_random_below(random, (guint32) room + 1) : room / 2) - crop->pad;
}

/* Whole pixels, so that what is cut out is an exact copy. */
static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    const Crop *crop = self;
    const gboolean anywhere = training && crop->at == AT_RANDOM;
    const FvSize size = fv_extent_draw(&crop->size, in, training, random);
    if (!check(crop, in, size, error))
        return FALSE;
    out->h = size.h;
    out->w = size.w;
    drawn[0] = (float) offset(crop, in.w, out->w, anywhere, random);
    drawn[1] = (float) offset(crop, in.h, out->h, anywhere, random);
    return TRUE;
}

static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    m[2] = (double) drawn[0];
    m[5] = (double) drawn[1];
}

static const char *const examples[] = { "crop(28)", "crop(28, pad=4)", "crop([24, 20], at=centre)", "crop(0.8..1)",
                                        NULL };

static const FvAugment crop = {
    .base = { FV_HEAD(FvAugment, Crop), .kind = FV_AUGMENT, .name = "crop",
              .summary = "a window, at a random place or in the middle", .options = options,
              .details =
                  "C x H x W becomes C x size. In training the offset is drawn for each sample, uniformly and in "
                  "whole pixels, over the image with its margin; elsewhere it is the middle, rounded up and to "
                  "the left. The image with its margin must be at least as large as the window.",
              .examples = examples },
    .drawn = { "left", "top" },
    .plan = plan,
    .draw = draw,
    .matrix = matrix,
};
FV_EXPORT(crop)
