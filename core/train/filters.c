/* SPDX-License-Identifier: MIT
 * filters.c: the weights of a net's first layer, as pictures. */
#include "core/train/filters.h"

#include <math.h>
#include <string.h>

enum { MOST_FILTERS = 64, MOST_SIDE = 1024 };

/* The weights of a layer, which are PATH.weight; -1 where it has none. */
static int weight_of(const FvPlan *plan, const FvPlanLayer *layer)
{
    g_autofree char *name = g_strdup_printf("%s.weight", layer->path);
    for (guint i = 0; i < fv_plan_params(plan); i++) {
        const FvPlanParam param = fv_plan_param(plan, i);
        if (param.trained && g_str_equal(param.name, name))
            return (int) i;
    }
    return -1;
}

/* What one output's weights are spread over; no channels where that cannot be seen. */
static FvShape shape_of(const FvPlan *plan, const FvPlanLayer *layer, const FvParamSpec *spec)
{
    const FvShape in = fv_plan_layer(plan, (guint) layer->inputs[0]).out;
    FvShape shape = { 0, 0, 0 };
    if (spec->rank == 4)
        shape = (FvShape){ spec->dims[1], spec->dims[2], spec->dims[3] };
    else if (spec->rank == 2 && fv_shape_elements(in) == spec->dims[1])
        shape = in;
    if ((shape.c != 1 && shape.c != 3) || shape.h * shape.w < 2 || shape.h > MOST_SIDE || shape.w > MOST_SIDE)
        shape.c = 0;
    return shape;
}

/* From channels one after the other to pixels. */
static void paint(const FvTensor *weights, gint64 first, FvShape shape, guint8 *pixels)
{
    const gint64 count = fv_shape_elements(shape), plane = (gint64) shape.h * shape.w;
    double most = 0;
    for (gint64 i = 0; i < count; i++)
        most = fmax(most, fabs(fv_tensor_get(weights, first + i)));
    for (gint64 i = 0; i < count; i++) {
        const double share = most > 0 ? fv_tensor_get(weights, first + i) / most : 0;
        pixels[i % plane * shape.c + i / plane] = (guint8) lround(127.5 + 127.5 * CLAMP(share, -1, 1));
    }
}

static void report_weights(const FvTensor *weights, FvShape shape, const char *path, const char *const *classes,
                           FvReport *report)
{
    const gint64 all = weights->dims[0], each = fv_shape_elements(shape);
    const gboolean named = classes && g_strv_length((char **) classes) == (guint) all;
    g_autofree guint8 *pixels = g_malloc((gsize) each);
    for (gint64 i = 0; i < MIN(all, MOST_FILTERS); i++) {
        paint(weights, i * each, shape, pixels);
        fv_report_filter(report, named ? classes[i] : NULL, shape, pixels);
    }
    if (all > MOST_FILTERS)
        fv_report_filters(report, "%s: the first %d of %d, each %d×%d; grey is 0", path, MOST_FILTERS, (int) all,
                          shape.h, shape.w);
    else
        fv_report_filters(report, "%s: %d, each %d×%d; grey is 0", path, (int) all, shape.h, shape.w);
}

gboolean fv_filters_report(FvPlan *plan, const char *const *classes, FvReport *report, GError **error)
{
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        const int which = layer.alive ? weight_of(plan, &layer) : -1;
        if (which < 0)
            continue;
        const FvParamSpec spec = fv_plan_param(plan, (guint) which).spec;
        const FvShape shape = shape_of(plan, &layer, &spec);
        if (shape.c == 0)
            return TRUE;
        g_autoptr(FvTensor) weights = fv_plan_get_param(plan, (guint) which, error);
        if (weights)
            report_weights(weights, shape, layer.path, classes, report);
        return weights != NULL;
    }
    return TRUE;
}
