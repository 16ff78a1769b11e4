/* SPDX-License-Identifier: MIT
 * counts.h: what metrics share that count how often each class was predicted, and how often it was right: the class
 * with the highest score, and how precision, recall and F1 are averaged over classes. */
#ifndef FOVEA_METRIC_COUNTS_H
#define FOVEA_METRIC_COUNTS_H

#include "../scores.h"

#include "counts.cl.h"

/* The numbers of a sample; -1: none of the classes. */
enum { COUNTS_PREDICTED, COUNTS_RIGHT, COUNTS_NUMBERS };

/* Two for a single score: that of class 1 beside class 0. */
static inline int counts_classes(const FvNode *node)
{
    return MAX(2, fv_node_input(node, 0).c);
}

static inline FvKernel *counts_kernel(FvNode *node)
{
    return scores_kernel(node, counts_cl, "evaluate");
}

static inline void counts_forward(FvNode *node, FvKernel *kernel, FvList *list)
{
    fv_launch(list, kernel, scores_grid(node, list), fv_buffer(fv_node_x(node, 0)), fv_buffer(fv_node_target(node)),
              fv_buffer(fv_node_result(node)), fv_slot(), fv_int(fv_list_samples(list)));
}

/* ------------------------------------------------------- precision, recall, F1 */

/* What is known of a class: samples that are of it and were found, that were said to be of it, and that are of it. The
 * sums of these metrics are one such for each class. */
typedef struct {
    double hits, predicted, right;
} Counts;

enum { COUNTS_OF_CLASS = sizeof(Counts) / sizeof(double) };

typedef enum { COUNTS_MACRO, COUNTS_MICRO, COUNTS_WEIGHTED } CountsAverage;
static const char *const counts_averages[] = { "macro", "micro", "weighted", NULL };

/* The state of such a metric. `class` is -1 where all count. */
typedef struct {
    FvRef value;
    const char *target;
    int average, class, classes;
    FvKernel *evaluate;
} CountsMetric;

static const FvOption counts_options[] = {
    FV_OPT_VALUE(CountsMetric, value, "scores, one for each class"),
    FV_OPT_TARGET(CountsMetric, target, "label", "the right class"),
    FV_OPT_CHOICE(CountsMetric, average, COUNTS_MACRO, counts_averages,
                  "over classes: each alike, over all samples together, or by their samples"),
    FV_OPT_INT(CountsMetric, class, -1, -1, 1 << 20, "the number of a class, which alone counts then; -1: all"),
    { 0 },
};

#define COUNTS_DETAILS                                                                                                \
    " average=macro: the mean over classes that occur, in labels or predictions; micro: of the sums over all "        \
    "classes; "                                                                                                       \
    "weighted: the mean, weighted by the samples of each class; with class, that of one class alone, as where there " \
    "are two and one of them is to be found. Where there is nothing to divide by it is 0. All as scikit-learn has "   \
    "it. "                                                                                                            \
    "Counted over the whole split. The predicted class is the first with the highest score, none where a score is "   \
    "not "                                                                                                            \
    "a number. The value is a vector of one score for each class; a single score is that of class 1 beside class 0, " \
    "above 0 or not."

#define COUNTS_EXAMPLES(name_)                                                                     \
    {                                                                                              \
        name_ "(value)", name_ "(value, label, average=weighted)", name_ "(value, average=micro)", \
            name_ "(value, class=2)", NULL                                                         \
    }

static inline gboolean counts_plan(FvNode *node, void *self, GError **error)
{
    CountsMetric *metric = self;
    metric->classes = counts_classes(node);
    if (!scores_plan(node, error))
        return FALSE;
    fv_node_set_sums(node, COUNTS_NUMBERS, metric->classes * COUNTS_OF_CLASS);
    if (metric->class < metric->classes)
        return TRUE;
    g_set_error(error, FV_ERROR, FV_ERROR_OPTION, "class %d, where classes are 0 to %d", metric->class,
                metric->classes - 1);
    return FALSE;
}

static inline gboolean counts_build(FvNode *node, void *self, GError **error)
{
    ((CountsMetric *) self)->evaluate = counts_kernel(node);
    return TRUE;
}

static inline void counts_metric_forward(FvNode *node, const void *self, FvList *list)
{
    counts_forward(node, ((const CountsMetric *) self)->evaluate, list);
}

static inline void counts_add(const void *self, const double *numbers, double *sums)
{
    const int predicted = (int) numbers[COUNTS_PREDICTED], right = (int) numbers[COUNTS_RIGHT];
    Counts *counts = (Counts *) sums;
    if (predicted >= 0)
        counts[predicted].predicted++;
    if (right >= 0)
        counts[right].right++;
    if (predicted >= 0 && predicted == right)
        counts[right].hits++;
}

static inline double counts_share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

/* The average of a score of classes. */
static inline double counts_average(const CountsMetric *metric, const double *sums, double (*score)(const Counts *))
{
    const Counts *counts = (const Counts *) sums;
    Counts all = { 0, 0, 0 };
    double sum = 0, occurring = 0, weighted = 0;
    if (metric->class >= 0)
        return score(&counts[metric->class]);
    for (int c = 0; c < metric->classes; c++) {
        const Counts *of = &counts[c];
        all = (Counts){ all.hits + of->hits, all.predicted + of->predicted, all.right + of->right };
        sum += score(of); /* 0 for those that do not occur */
        occurring += of->predicted + of->right > 0;
        weighted += of->right * score(of);
    }
    return metric->average == COUNTS_MICRO   ? score(&all)
           : metric->average == COUNTS_MACRO ? counts_share(sum, occurring)
                                             : counts_share(weighted, all.right);
}

#endif
