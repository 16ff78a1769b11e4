/* SPDX-License-Identifier: MIT
 * resize: the whole image to another extent. */
#include <fovea/plugin.h>

typedef struct {
    FvExtent size;
    float p;
} Resize;

static const FvOption options[] = { FV_OPT_EXTENT(Resize, size, 0.5, 1, "extent of the output", .unit = "px",
                                                  .flags = FV_REQUIRED),
                                    FV_OPT_P(Resize, 1),
                                    { 0 } };

static gboolean plan(void *self, FvShape in, FvShape *out, GError **error)
{
    fv_extent_known(&((Resize *) self)->size, in, out);
    return TRUE;
}

static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    const FvSize size = fv_extent_draw(&((const Resize *) self)->size, in, training, random);
    out->h = size.h;
    out->w = size.w;
    return TRUE;
}

static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    m[0] = (double) in.w / out.w;
    m[4] = (double) in.h / out.h;
}

static const char *const examples[] = { "resize(8)", "resize([10, 6])", "resize(0.5..1)", NULL };

static const FvAugment resize = {
    .base = { FV_HEAD(FvAugment, Resize), .kind = FV_AUGMENT, .name = "resize",
              .summary = "the whole image to another extent", .options = options,
              .details =
                  "C x H x W becomes C x size, whatever its proportions were. Where the image shrinks, pixels of "
                  "the output are means of the area that they cover, so that nothing aliases.",
              .examples = examples },
    .plan = plan,
    .draw = draw,
    .matrix = matrix,
};
FV_EXPORT(resize)
