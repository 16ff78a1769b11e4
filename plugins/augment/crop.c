/* SPDX-License-Identifier: MIT
 * crop: a window of fixed size, at a random place or in the middle, from the image with a margin around it. */
#include <fovea/plugin.h>

typedef struct {
    FvSize size;
    int pad, at;
} Crop;

enum { AT_RANDOM, AT_CENTRE };
static const char *const places[] = { "random", "centre", NULL };

static const FvOption options[] = {
    FV_OPT_SIZE(Crop, size, 0, 1, 65500, "extent of the output", .unit = "px", .flags = FV_REQUIRED),
    FV_OPT_INT(Crop, pad, 0, 0, 65500, "margin of 0 on each side of the image, before the window is cut", .unit = "px"),
    FV_OPT_CHOICE(Crop, at, AT_RANDOM, places, "where the window lies; outside of training always in the middle"),
    { 0 }
};

static gboolean plan(void *self, FvShape in, FvShape *out, GError **error)
{
    const Crop *crop = self;
    gboolean known = in.h > 0 && in.w > 0;
    if (known && (in.h + 2 * crop->pad < crop->size.h || in.w + 2 * crop->pad < crop->size.w)) {
        g_set_error(error, FV_ERROR, FV_ERROR_SHAPE,
                    "the image is %dx%d, with its margin %dx%d, less than the crop %dx%d", in.h, in.w,
                    in.h + 2 * crop->pad, in.w + 2 * crop->pad, crop->size.h, crop->size.w);
        return FALSE;
    }
    *out = (FvShape){ in.c, crop->size.h, crop->size.w };
    return TRUE;
}

static int offset(const Crop *crop, int in, int out, gboolean drawn, FvRandom *random)
{
    int room = in + 2 * crop->pad - out;
    return (drawn ? (int) fv_random_below(random, (guint32) room + 1) : room / 2) - crop->pad;
}

/* Whole pixels, so that what is cut out is an exact copy. */
static gboolean draw(const void *self, FvShape in, FvShape out, gboolean training, FvRandom *random, float *drawn)
{
    const Crop *crop = self;
    gboolean anywhere = training && crop->at == AT_RANDOM;
    drawn[0] = (float) offset(crop, in.w, out.w, anywhere, random);
    drawn[1] = (float) offset(crop, in.h, out.h, anywhere, random);
    return TRUE;
}

static void forward_point(const void *self, FvShape in, FvShape out, const float *drawn, float *u, float *v)
{
    *u -= drawn[0];
    *v -= drawn[1];
}

static const char *const examples[] = { "crop(28)", "crop(28, pad=4)", "crop([24, 20], at=centre)", NULL };

static const FvAugment crop = {
    .base = { FV_HEAD(FvAugment, Crop), .kind = FV_AUGMENT, .name = "crop",
              .summary = "a window of fixed size, at a random place or in the middle", .options = options,
              .details =
                  "C x H x W becomes C x size. In training the offset is drawn for each sample, uniformly and in "
                  "whole pixels, over the image with its margin; elsewhere it is the middle, rounded up and to "
                  "the left. The image with its margin must be at least as large as the window.",
              .examples = examples },
    .coord_map = "u += left; v += top;",
    .drawn = { "left", "top" },
    .plan = plan,
    .draw = draw,
    .forward_point = forward_point,
    .affine = TRUE,
};
FV_EXPORT(crop)
