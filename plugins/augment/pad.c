/* SPDX-License-Identifier: MIT
 * pad: margins round the image. */
#include <fovea/plugin.h>

typedef struct {
    FvFloats margin;
    int fill;
    FvFloats value;
    float p;
} Pad;

static const FvOption options[] = {
    FV_OPT_FLOATS(Pad, margin, 0.1, 0, 65500,
                  "above 1 pixels, up to 1 a share of the image's side: one for all sides, [vertical, horizontal] or "
                  "[top, left, bottom, right]"),
    FV_OPT_FILL(Pad),
    FV_OPT_P(Pad, 1),
    { 0 }
};

typedef struct {
    int top, left, bottom, right;
} Margins;

static int pixels_of(float number, int side)
{
    return (int) (number > 1 ? (double) number + 0.5 : (double) number * side + 0.5);
}

static Margins margins(const Pad *pad, FvShape in)
{
    const float *m = pad->margin.values;
    const int n = pad->margin.count;
    return (Margins){ pixels_of(m[0], in.h), pixels_of(m[1 % n], in.w), pixels_of(m[2 % n], in.h),
                      pixels_of(m[3 % n], in.w) };
}

static gboolean plan(void *self, FvShape in, FvShape *out, GError **error)
{
    const Pad *pad = self;
    if (pad->margin.count != 1 && pad->margin.count != 2 && pad->margin.count != 4) {
        g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "margin: 1, 2 or 4 numbers are wanted, not %d",
                    pad->margin.count);
        return FALSE;
    }
    *out = (FvShape){ in.c, 0, 0 };
    if (in.h < 1 || in.w < 1)
        return TRUE;
    const Margins m = margins(pad, in);
    out->h = in.h + m.top + m.bottom;
    out->w = in.w + m.left + m.right;
    if (out->h <= 65500 && out->w <= 65500)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "makes %dx%d of an image of %dx%d, which is too large", out->h, out->w,
                in.h, in.w);
    return FALSE;
}

static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    const Margins margin = margins(self, in);
    m[2] = -margin.left;
    m[5] = -margin.top;
}

static const char *const examples[] = { "pad(4)", "pad([0, 0.25], fill=reflect)", "pad([2, 0, 0, 3], value=0.5)",
                                        NULL };

static const FvAugment pad = {
    .base = { FV_HEAD(FvAugment, Pad), .kind = FV_AUGMENT, .name = "pad", .summary = "margins round the image",
              .options = options, .details = "The extent grows by the margins. Pixels are copied exactly.",
              .examples = examples },
    .plan = plan,
    .matrix = matrix,
};
FV_EXPORT(pad)
