/* SPDX-License-Identifier: MIT
 * normalize: takes the mean off every pixel and divides by the standard deviation. */
#include <fovea/plugin.h>

typedef struct {
    FvFloats mean, std;
} Normalize;

static const FvOption options[] = {
    FV_OPT_FLOATS(Normalize, mean, 0, -1e6, 1e6, "what becomes 0: one number, or one for each channel"),
    FV_OPT_FLOATS(Normalize, std, 1, 1e-6, 1e6, "what becomes 1 above the mean: one number, or one for each channel"),
    { 0 }
};

static gboolean check_count(const char *name, FvFloats floats, FvShape in, GError **error)
{
    if (floats.count == 1 || floats.count == in.c)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_SHAPE, "%s has %d numbers, the image %d channel%s", name, floats.count, in.c,
                in.c == 1 ? "" : "s");
    return FALSE;
}

static gboolean plan(void *self, FvShape in, FvShape *out, GError **error)
{
    const Normalize *normalize = self;
    *out = in;
    return check_count("mean", normalize->mean, in, error) && check_count("std", normalize->std, in, error);
}

static const char *const examples[] = { "normalize(mean=0.286, std=0.353)",
                                        "normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])", NULL };

static const FvAugment normalize = {
    .base = { FV_HEAD(FvAugment, Normalize), .kind = FV_AUGMENT, .name = "normalize",
              .summary = "takes the mean off every pixel and divides by the standard deviation", .options = options,
              .details =
                  "p becomes (p - mean) / std. Pixels are from 0 to 1 before. Without arguments, at the end of "
                  "prepare { }, mean and std of each channel are those of the training split (std divides by the "
                  "count), found before training begins and kept with the weights: it is then the layer "
                  "standardize(per=channel) at the net's input.",
              .examples = examples },
    .pixel_map = "p = (p - mean[mean_count == 1 ? 0 : c]) / std[std_count == 1 ? 0 : c];",
    .plan = plan,
    .linear = TRUE,
    .vector_maps = TRUE,
    .fitted = "standardize(per=channel)",
};
FV_EXPORT(normalize)
