/* SPDX-License-Identifier: MIT
 * dot.c: draws a net in Graphviz's language. */
#include "cli/dot.h"

#include "cli/cli.h"

#include <string.h>

/* "residual3" of "residual3.conv2", "" of "conv1"; g_free() it. */
static char *block_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? g_strndup(path, (gsize) (dot - path)) : g_strdup("");
}

static char *quoted(const char *text)
{
    g_autoptr(GString) out = g_string_new(text);
    g_string_replace(out, "\\", "\\\\", 0);
    g_string_replace(out, "\"", "\\\"", 0);
    g_string_prepend_c(out, '"');
    g_string_append_c(out, '"');
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void print_layer(const FvPlan *plan, guint i)
{
    const FvPlanLayer layer = fv_plan_layer(plan, i);
    g_autofree char *block = block_of(layer.path);
    g_autofree char *as = layer.name ? g_strdup_printf(" as %s", layer.name) : g_strdup("");
    g_autofree char *text = g_strconcat(layer.path + (*block ? strlen(block) + 1 : 0), as, NULL);
    g_autofree char *label = quoted(text);
    g_print("    n%u [label=%s%s%s];\n", i, label, layer.parameters ? ", style=filled, fillcolor=\"#dbe9f6\"" : "",
            layer.alive ? "" : ", color=gray, fontcolor=gray");
}

/* Layers of a block stand together in the text; a block within another is drawn beside it. */
static void print_layers(const FvPlan *plan)
{
    g_autofree char *open = g_strdup("");
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        g_autofree char *block = block_of(fv_plan_layer(plan, i).path);
        if (!g_str_equal(block, open)) {
            g_autofree char *label = quoted(block);
            g_print("%s", *open ? "  }\n" : "");
            if (*block)
                g_print("  subgraph cluster_%u {\n    label=%s;\n", i, label);
            g_free(open);
            open = g_strdup(block);
        }
        print_layer(plan, i);
    }
    g_print("%s", *open ? "  }\n" : "");
}

void fv_cli_print_dot(const FvPlan *plan, const char *title)
{
    g_autofree char *name = quoted(title);
    g_print(
        "digraph %s {\n  rankdir=TB;\n  color=\"#9db8d2\";\n  style=rounded;\n  fontname=\"sans-serif\";\n"
        "  node [shape=box, fontname=\"sans-serif\", fontsize=11];\n"
        "  edge [fontname=\"sans-serif\", fontsize=9];\n",
        name);
    print_layers(plan);
    for (guint i = 0; i < fv_plan_layers(plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(plan, i);
        for (int k = 0; k < layer.input_count; k++) {
            g_autofree char *shape = fv_cli_shape(fv_plan_layer(plan, (guint) layer.inputs[k]).out);
            g_print("  n%d -> n%u [label=\" %s\"];\n", layer.inputs[k], i, shape);
        }
    }
    g_print("}\n");
}
