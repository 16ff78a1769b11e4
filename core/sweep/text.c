/* SPDX-License-Identifier: MIT
 * text.c: the pipeline of a trial. */
#include "core/sweep/private.h"

/* A value that was drawn, or a number: what it is the text of has been parsed before. */
static FvExpr *parse(const char *text)
{
    g_autoptr(FvDiag) diag = fv_diag_new();
    FvExpr *value = fv_parse_value("sweep", text, diag);
    g_assert(value);
    return value;
}

char *fv_sweep_pipeline_text(const FvSweepState *sweep, const FvTrial *trial, int epochs)
{
    const FvSweep *space = sweep->search.sweep;
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTree) tree = fv_parse_text("sweep", sweep->head.pipeline, diag);
    g_autoptr(GHashTable) drawn = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify) fv_expr_free);
    g_assert(tree);
    for (guint i = 0; i < space->parameters->len; i++) {
        g_autofree char *value = fv_trial_value(trial, space, i);
        g_hash_table_insert(drawn, ((FvSweepParameter *) space->parameters->pdata[i])->name, parse(value));
    }
    fv_tree_drop(tree, "sweep");
    if (epochs > 0) {
        g_autofree char *text = g_strdup_printf("%d", epochs);
        fv_tree_set(tree, "train", "epochs", parse(text));
    }
    return fv_tree_print(tree, drawn);
}
