/* SPDX-License-Identifier: MIT
 * chart.h: a line chart as inline SVG, styled by page.h. */
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
    gboolean dots;     /* a dot for each point; else a line, thinned out where points are many */
    gboolean dashed;
} FvSeries;

/** What a chart shows. Where the pointer is, or a finger was, it says the numbers of the nearest points. */
typedef struct {
    const char *title;
    const char *unit; /* of x: "steps" */
    const FvSeries *series;
    guint count;
    const GArray *marks;   /* of double, x of vertical lines; or NULL */
    gboolean zero;         /* y begins at 0 */
    gboolean log_x, log_y; /* logarithmic axes, on which numbers that are not above 0 are left out */
} FvChart;

/** Appends <figure> with title, legend and chart; nothing where no series has a point. */
void fv_chart_draw(GString *html, const FvChart *chart);

/** The same with straight axes. */
void fv_chart_append(GString *html, const char *title, const char *unit, const FvSeries *series, guint count,
                     const GArray *marks, gboolean zero);

/** From one tick of an axis to the next: 1, 2 or 5 times a power of ten, so that there are about four. @span: above 0
 */
double fv_chart_step(double span);
/** A number as a label: 0.25, 1e-05, 12000, 1.5M; g_free() it. */
char *fv_chart_label(double number);

#endif
