/* SPDX-License-Identifier: MIT
 * points.c: where points of an image go, and how much of it a pixel of the output spans. */
#include "core/augment/chain_private.h"

#include "core/augment/segments.h"

#include <math.h>

/* ------------------------------------------------------------------ matrices */

void fv_matrix_identity(double m[6])
{
    const double identity[6] = { 1, 0, 0, 0, 1, 0 };
    for (int i = 0; i < 6; i++)
        m[i] = identity[i];
}

void fv_matrix_then(const double first[6], const double second[6], double out[6])
{
    double made[6];
    for (int row = 0; row < 2; row++) {
        const double *s = second + 3 * row;
        made[3 * row] = s[0] * first[0] + s[1] * first[3];
        made[3 * row + 1] = s[0] * first[1] + s[1] * first[4];
        made[3 * row + 2] = s[0] * first[2] + s[1] * first[5] + s[2];
    }
    for (int i = 0; i < 6; i++)
        out[i] = made[i];
}

gboolean fv_matrix_invert(const double m[6], double out[6])
{
    const double determinant = m[0] * m[4] - m[1] * m[3];
    if (!(fabs(determinant) > 1e-12))
        return FALSE;
    const double a = m[4] / determinant, b = -m[1] / determinant, c = -m[3] / determinant, d = m[0] / determinant;
    const double made[6] = { a, b, -(a * m[2] + b * m[5]), c, d, -(c * m[2] + d * m[5]) };
    for (int i = 0; i < 6; i++)
        out[i] = made[i];
    return TRUE;
}

static void apply(const double m[6], double *u, double *v)
{
    const double x = *u, y = *v;
    *u = m[0] * x + m[1] * y + m[2];
    *v = m[3] * x + m[4] * y + m[5];
}

gboolean fv_applied_matrix(const FvAugmentChain *chain, const FvApplied *applied, double m[6])
{
    const FvOperation *op = fv_chain_operation(chain, applied->operation);
    if (!op->augment->matrix)
        return FALSE;
    fv_matrix_identity(m);
    op->augment->matrix(op->self, applied->in, applied->out, applied->drawn, m);
    return TRUE;
}

/* -------------------------------------------------------------------- points */

gboolean fv_applied_forward(const FvAugmentChain *chain, const FvApplied *applied, double *u, double *v)
{
    const FvOperation *op = fv_chain_operation(chain, applied->operation);
    double m[6], back[6];
    if (fv_applied_matrix(chain, applied, m)) {
        if (!fv_matrix_invert(m, back))
            return FALSE;
        apply(back, u, v);
    } else if (op->augment->coord_map) {
        return op->augment->forward_point(op->self, applied->in, applied->out, applied->drawn, u, v) && isfinite(*u) &&
               isfinite(*v);
    }
    return TRUE;
}

static gboolean forward(const FvAugmentChain *chain, const GArray *list, guint begin, guint end, double *u, double *v)
{
    for (guint i = begin; i < end; i++)
        if (!fv_applied_forward(chain, &g_array_index(list, FvApplied, i), u, v))
            return FALSE;
    return TRUE;
}

gboolean fv_draw_point(const FvDraw *draw, int part, double *u, double *v)
{
    const FvDrawPart *from = &draw->parts[part];
    double back[6];
    if (!forward(draw->chain, from->applied, 0, from->applied->len, u, v) || !fv_matrix_invert(from->part.matrix, back))
        return FALSE;
    apply(back, u, v);
    return forward(draw->chain, draw->after, 0, draw->after->len, u, v);
}

int fv_draw_steps(const FvDraw *draw, int part)
{
    return (int) (draw->parts[part].applied->len + draw->after->len) + (draw->count > 1);
}

/* The operation of a step. The mixing has none of its own: it places each part elsewhere. */
static const FvApplied *step_applied(const FvDraw *draw, int part, int step)
{
    const GArray *first = draw->parts[part].applied;
    const int mixing = (int) first->len, after = mixing + (draw->count > 1);
    return step < mixing  ? &g_array_index(first, FvApplied, step)
           : step < after ? &draw->mix
                          : &g_array_index(draw->after, FvApplied, step - after);
}

gboolean fv_draw_step(const FvDraw *draw, int part, int step, double *u, double *v)
{
    const FvApplied *applied = step_applied(draw, part, step);
    double back[6];
    if (applied != &draw->mix)
        return fv_applied_forward(draw->chain, applied, u, v);
    if (!fv_matrix_invert(draw->parts[part].part.matrix, back))
        return FALSE;
    apply(back, u, v);
    return TRUE;
}

FvShape fv_draw_step_output(const FvDraw *draw, int part, int step)
{
    return step_applied(draw, part, step)->out;
}

