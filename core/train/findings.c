/* SPDX-License-Identifier: MIT
 * findings.c: what a net takes the images of a split for. */
#include "core/train/findings.h"

#include <math.h>

enum { MOST_CLASSES = 2000, MOST_MISTAKES = 24 };

typedef struct {
    guint32 number; /* of the sample in its split */
    int truth, predicted;
    double certainty;
} Mistake;

struct FvFindings {
    FvSession *session;
    FvShape shape; /* of the output */
    FvLink link;
    int classes;
    gint64 *counts;
    double *numbers;  /* of a batch */
    GArray *mistakes; /* of Mistake, the most certain first */
};

FvFindings *fv_findings_new(FvSession *session)
{
    FvPlan *plan = fv_session_plan(session);
    const FvGraph *graph = fv_session_graph(session);
    const GPtrArray *terms = graph->losses->len ? graph->losses : graph->metrics;
    const FvTerm *term = terms->len ? terms->pdata[0] : NULL;
    const FvShape shape = fv_plan_output_shape(plan);
    const int known = term ? fv_term_classes(term, shape) : 0;
    const int classes = MAX(known, fv_session_source(session)->classes);
    if (known < 2 || shape.h * shape.w > 1 || classes > MOST_CLASSES)
        return NULL;
    FvFindings *findings = g_new0(FvFindings, 1);
    *findings = (FvFindings){ .session = session,
                              .shape = shape,
                              .link = fv_term_link(term),
                              .classes = classes,
                              .counts = g_new0(gint64, (gsize) classes * (gsize) classes),
                              .numbers = g_new(double, fv_shape_elements(shape) * fv_plan_batch(plan)),
                              .mistakes = g_array_new(FALSE, FALSE, sizeof(Mistake)) };
    return findings;
}

void fv_findings_free(FvFindings *findings)
{
    if (!findings)
        return;
    g_free(findings->counts);
    g_free(findings->numbers);
    g_array_unref(findings->mistakes);
    g_free(findings);
}

/* ---------------------------------------------------------------- predictions */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

/* By the number itself where there is but one: that of class 1 of two. */
static int predict(const FvFindings *findings, const double *scores)
{
    int best = 0;
    if (findings->shape.c == 1)
        return scores[0] > 0;
    for (int c = 1; c < findings->shape.c; c++)
        best = scores[c] > scores[best] ? c : best;
    return best;
}

/* The probability of what was predicted; without one, by how much its score was above that of the truth. */
static double certainty_of(const FvFindings *findings, const double *scores, int predicted, int truth)
{
    double sum = 0;
    if (findings->shape.c == 1)
        return findings->link == FV_LINK_SIGMOID ? sigmoid(fabs(scores[0])) : fabs(scores[0]);
    if (findings->link == FV_LINK_SIGMOID)
        return sigmoid(scores[predicted]);
    if (findings->link == FV_LINK_NONE)
        return scores[predicted] - (truth < findings->shape.c ? scores[truth] : 0);
    for (int c = 0; c < findings->shape.c; c++)
        sum += exp(scores[c] - scores[predicted]);
    return 1 / sum;
}

static void keep_mistake(FvFindings *findings, const Mistake *mistake)
{
    GArray *kept = findings->mistakes;
    guint at = kept->len;
    while (at > 0 && g_array_index(kept, Mistake, at - 1).certainty < mistake->certainty)
        at--;
    if (at == MOST_MISTAKES)
        return;
    g_array_insert_val(kept, at, *mistake);
    g_array_set_size(kept, MIN(kept->len, MOST_MISTAKES));
}

gboolean fv_findings_take(gpointer data, const FvFeed *feed, int samples, GError **error)
{
    FvFindings *findings = data;
    FvPlan *plan = fv_session_plan(findings->session);
    g_autofree int *labels = g_new(int, samples);
    g_autofree guint32 *numbers = g_new(guint32, samples);
    if (!fv_plan_read_value(plan, fv_plan_output(plan), findings->shape, samples, findings->numbers, error))
        return FALSE;
    fv_feed_labels(feed, samples, labels);
    fv_feed_numbers(feed, samples, numbers);
    for (int i = 0; i < samples; i++) {
        const double *scores = findings->numbers + i * fv_shape_elements(findings->shape);
        const int predicted = predict(findings, scores);
        if (labels[i] < 0 || labels[i] >= findings->classes)
            continue;
        findings->counts[(gsize) labels[i] * (gsize) findings->classes + (gsize) predicted]++;
        const Mistake mistake = { numbers[i], labels[i], predicted,
                                  certainty_of(findings, scores, predicted, labels[i]) };
        if (predicted != labels[i])
            keep_mistake(findings, &mistake);
    }
    return TRUE;
}

/* -------------------------------------------------------------------- report */

/* Its name, or its number; g_free() it. */
static char *name_of(const FvFindings *findings, int class)
{
    const FvSourceInfo *info = fv_session_source(findings->session);
    return info->class_names && class < info->classes ? g_strdup(info->class_names[class])
                                                      : g_strdup_printf("class %d", class);
}

static void report_mistake(const FvFindings *findings, FvSplit split, const Mistake *mistake, FvReport *report)
{
    FvSample sample = { .pixels = g_byte_array_new() };
    g_autofree char *truth = name_of(findings, mistake->truth);
    g_autofree char *predicted = name_of(findings, mistake->predicted);
    if (fv_session_read(findings->session, split, mistake->number, &sample, NULL) &&
        sample.pixels->len == fv_shape_elements(sample.shape)) {
        g_autofree char *base = sample.name ? g_path_get_basename(sample.name) : NULL;
        g_autofree char *number = g_strdup_printf("image %u", mistake->number);
        const FvMistake shown = { .truth = truth,
                                  .predicted = predicted,
                                  .certainty = mistake->certainty,
                                  .is_score = findings->link == FV_LINK_NONE,
                                  .name = base ? base : number,
                                  .shape = sample.shape,
                                  .pixels = sample.pixels->data };
        fv_report_mistake(report, &shown);
    }
    g_free(sample.name);
    g_byte_array_unref(sample.pixels);
}

void fv_findings_report(const FvFindings *findings, FvSplit split, FvReport *report)
{
    const FvConfusion confusion = { findings->classes, fv_session_source(findings->session)->class_names,
                                    findings->counts };
    fv_report_confusion(report, fv_split_name(split), &confusion);
    for (guint i = 0; i < findings->mistakes->len; i++)
        report_mistake(findings, split, &g_array_index(findings->mistakes, Mistake, i), report);
}
