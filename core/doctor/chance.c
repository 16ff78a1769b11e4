/* SPDX-License-Identifier: MIT
 * chance.c: the loss of a net that knows nothing, for the losses that have such a number. */
#include "core/doctor/private.h"

#include <math.h>
#include <string.h>

/* An option that is a number; @otherwise where the plugin has none of that name. Lists: only of one number. */
static double option(const FvTerm *term, const char *name, double otherwise)
{
    const FvOption *found = fv_option_find(term->use.plugin, name, NULL);
    const void *self = fv_state_self(term->use.state);
    if (!found)
        return otherwise;
    if (found->type == FV_TYPE_FLOAT)
        return (double) G_STRUCT_MEMBER(float, self, found->offset);
    const FvFloats *list = found->type == FV_TYPE_FLOATS ? G_STRUCT_MEMBER_P(self, found->offset) : NULL;
    return list && list->count == 1 ? (double) list->values[0] : (double) NAN;
}

/* All classes have probability 1 / C. Whatever the smoothing, a target's parts come to 1. */
static double cross_entropy(const FvTerm *term, int classes)
{
    return log(classes) * option(term, "weight", 1);
}

/* Label and others as smoothing makes them: the entropy of that is what is left. */
static double smoothed(const FvTerm *term, int classes)
{
    const double smoothing = option(term, "smoothing", 0), other = smoothing / classes, right = 1 - smoothing + other;
    const double entropy = smoothing > 0 ? -right * log(right) - (classes - 1) * other * log(other) : 0;
    return entropy * option(term, "weight", 1);
}

/* All scores are the same: each other class is within the margin by all of it. */
static double margins(const FvTerm *term, int classes)
{
    return (classes - 1) * option(term, "margin", 1);
}

/* Each score says 1 / 2, of one class that is there and of others that are not. */
static double halves(const FvTerm *term, int classes)
{
    return M_LN2 * (option(term, "pos_weight", 1) + classes - 1);
}

static const struct {
    const char *loss;
    double (*chance)(const FvTerm *term, int classes);
    double (*floor)(const FvTerm *term, int classes); /* NULL: 0 */
} known[] = {
    { "softmax", cross_entropy, smoothed },
    { "kl", cross_entropy, NULL },
    { "hinge", margins, NULL },
    { "bce", halves, NULL },
};

double fv_doctor_chance(const FvGraph *graph, const FvPlan *plan, double *floor)
{
    double sum = 0;
    gboolean any = FALSE;
    *floor = 0;
    for (guint i = 0; i < graph->losses->len; i++) {
        const FvTerm *term = graph->losses->pdata[i];
        double chance = NAN;
        if (term->value < 0)
            continue;
        const FvShape shape = fv_plan_layer(plan, (guint) term->value).out;
        for (guint k = 0; k < G_N_ELEMENTS(known) && fv_term_classifies(term) && shape.h * shape.w == 1; k++) {
            if (!g_str_equal(term->use.plugin->name, known[k].loss) || shape.c < 2)
                continue;
            chance = known[k].chance(term, shape.c);
            *floor += term->weight * (known[k].floor ? known[k].floor(term, shape.c) : 0);
        }
        sum += term->weight * chance;
        any = TRUE;
    }
    if (!isfinite(*floor))
        *floor = 0;
    return any ? sum : (double) NAN;
}
