/* SPDX-License-Identifier: MIT
 * confusion: how often samples of each class were predicted as each class, as a table. */
#include "counts.h"

typedef struct {
    FvRef value;
    const char *target;
    int classes;
    FvKernel *evaluate;
} Confusion;

static const FvOption options[] = {
    FV_OPT_VALUE(Confusion, value, "scores, one for each class"),
    FV_OPT_TARGET(Confusion, target, "label", "the right class"),
    { 0 },
};

/* Sums: a row for each class, of the predicted ones and, last, of samples that were none; then all samples. */
static int cell(const Confusion *confusion, int right, int predicted)
{
    return right * (confusion->classes + 1) + predicted;
}

static gboolean plan(FvNode *node, void *self, GError **error)
{
    Confusion *confusion = self;
    confusion->classes = counts_classes(node);
    if (!scores_plan(node, error))
        return FALSE;
    fv_node_set_sums(node, COUNTS_NUMBERS, cell(confusion, confusion->classes, 0) + 1);
    return TRUE;
}

static gboolean build(FvNode *node, void *self, GError **error)
{
    ((Confusion *) self)->evaluate = counts_kernel(node);
    return TRUE;
}

static void forward(FvNode *node, const void *self, FvList *list)
{
    counts_forward(node, ((const Confusion *) self)->evaluate, list);
}

static void add(const void *self, const double *numbers, double *sums)
{
    const Confusion *confusion = self;
    const int predicted = (int) numbers[COUNTS_PREDICTED], right = (int) numbers[COUNTS_RIGHT];
    sums[cell(confusion, confusion->classes, 0)]++;
    if (right >= 0)
        sums[cell(confusion, right, predicted >= 0 ? predicted : confusion->classes)]++;
}

/* Accuracy. */
static double finish(const void *self, const double *sums)
{
    const Confusion *confusion = self;
    double hits = 0;
    for (int c = 0; c < confusion->classes; c++)
        hits += sums[cell(confusion, c, c)];
    return counts_share(hits, sums[cell(confusion, confusion->classes, 0)]);
}

/* ---------------------------------------------------------------------- table */

/* g_strfreev() it; one more than there are classes, for what was predicted as none. */
static char **make_names(const Confusion *confusion, const char *const *class_names)
{
    char **names = g_new0(char *, (gsize) confusion->classes + 2);
    for (int c = 0; c < confusion->classes; c++) {
        const char *given = class_names ? *class_names : NULL;
        names[c] = given ? g_strdup(given) : g_strdup_printf("%d", c);
        class_names += given != NULL;
    }
    names[confusion->classes] = g_strdup("none");
    return names;
}

/* @width: negative where it stands on the left. printf counts bytes, not letters. */
static void append(GString *text, const char *word, int width)
{
    const int blanks = ABS(width) - (int) g_utf8_strlen(word, -1);
    g_string_append_printf(text, "%*s%s%*s", width > 0 ? blanks : 0, "", word, width < 0 ? blanks : 0, "");
}

static void append_number(GString *text, double number, int width)
{
    g_autofree char *word = g_strdup_printf("%.0f", number);
    append(text, word, width);
}

static char *table(const void *self, const double *sums, const char *const *class_names)
{
    const Confusion *confusion = self;
    g_auto(GStrv) names = make_names(confusion, class_names);
    GString *text = g_string_new("confusion: a row for each class, a column for what was predicted\n");
    g_autofree int *widths = g_new0(int, confusion->classes + 1);
    int left = 0, columns = confusion->classes;
    for (int c = 0; c < confusion->classes; c++)
        if (sums[cell(confusion, c, confusion->classes)] > 0)
            columns = confusion->classes + 1;
    for (int k = 0; k < columns; k++) {
        widths[k] = (int) g_utf8_strlen(names[k], -1);
        left = k < confusion->classes ? MAX(left, widths[k]) : left;
        for (int c = 0; c < confusion->classes; c++) {
            char digits[32];
            const int needs = g_snprintf(digits, sizeof digits, "%.0f", sums[cell(confusion, c, k)]);
            widths[k] = MAX(widths[k], needs);
        }
    }
    append(text, "", left);
    for (int k = 0; k < columns; k++)
        append(text, names[k], widths[k] + 2);
    for (int c = 0; c < confusion->classes; c++) {
        g_string_append_c(text, '\n');
        append(text, names[c], -left);
        for (int k = 0; k < columns; k++)
            append_number(text, sums[cell(confusion, c, k)], widths[k] + 2);
    }
    g_string_append_c(text, '\n');
    return g_string_free(text, FALSE);
}

static const char *const examples[] = { "confusion(value)", "confusion(value, label)", NULL };

static const FvMetric confusion = {
    .base = { FV_HEAD(FvMetric, Confusion), .kind = FV_METRIC, .name = "confusion",
              .summary = "table of how often each class was predicted as each class", .options = options,
              .details =
                  "Counted over the whole split: a row for each class, a column for each predicted one, as "
                  "scikit-learn has it; printed by fovea eval and at the end of fovea train. Its number is the "
                  "accuracy. The predicted class is the first with the highest score; where a score is not a "
                  "number it is none, which has a column of its own. The value is a vector of one score for each "
                  "class; a single score is that of class 1 beside class 0, above 0 or not.",
              .examples = examples },
    .target = FV_TARGET_CLASS,
    .plan = plan,
    .build = build,
    .forward = forward,
    .add = add,
    .finish = finish,
    .table = table,
};
FV_EXPORT(confusion)
