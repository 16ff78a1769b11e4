/* SPDX-License-Identifier: MIT
 * bars.h: horizontal bars, in groups, as an SVG file of its own. */
#ifndef FOVEA_BARS_H
#define FOVEA_BARS_H

#include <fovea/plugin.h>

/** Texts belong to whoever made them. */
typedef struct {
    const char *name;   /* on the left */
    double value;       /* not negative */
    double least, most; /* a line from one to the other across the bar's end; both 0: none */
    const char *text;   /* at the bar's end: the value, as it is to be read */
    const char *note;   /* on the right, or NULL */
} FvBar;

/** Bars with a scale of their own. */
typedef struct {
    const char *title;
    GArray *bars; /* of FvBar, from top to bottom */
} FvBarGroup;

/** The text of the file; g_free() it. Groups without bars are left out. @subtitle: below the title, or NULL. */
char *fv_bars_svg(const char *title, const char *subtitle, const FvBarGroup *groups, guint count);

#endif
