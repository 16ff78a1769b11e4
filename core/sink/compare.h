/* SPDX-License-Identifier: MIT
 * compare.h: a page that lays several runs over each other. */
#ifndef FOVEA_COMPARE_H
#define FOVEA_COMPARE_H

#include <fovea/plugin.h>

/** A run; everything is borrowed. */
typedef struct {
    const char *name;         /* its folder */
    const char *missing;      /* what it lacks: "unfinished: 3 of 10 epochs"; NULL: nothing */
    const GArray *records;    /* of FvRecord, as fv_run_read_log() gives them */
    int best;                 /* the epoch whose parameters were kept; 0: not known */
    gboolean lower_is_better; /* of its first metric, or the loss */
    GArray *settings;         /* of FvPageRow (page.h) */
} FvCompared;

/** Curves in one plot with a legend, results side by side, settings that differ. @left_out: of strings, one for each
 * run that could not be read. g_free() it. */
char *fv_compare_html(const FvCompared *runs, guint count, const GPtrArray *left_out);

#endif
