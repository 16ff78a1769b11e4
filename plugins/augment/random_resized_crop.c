/* SPDX-License-Identifier: MIT
 * random_resized_crop: a window of random area and proportions, brought to an extent. */
#include <fovea/plugin.h>

#include <math.h>

typedef struct {
    FvExtent size;
    FvRange scale, ratio;
    float p;
} Window;

static const FvOption options[] = {
    FV_OPT_EXTENT(Window, size, 0.5, 1, "extent of the output", .unit = "px", .flags = FV_REQUIRED),
    FV_OPT_RANGE(Window, scale, 0.08, 1, 0.0001, 1, "area of the window, as a share of the image's"),
    FV_OPT_RANGE(Window, ratio, 0.75, 1.33333333, 0.01, 100, "width of the window divided by its height"),
    FV_OPT_P(Window, 1),
    { 0 }
};

enum { LEFT, TOP, WIDTH, HEIGHT };

static gboolean plan(void *self, FvShape in, FvShape *out, GError **error)
{
    fv_extent_known(&((Window *) self)->size, in, out);
    return TRUE;
}

/* FALSE: the window does not fit. */
static gboolean try_window(const Window *window, FvShape in, gboolean training, FvRandom *random, float *drawn)
{
    const double area = (double) fv_range_draw(window->scale, training, random) * in.h * in.w;
    const FvRange logs = { logf(window->ratio.lo), logf(window->ratio.hi) };
    const double ratio = exp((double) fv_range_draw(logs, training, random));
    const double w = floor(sqrt(area * ratio) + 0.5), h = floor(sqrt(area / ratio) + 0.5);
    if (!(w >= 1 && h >= 1 && w <= in.w && h <= in.h))
        return FALSE;
    const int room_x = in.w - (int) w, room_y = in.h - (int) h;
    drawn[LEFT] = (float) (training ? (int) fv_random_below(random, (guint32) room_x + 1) : room_x / 2);
    drawn[TOP] = (float) (training ? (int) fv_random_below(random, (guint32) room_y + 1) : room_y / 2);
    drawn[WIDTH] = (float) w;
    drawn[HEIGHT] = (float) h;
    return TRUE;
}

/* The largest window in the middle whose proportions are in the range. */
static void middle(const Window *window, FvShape in, float *drawn)
{
    const double own = (double) in.w / in.h, ratio = CLAMP(own, (double) window->ratio.lo, (double) window->ratio.hi);
    const double w = ratio < own ? floor(in.h * ratio + 0.5) : in.w, h = ratio > own ? floor(in.w / ratio + 0.5) : in.h;
    drawn[WIDTH] = (float) CLAMP(w, 1, in.w);
    drawn[HEIGHT] = (float) CLAMP(h, 1, in.h);
    drawn[LEFT] = floorf(((float) in.w - drawn[WIDTH]) / 2);
    drawn[TOP] = floorf(((float) in.h - drawn[HEIGHT]) / 2);
}

static gboolean draw(const void *self, FvShape in, FvShape *out, gboolean training, FvRandom *random, float *drawn,
                     GError **error)
{
    enum { ATTEMPTS = 10 };
    const Window *window = self;
    const FvSize size = fv_extent_draw(&window->size, in, training, random);
    gboolean fits = FALSE;
    out->h = size.h;
    out->w = size.w;
    for (int i = 0; i < ATTEMPTS && !fits; i++)
        fits = try_window(window, in, training, random, drawn);
    if (!fits)
        middle(window, in, drawn);
    return TRUE;
}

static void matrix(const void *self, FvShape in, FvShape out, const float *drawn, double m[6])
{
    m[0] = (double) drawn[WIDTH] / out.w;
    m[2] = (double) drawn[LEFT];
    m[4] = (double) drawn[HEIGHT] / out.h;
    m[5] = (double) drawn[TOP];
}

static const char *const examples[] = { "random_resized_crop(8)",
                                        "random_resized_crop([10, 6], scale=0.3..1, ratio=0.5..2)", NULL };

static const FvAugment random_resized_crop = {
    .base = { FV_HEAD(FvAugment, Window), .kind = FV_AUGMENT, .name = "random_resized_crop",
              .summary = "a window of random area and proportions, brought to an extent", .options = options,
              .details =
                  "C x H x W becomes C x size. Area and the logarithm of the proportions are drawn uniformly, at most "
                  "ten times, until the window fits into the image; then it is the largest in the middle. Outside of "
                  "training the window has the middle of both ranges, and lies in the middle.",
              .reference = "Szegedy et al., Going Deeper with Convolutions, 2014", .examples = examples },
    .drawn = { "left", "top", "width", "height" },
    .plan = plan,
    .draw = draw,
    .matrix = matrix,
};
FV_EXPORT(random_resized_crop)
