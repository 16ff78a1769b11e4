/* SPDX-License-Identifier: MIT
 * mosaic: four images in the four quarters of one. */
#include "mix.h"

typedef struct {
    FvExtent size;
    FvRange middle;
    float p;
} Mosaic;

static const FvOption options[] = {
    FV_OPT_EXTENT(Mosaic, size, 1, 1, "extent of the output; shares are of the first image", .unit = "px"),
    FV_OPT_RANGE(Mosaic, middle, 0.3, 0.7, 0.05, 0.95, "where the four meet, as a share of either side"),
    FV_OPT_P(Mosaic, 1),
    { 0 }
};

static gboolean plan(void *self, FvShape in, FvShape *out, GError **error)
{
    fv_extent_known(&((Mosaic *) self)->size, in, out);
    return TRUE;
}

static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    const Mosaic *mosaic = self;
    const FvSize size = fv_extent_draw(&mosaic->size, in, training, random);
    out->h = size.h;
    out->w = size.w;
    drawn[0] = floorf(fv_range_draw(mosaic->middle, training, random) * (float) size.w + 0.5f);
    drawn[1] = floorf(fv_range_draw(mosaic->middle, training, random) * (float) size.h + 0.5f);
    return TRUE;
}

/* The middle of each image, as large as fills its quarter. */
static void part(const void *self, FvShape in, FvShape out, const float *drawn, int part, FvPart *made)
{
    const double u = (double) drawn[0], v = (double) drawn[1];
    if (part % 2 == 0)
        made->x1 = u;
    else
        made->x0 = u;
    if (part < 2)
        made->y1 = v;
    else
        made->y0 = v;
    const double w = made->x1 - made->x0, h = made->y1 - made->y0;
    const double scale = w > 0 && h > 0 ? fmin(in.w / w, in.h / h) : 1;
    made->matrix[0] = made->matrix[4] = scale;
    made->matrix[2] = in.w / 2.0 - scale * (made->x0 + made->x1) / 2;
    made->matrix[5] = in.h / 2.0 - scale * (made->y0 + made->y1) / 2;
    made->share = w * h / ((double) out.w * out.h);
}

static const char *const examples[] = { "mosaic", "mosaic(64, middle=0.5)", NULL };

static const FvAugment mosaic = {
    .base = { FV_HEAD(FvAugment, Mosaic), .kind = FV_AUGMENT, .name = "mosaic",
              .summary = "four images in the four quarters of one", .options = options,
              .details =
                  "The upper left quarter is this sample's own; the others are other images of the set. Of each, "
                  "the middle is seen, as large as fills its quarter. Class labels are mixed by area, boxes are kept.",
              .reference = "Bochkovskiy et al., YOLOv4, 2020", .examples = examples },
    .drawn = { "middle_x", "middle_y" },
    .plan = plan,
    .draw = draw,
    .others = 3,
    .part = part,
};
FV_EXPORT(mosaic)
