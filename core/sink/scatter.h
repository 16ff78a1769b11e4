/* SPDX-License-Identifier: MIT
 * scatter.h: points over several axes, a panel for each, as an SVG file of its own. */
#ifndef FOVEA_SCATTER_H
#define FOVEA_SCATTER_H

#include <fovea/plugin.h>

/** Texts belong to whoever made them. */
typedef struct {
    double x;         /* on an axis of words: the place of the word, from 0 on */
    double y;         /* NAN: the point has none, and is a cross at the lower edge */
    int group;        /* from 0 on; later ones are drawn stronger */
    gboolean marked;  /* with a ring */
    const char *text; /* what a pointer at it is told */
} FvScatterPoint;

typedef struct {
    const char *name; /* of the x axis */
    double lo, hi;    /* its ends; of a logarithmic one above 0 */
    gboolean logarithmic;
    const char *const *words; /* an axis of words instead, NULL-ended; or NULL */
    GArray *points;           /* of FvScatterPoint */
} FvScatterPanel;

/** What all panels share. */
typedef struct {
    const char *title, *subtitle;
    const char *y_name;
    const char *const *groups; /* their names, NULL-ended; NULL: there is only one */
    const char *marked;        /* what a ring means */
    const char *crossed;       /* what a cross means */
} FvScatterHead;

/** The text of the file; g_free() it. Where few points lie far from all others, they are drawn as triangles at the edge
 * that they lie beyond. */
char *fv_scatter_svg(const FvScatterHead *head, const FvScatterPanel *panels, guint count);

#endif
