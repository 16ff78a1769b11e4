/* SPDX-License-Identifier: MIT
 * chart.h: a line chart as inline SVG. */
#ifndef FOVEA_CHART_H
#define FOVEA_CHART_H

#include <fovea/plugin.h>

typedef struct {
    double x, y;
} FvPoint;

/** A line. Points that are not finite are left out. */
typedef struct {
    const char *name;
    const char *style; /* CSS class, which gives the colour as currentColor: "train" */
    GArray *points;    /* of FvPoint, x rising */
    gboolean dots; /* a dot for each point, with its value as tooltip; else a line, thinned out where points are many */
} FvSeries;

/** Appends <figure> with title, legend and chart; nothing where no series has a point.
 * @unit: of x: "steps". @marks: of double, x of vertical lines, or NULL. @zero: y begins at 0. */
void fv_chart_append(GString *html, const char *title, const char *unit, const FvSeries *series, guint count,
                     const GArray *marks, gboolean zero);

/** From one tick of an axis to the next: 1, 2 or 5 times a power of ten, so that there are about four. @span: above 0
 */
double fv_chart_step(double span);
/** A number as a label: 0.25, 1e-05, 12000, 1.5M; g_free() it. */
char *fv_chart_label(double number);

#endif
