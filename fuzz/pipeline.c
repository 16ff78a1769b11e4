/* SPDX-License-Identifier: MIT
 * pipeline.c: any bytes as a pipeline: a tree or errors, never both; and the tree's text gives the same tree. */
#include "core/parse/ast.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);
    g_autoptr(FvDiag) diag = fv_diag_new();
    g_autoptr(FvTree) tree = fv_parse_text("/nonexistent/fuzz.fv", text, diag); /* imports find nothing there */
    g_autofree char *errors = fv_diag_text(diag);
    if (!tree != (fv_diag_count(diag) > 0) || !g_utf8_validate(errors, -1, NULL))
        g_abort();
    if (!tree)
        return 0;
    g_autofree char *printed = fv_tree_print(tree, NULL);
    g_autoptr(FvTree) again = fv_parse_text("printed", printed, diag);
    g_autofree char *same = again ? fv_tree_print(again, NULL) : NULL;
    if (g_strcmp0(printed, same) != 0)
        g_abort();
    return 0;
}
