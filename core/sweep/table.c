/* SPDX-License-Identifier: MIT
 * table.c: the trials as a table: a row for each, in the order of their numbers. */
#include "core/sweep/private.h"

#include <math.h>

/* A table of texts, all columns but the first as wide as they need, aligned to the right. */
typedef struct {
    GPtrArray *cells; /* of char *, row by row */
    guint columns;
} Table;

static void add(Table *table, char *text)
{
    g_ptr_array_add(table->cells, text);
}

static char *print(const Table *table)
{
    g_autofree guint *widths = g_new0(guint, table->columns);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < table->cells->len; i++)
        widths[i % table->columns] = MAX(widths[i % table->columns], (guint) g_utf8_strlen(table->cells->pdata[i], -1));
    for (guint i = 0; i < table->cells->len; i++) {
        const guint column = i % table->columns;
        const char *cell = table->cells->pdata[i];
        const int pad = (int) (widths[column] - (guint) g_utf8_strlen(cell, -1));
        g_string_append_printf(text, "%s%*s%s", column ? "  " : "", pad, "", cell);
        if (column + 1 == table->columns)
            g_string_append_c(text, '\n');
    }
    return g_string_free(text, FALSE);
}

/* ------------------------------------------------------------------ trials */

/* What a trial came to last: of one that went on, its later rounds stand for it. By their numbers. */
static gint by_number(gconstpointer a, gconstpointer b)
{
    return (*(const FvTrial *const *) a)->number - (*(const FvTrial *const *) b)->number;
}

static GPtrArray *last_of_each(const GPtrArray *trials)
{
    GPtrArray *last = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    for (guint i = trials->len; i > 0; i--) {
        FvTrial *trial = trials->pdata[i - 1];
        if (trial->state != FV_TRIAL_OPEN && g_hash_table_add(seen, GINT_TO_POINTER(trial->number)))
            g_ptr_array_add(last, trial);
    }
    g_ptr_array_sort(last, by_number);
    return last;
}

typedef struct {
    gboolean round, epochs, loss, metric; /* columns that say something */
} Columns;

static Columns columns_of(const FvSweepState *sweep, const GPtrArray *rows)
{
    Columns columns = { .metric = !sweep->search.by_loss };
    for (guint i = 0; i < rows->len; i++) {
        const FvTrial *row = rows->pdata[i], *first = rows->pdata[0];
        columns.round = columns.round || row->round != first->round;
        columns.epochs = columns.epochs || row->epochs != first->epochs;
        columns.loss = columns.loss || !isnan(row->loss);
    }
    return columns;
}

static char *number_cell(const FvTrial *trial, double number)
{
    static const double large = 1e6;
    return trial->state == FV_TRIAL_DIVERGED ? g_strdup("diverged")
           : isnan(number)                   ? g_strdup("")
                                             : g_strdup_printf(fabs(number) < large ? "%.4f" : "%.4g", number);
}

static void add_head(Table *table, const FvSweepState *sweep, const Columns *columns)
{
    const GPtrArray *parameters = sweep->search.sweep->parameters;
    add(table, g_strdup("trial"));
    if (columns->round)
        add(table, g_strdup("round"));
    if (columns->epochs)
        add(table, g_strdup("epochs"));
    for (guint i = 0; i < parameters->len; i++)
        add(table, g_strdup(((FvSweepParameter *) parameters->pdata[i])->name));
    if (columns->loss)
        add(table, g_strdup("loss"));
    if (columns->metric)
        add(table, g_strdup(fv_sweep_judge(sweep)));
    table->columns = table->cells->len;
}

static void add_row(Table *table, const FvSweepState *sweep, const Columns *columns, const FvTrial *trial)
{
    const FvSweep *space = sweep->search.sweep;
    add(table, g_strdup_printf("%d", trial->number));
    if (columns->round)
        add(table, g_strdup_printf("%d", trial->round));
    if (columns->epochs)
        add(table, g_strdup_printf("%d", trial->epochs));
    for (guint i = 0; i < space->parameters->len; i++)
        add(table, fv_trial_value(trial, space, i));
    if (columns->loss)
        add(table, number_cell(trial, trial->loss));
    if (columns->metric)
        add(table, number_cell(trial, trial->metric));
}

char *fv_sweep_table(const FvSweepState *sweep)
{
    g_autoptr(GPtrArray) rows = last_of_each(sweep->trials);
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    const Columns columns = columns_of(sweep, rows);
    const FvTrial *best = fv_search_best(&sweep->search, sweep->trials);
    Table table = { cells, 0 };
    add_head(&table, sweep, &columns);
    for (guint i = 0; i < rows->len; i++)
        add_row(&table, sweep, &columns, rows->pdata[i]);
    g_autofree char *text = print(&table);
    if (!best)
        return g_strconcat(text, rows->len ? "no trial came to an end: all of them diverged\n" : "", NULL);
    g_autofree char *values = fv_trial_text(best, sweep->search.sweep);
    return g_strdup_printf("%sbest: trial %d, %s: validation %s %.4f\n", text, best->number, values,
                           fv_sweep_judge(sweep), sweep->search.by_loss ? best->loss : best->metric);
}