/* What is left of a region after operations: the box round it, within the output. */
static void move_box(const FvDraw *draw, double box[4])
{
    enum { SIDE = 16 };
    double moved[4] = { INFINITY, INFINITY, -INFINITY, -INFINITY };
    for (int i = 0; i <= SIDE; i++)
        for (int j = 0; j <= SIDE; j++) {
            double u = box[0] + (box[2] - box[0]) * i / SIDE, v = box[1] + (box[3] - box[1]) * j / SIDE;
            if (!forward(draw->chain, draw->after, 0, draw->after->len, &u, &v))
                continue;
            moved[0] = MIN(moved[0], u);
            moved[1] = MIN(moved[1], v);
            moved[2] = MAX(moved[2], u);
            moved[3] = MAX(moved[3], v);
        }
    for (int i = 0; i < 4; i++)
        box[i] = CLAMP(moved[i], 0, i % 2 == 0 ? draw->output.w : draw->output.h);
}

void fv_draw_region(const FvDraw *draw, int part, double box[4])
{
    const FvPart *made = &draw->parts[part].part;
    const double whole[4] = { 0, 0, draw->output.w, draw->output.h };
    const double region[4] = { made->x0, made->y0, made->x1, made->y1 };
    for (int i = 0; i < 4; i++)
        box[i] = draw->count > 1 ? region[i] : whole[i];
    if (draw->count > 1)
        move_box(draw, box);
}

/* --------------------------------------------------------------------- spans */

static void add_span(const double j[4], FvSpan *span)
{
    /* Singular values of the output-to-input map. */
    const double a = hypot(j[0], j[2]), b = hypot(j[1], j[3]);
    const double sum = j[0] * j[0] + j[1] * j[1] + j[2] * j[2] + j[3] * j[3];
    const double determinant = fabs(j[0] * j[3] - j[1] * j[2]);
    const double least = sqrt(MAX(0, (sum - sqrt(MAX(0, sum * sum - 4 * determinant * determinant))) / 2));
    span->least = MIN(span->least, least);
    span->most_x = MAX(span->most_x, a);
    span->most_y = MAX(span->most_y, b);
}

/* The map is turned round numerically: its forward differences, inverted.
 * @out: points that do not come to lie in it do not count, or NULL. */
static void span_at(const FvAugmentChain *chain, const GArray *list, const FvSegment *segment, const FvShape *out,
                    double u, double v, FvSpan *span)
{
    double p[3][2] = { { u, v }, { u + 0.5, v }, { u, v + 0.5 } };
    for (int i = 0; i < 3; i++)
        if (!forward(chain, list, segment->begin, segment->end, &p[i][0], &p[i][1]))
            return;
    if (out && (p[0][0] < -1 || p[0][1] < -1 || p[0][0] > out->w + 1 || p[0][1] > out->h + 1))
        return;
    const double m[6] = { 2 * (p[1][0] - p[0][0]), 2 * (p[2][0] - p[0][0]), 0,
                          2 * (p[1][1] - p[0][1]), 2 * (p[2][1] - p[0][1]), 0 };
    double back[6];
    if (!fv_matrix_invert(m, back))
        return;
    const double j[4] = { back[0], back[1], back[3], back[4] };
    add_span(j, span);
}

static gboolean is_affine(const FvAugmentChain *chain, const GArray *list, const FvSegment *segment)
{
    for (guint i = segment->begin; i < segment->end; i++)
        if (fv_chain_operation(chain, g_array_index(list, FvApplied, i).operation)->augment->coord_map)
            return FALSE;
    return TRUE;
}

FvSpan fv_segment_span(const FvAugmentChain *chain, const GArray *list, const FvSegment *segment, FvShape in,
                       FvShape out)
{
    enum { GRID = 12 };
    FvSpan span = { INFINITY, 0, 0 };
    if (is_affine(chain, list, segment)) {
        span_at(chain, list, segment, NULL, 0, 0, &span);
    } else {
        for (int i = 0; i < GRID * GRID; i++)
            span_at(chain, list, segment, &out, (i % GRID + 0.5) * in.w / GRID, (i / GRID + 0.5) * in.h / GRID, &span);
    }
    return span.most_x > 0 ? span : (FvSpan){ 1, 1, 1 };
}

int fv_draw_eighths(const FvDraw *draw, int part)
{
    /* A pixel of the output spans at least this much of a pixel of the smaller image. */
    static const double least = 0.9;
    const FvDrawPart *from = &draw->parts[part];
    FvCut cut = { 0 };
    const FvSegment first = fv_segment_next(draw->chain, from->applied, &cut);
    const FvShape out = first.end > 0 ? g_array_index(from->applied, FvApplied, first.end - 1).out : from->image;
    const double eighths = 8 * least / fv_segment_span(draw->chain, from->applied, &first, from->image, out).least;
    return eighths >= 8 ? 8 : MAX(1, (int) ceil(eighths));
}
