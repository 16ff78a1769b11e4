/* SPDX-License-Identifier: MIT
 * space.c: draws the numbers of trials. Ranges are kept along their axis: the logarithm where that is drawn. */
#include "core/sweep/space.h"

#include <math.h>
#include <string.h>

/* The stream of fv_random(): none that a training uses. */
enum { STREAM_SWEEP = 0x7ffffffd };

typedef struct {
    const FvSweepParameter *parameter;
    double lo, hi;  /* ranges: along the axis */
    GArray *places; /* lists: of int, the choices that are left; else NULL */
} Bounds;

struct FvSpace {
    const FvSweep *sweep;
    Bounds *bounds; /* one for each parameter */
};

/* -------------------------------------------------------------------- axes */

static double to_axis(const FvSweepParameter *parameter, double number)
{
    return parameter->values == FV_SWEEP_LOG ? log(number) : number;
}

/* Four digits say all that a trial can tell: of the number itself in the logarithm, else of the range's width. Tables
 * and pipelines have the number as it was used. */
static double rounded(const FvSweepParameter *parameter, double number)
{
    enum { DIGITS = 4, MOST_DECIMALS = 300 };
    char format[16], text[512];
    if (parameter->values == FV_SWEEP_LOG) {
        g_ascii_formatd(text, sizeof text, "%.4g", number);
    } else {
        const double decimals = DIGITS - floor(log10(parameter->hi - parameter->lo));
        g_snprintf(format, sizeof format, "%%.%df", (int) CLAMP(decimals, 0, MOST_DECIMALS));
        g_ascii_formatd(text, sizeof text, format, number);
    }
    return g_ascii_strtod(text, NULL);
}

static double from_axis(const FvSweepParameter *parameter, double place)
{
    const double number = parameter->values == FV_SWEEP_LOG ? exp(place) : place;
    return CLAMP(parameter->whole ? round(number) : rounded(parameter, number), parameter->lo, parameter->hi);
}

/* ------------------------------------------------------------------- space */

FvSpace *fv_space_new(const FvSweep *sweep)
{
    FvSpace *space = g_new0(FvSpace, 1);
    space->sweep = sweep;
    space->bounds = g_new0(Bounds, sweep->parameters->len);
    for (guint i = 0; i < sweep->parameters->len; i++) {
        const FvSweepParameter *parameter = sweep->parameters->pdata[i];
        Bounds *bounds = &space->bounds[i];
        bounds->parameter = parameter;
        if (!parameter->choices) {
            bounds->lo = to_axis(parameter, parameter->lo);
            bounds->hi = to_axis(parameter, parameter->hi);
            continue;
        }
        bounds->places = g_array_new(FALSE, FALSE, sizeof(int));
        for (int k = 0; parameter->choices[k]; k++)
            g_array_append_val(bounds->places, k);
    }
    return space;
}

void fv_space_free(FvSpace *space)
{
    if (!space)
        return;
    for (guint i = 0; i < space->sweep->parameters->len; i++)
        g_clear_pointer(&space->bounds[i].places, g_array_unref);
    g_free(space->bounds);
    g_free(space);
}

void fv_space_narrow(FvSpace *space, const double *centre, double share)
{
    for (guint i = 0; i < space->sweep->parameters->len; i++) {
        Bounds *bounds = &space->bounds[i];
        const FvSweepParameter *parameter = bounds->parameter;
        if (bounds->places)
            continue;
        const double least = to_axis(parameter, parameter->lo), most = to_axis(parameter, parameter->hi);
        const double width = (bounds->hi - bounds->lo) * share;
        const double lo = to_axis(parameter, centre[i]) - width / 2;
        bounds->lo = CLAMP(lo, least, most - width);
        bounds->hi = bounds->lo + width;
    }
}

static gboolean is_kept(int place, guint parameter, const double *const *drawn, guint count)
{
    for (guint i = 0; i < count; i++)
        if ((int) drawn[i][parameter] == place)
            return TRUE;
    return FALSE;
}

void fv_space_keep_choices(FvSpace *space, const double *const *drawn, guint count)
{
    for (guint i = 0; i < space->sweep->parameters->len; i++) {
        GArray *places = space->bounds[i].places;
        for (guint k = places ? places->len : 0; k > 0; k--)
            if (!is_kept(g_array_index(places, int, k - 1), i, drawn, count))
                g_array_remove_index(places, k - 1);
    }
}

/* ---------------------------------------------------------------- drawing */

/* Each whole number within the bounds is as likely as the others; where there is none, the nearest. */
static double draw_whole(const Bounds *bounds, FvRandom *random)
{
    const double lo = ceil(bounds->lo), hi = floor(bounds->hi);
    if (lo > hi)
        return from_axis(bounds->parameter, (bounds->lo + bounds->hi) / 2);
    return lo + fv_random_below(random, (uint32_t) (hi - lo + 1));
}

static double draw(const Bounds *bounds, FvRandom *random)
{
    if (bounds->places)
        return g_array_index(bounds->places, int, fv_random_below(random, bounds->places->len));
    if (bounds->parameter->whole && bounds->parameter->values == FV_SWEEP_UNIFORM)
        return draw_whole(bounds, random);
    return from_axis(bounds->parameter, fv_random_range(random, bounds->lo, bounds->hi));
}

double *fv_space_draw(const FvSpace *space, guint64 seed, guint32 round, guint32 trial)
{
    const guint count = space->sweep->parameters->len;
    double *drawn = g_new(double, count);
    FvRandom random = fv_random(seed, round, trial, STREAM_SWEEP);
    for (guint i = 0; i < count; i++)
        drawn[i] = draw(&space->bounds[i], &random);
    return drawn;
}

/* -------------------------------------------------------------------- grid */

/* The values of one parameter, rising. */
static GArray *grid_line(const Bounds *bounds, int points)
{
    GArray *line = g_array_new(FALSE, FALSE, sizeof(double));
    if (bounds->places) {
        for (guint i = 0; i < bounds->places->len; i++) {
            const double place = g_array_index(bounds->places, int, i);
            g_array_append_val(line, place);
        }
        return line;
    }
    const FvSweepParameter *parameter = bounds->parameter;
    const double most = parameter->whole ? parameter->hi - parameter->lo + 1 : points;
    const int count = (int) MIN(points, most);
    for (int i = 0; i < count; i++) {
        const double share = count > 1 ? i / (count - 1.0) : 0.5;
        const double value = from_axis(parameter, bounds->lo + share * (bounds->hi - bounds->lo));
        /* Whole numbers far apart in the logarithm may round to the same. */
        if (line->len == 0 || value > g_array_index(line, double, line->len - 1))
            g_array_append_val(line, value);
    }
    return line;
}

GPtrArray *fv_space_grid(const FvSpace *space, int points)
{
    const guint count = space->sweep->parameters->len;
    GPtrArray *grid = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(grid, g_new0(double, count));
    for (guint i = 0; i < count; i++) {
        g_autoptr(GArray) line = grid_line(&space->bounds[i], points);
        GPtrArray *wider = g_ptr_array_new_with_free_func(g_free);
        for (guint k = 0; k < grid->len; k++)
            for (guint j = 0; j < line->len; j++) {
                double *drawn = g_memdup2(grid->pdata[k], count * sizeof *drawn);
                drawn[i] = g_array_index(line, double, j);
                g_ptr_array_add(wider, drawn);
            }
        g_ptr_array_unref(grid);
        grid = wider;
    }
    return grid;
}
