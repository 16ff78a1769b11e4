/* SPDX-License-Identifier: MIT
 * checkup.h: what was found when a pipeline was looked over before its training: checks with verdicts, the rates that
 * were tried, the layers; and the page that shows it. */
#ifndef FOVEA_CHECKUP_H
#define FOVEA_CHECKUP_H

#include <fovea/plugin.h>

/** From good to bad. */
typedef enum {
    FV_VERDICT_OK,
    FV_VERDICT_NONE,    /* there is nothing to check it by */
    FV_VERDICT_WARNING, /* worth a look; a training may do well all the same */
    FV_VERDICT_FAULT,   /* a training will come to nothing, or its result will mean nothing */
    FV_VERDICTS
} FvVerdict;

/** "ok", "none", "warning", "fault" */
const char *fv_verdict_name(FvVerdict verdict);

/** A number that a check found, for programs. */
typedef struct {
    const char *name; /* interned: "test_copies" */
    double value;
} FvCheckNumber;

typedef struct {
    const char *id, *title; /* static: "initial-loss", "initial loss" */
    const char *group;      /* static: "data" */
    FvVerdict verdict;
    char *finding;       /* what was found, with its numbers: one sentence or two */
    char *advice;        /* what to do, or NULL */
    const char *follows; /* id of the check whose fault explains what was found here, or NULL */
    GArray *numbers;     /* of FvCheckNumber */
} FvCheck;

/** A rate that was tried. */
typedef struct {
    double rate;
    double loss; /* after a few steps; not finite where the numbers ran away */
    gboolean falls;
} FvTriedRate;

/** A layer at the beginning of a training. */
typedef struct {
    char *path;
    const char *kind;                       /* interned */
    double mean, deviation, least, largest; /* of its output */
    double dead;                    /* share of units with one output for all images; NAN: it has no such units */
    double gradient;                /* root of the mean square of the loss's derivative by its output, or NAN */
    double weight, weight_gradient; /* the same of its weights and of the derivative by them, or NAN */
} FvLayerHealth;

typedef struct {
    char *pipeline, *device;
    guint64 seed;
    GPtrArray *checks;                    /* of FvCheck, in the order in which they were made */
    GArray *rates;                        /* of FvTriedRate, rising; empty: none were tried */
    double rate, first_loss, least, most; /* the pipeline's rate, the loss before any step, the range where it falls */
    int steps;                            /* that each rate was tried for */
    GArray *layers;                       /* of FvLayerHealth; empty: they were not looked at */
} FvCheckup;

FvCheckup *fv_checkup_new(const char *pipeline, const char *device, guint64 seed);
void fv_checkup_free(FvCheckup *checkup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FvCheckup, fv_checkup_free)

/** Borrowed; NULL where that check was not made. */
const FvCheck *fv_checkup_find(const FvCheckup *checkup, const char *id);
guint fv_checkup_count(const FvCheckup *checkup, FvVerdict verdict);

/** The page: one HTML file that needs nothing else, light or dark as the reader has it; g_free() it. */
char *fv_checkup_html(const FvCheckup *checkup);

/* ---- rate_chart.c */

/** Appends <figure>: the loss after a few steps against the rate, on a logarithmic scale. Nothing where no rate was
 * tried. */
void fv_rate_chart_append(GString *html, const FvCheckup *checkup);

#endif
