/* SPDX-License-Identifier: MIT
 * dot.c: writes a drawing in Graphviz's language. */
#include "core/sink/dot.h"

#include "core/sink/drawing.h"

#include <gio/gio.h>
#include <string.h>

#define FONT "Helvetica,Arial,sans-serif"
#define QUIET "#5b6673" /* of what is said beside names */

/* Background and border of each family, light enough for black text. */
static const struct {
    const char *fill, *line;
} colours[] = {
    [FV_FAMILY_OF_INPUTS] = { "#e8ecf0", "#7d8a99" }, [FV_FAMILY_OF_CONVOLUTIONS] = { "#d3e5f8", "#6f9bc8" },
    [FV_FAMILY_OF_DENSE] = { "#e2d9f6", "#9279c6" },  [FV_FAMILY_OF_POOLS] = { "#d3eed6", "#6fae78" },
    [FV_FAMILY_OF_NORMS] = { "#fdf3cd", "#cfb04a" },  [FV_FAMILY_OF_ACTIVATIONS] = { "#fde0cc", "#dd9560" },
    [FV_FAMILY_OF_NOISE] = { "#f8dbe7", "#cf7f9f" },  [FV_FAMILY_OF_JOINS] = { "#d9efee", "#62aaa6" },
    [FV_FAMILY_OF_OTHERS] = { "#ededed", "#9a9a9a" },
};

/* -------------------------------------------------------------------- texts */

/* Text within a label of Graphviz's HTML; g_free() it. */
static char *escaped(const char *text)
{
    return g_markup_escape_text(text, -1);
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

/* "64×56×56"; g_free() it. */
static char *shape_text(FvShape shape)
{
    return shape.h == 1 && shape.w == 1 ? g_strdup_printf("%d", shape.c)
                                        : g_strdup_printf("%d\u00d7%d\u00d7%d", shape.c, shape.h, shape.w);
}

/* "1.23 M"; g_free() it. */
static char *count_text(double count)
{
    static const char *const units[] = { "", " k", " M", " G", " T" };
    guint i = 0;
    for (; count >= 1000 && i + 1 < G_N_ELEMENTS(units); i++)
        count /= 1000;
    return g_strdup_printf(i == 0 || count >= 100 ? "%.0f%s" : count >= 10 ? "%.1f%s" : "%.2f%s", count, units[i]);
}

/* "60,192,808"; g_free() it. */
static char *grouped(gint64 count)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "%" G_GINT64_FORMAT, count);
    for (gssize at = (gssize) text->len - 3; at > 0; at -= 3)
        g_string_insert_c(text, at, ',');
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* What matters for the shape: a drawing is no pipeline. g_free() it. */
static char *options_text(const FvGraphNode *node)
{
    static const char *const unsaid[] = { "bias=false", "init=", "winograd=" };
    g_autofree char *all = fv_state_text(node->state);
    g_auto(GStrv) parts = g_strsplit(all, ", ", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    for (char **part = parts; *part; part++) {
        gboolean said = TRUE;
        for (guint i = 0; i < G_N_ELEMENTS(unsaid); i++)
            said &= !g_str_has_prefix(*part, unsaid[i]);
        if (said)
            g_string_append_printf(text, "%s%s", text->len ? ", " : "", *part);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* "conv1 · 9.41 k parameters · 236 M FLOPs": what is known of a layer beside its kind; "" where it is nothing. */
static char *facts_text(const FvPlanLayer *layer, const FvDrawnBlock *block)
{
    enum { FEW_FLOPS = 10000 };
    const char *name = layer->path + (*block->path ? strlen(block->path) + 1 : 0);
    g_autofree char *parameters = count_text((double) layer->parameters);
    g_autofree char *flops = count_text(layer->flops);
    g_autoptr(GString) text = g_string_new(NULL);
    if (layer->parameters == 0 && layer->flops < FEW_FLOPS)
        return g_strdup("");
    g_string_append_printf(text, "%s", name);
    if (layer->parameters > 0)
        g_string_append_printf(text, " \u00b7 %s parameters", parameters);
    if (layer->flops > 0 && !layer->passes)
        g_string_append_printf(text, " \u00b7 %s FLOPs", flops);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* --------------------------------------------------------------------- boxes */

/* A layer: a row of its box's table. */
static void append_row(GString *out, const FvDrawing *drawing, guint i)
{
    const FvPlanLayer layer = fv_plan_layer(drawing->plan, i);
    const FvGraphNode *node = drawing->graph->nodes->pdata[i];
    const FvLayerFamily family = fv_drawing_family(node->layer);
    const char *ink = layer.alive ? "#1c242c" : "#9aa3ad";
    g_autofree char *options = options_text(node);
    g_autofree char *shown = escaped(options);
    g_autofree char *name = layer.name ? escaped(layer.name) : g_strdup("");
    g_autofree char *facts = family == FV_FAMILY_OF_ACTIVATIONS && layer.parameters == 0
                                 ? g_strdup("")
                                 : facts_text(&layer, drawing->block[i]);
    g_autofree char *facts_shown = escaped(facts);
    g_string_append_printf(out, "<TR><TD BGCOLOR=\"%s\" COLOR=\"%s\" ALIGN=\"LEFT\" BALIGN=\"LEFT\">",
                           layer.alive ? colours[family].fill : "#f6f6f6",
                           layer.alive ? colours[family].line : "#c8ced4");
    g_string_append_printf(out, "<FONT COLOR=\"%s\"><B>%s</B>%s%s</FONT>", ink, layer.kind, *options ? "  " : "",
                           shown);
    if (*name)
        g_string_append_printf(out, "<FONT COLOR=\"" QUIET "\">  as <I>%s</I></FONT>", name);
    if (*facts)
        g_string_append_printf(out, "<BR/><FONT POINT-SIZE=\"9\" COLOR=\"" QUIET "\">%s</FONT>", facts_shown);
    g_string_append(out, "</TD></TR>");
}

/* Layers that are no first ones of a box, and those that pass their input on, have none. */
static void append_box(GString *out, const FvDrawing *drawing, guint head, const char *indent)
{
    if (drawing->head[head] != (int) head || drawing->source[head] != head)
        return;
    g_string_append_printf(
        out, "%sn%u [label=<<TABLE BORDER=\"0\" CELLBORDER=\"1\" CELLSPACING=\"0\" CELLPADDING=\"5\">", indent, head);
    for (guint i = head; i < fv_plan_layers(drawing->plan); i++)
        if (drawing->head[i] == (int) head)
            append_row(out, drawing, i);
    g_string_append(out, "</TABLE>>];\n");
}

static gint64 parameters_of(const FvPlan *plan, const FvDrawnBlock *block)
{
    gint64 sum = 0;
    for (guint i = block->begin; i < block->end; i++)
        sum += fv_plan_layer(plan, i).parameters;
    return sum;
}

static void append_block_label(GString *out, const FvDrawing *drawing, const FvDrawnBlock *block)
{
    const gint64 count = parameters_of(drawing->plan, block);
    g_autofree char *label = escaped(block->label);
    g_autofree char *parameters = count_text((double) count);
    g_string_append_printf(out, "label=<<B>%s</B>", label);
    if (block->times > 1)
        g_string_append_printf(out, "  <FONT COLOR=\"#a8442a\"><B>\u00d7 %d</B></FONT>", block->times);
    if (count > 0)
        g_string_append_printf(out, "<FONT POINT-SIZE=\"9\" COLOR=\"" QUIET "\">  %s parameters%s</FONT>", parameters,
                               block->times > 1 ? " each" : "");
    g_string_append(out, ">; ");
}

static void append_block(GString *out, const FvDrawing *drawing, const FvDrawnBlock *block, int depth)
{
    g_autofree char *indent = g_strnfill(2 * (gsize) depth + 2, ' ');
    guint child = 0;
    for (guint i = block->begin; i < block->end;) {
        const FvDrawnBlock *inner = child < block->children->len ? block->children->pdata[child] : NULL;
        if (!inner || inner->begin > i) {
            append_box(out, drawing, i, indent);
            i++;
            continue;
        }
        if (inner->plain && !inner->hidden) {
            append_block(out, drawing, inner, depth);
        } else if (!inner->hidden) {
            g_string_append_printf(out, "%ssubgraph cluster_%u_%d {\n%s  ", indent, inner->begin, depth, indent);
            append_block_label(out, drawing, inner);
            g_string_append_printf(out, "bgcolor=\"%s\"; color=\"%s\"; penwidth=%s;\n",
                                   depth % 2 ? "#ffffff" : "#f4f6f8", inner->times > 1 ? "#c98a78" : "#c2cad3",
                                   inner->times > 1 ? "1.6" : "1");
            append_block(out, drawing, inner, depth + 1);
            g_string_append_printf(out, "%s}\n", indent);
        }
        i = inner->end;
        child++;
    }
}

/* --------------------------------------------------------------------- edges */

static void append_edge(GString *out, const FvDrawing *drawing, guint from, const char *to, const char *more)
{
    g_autofree char *shape = shape_text(fv_plan_layer(drawing->plan, from).out);
    g_string_append_printf(out, "  n%d -> %s [label=\"  %s\"%s];\n", drawing->head[from], to, shape, more);
}

/* Of input @k, where inputs from @data on are looked at for their shape alone. First inputs pull: what they connect
 * stands in a line. */
static const char *edge_style(const FvPlanLayer *layer, int k, int data)
{
    if (k >= data)
        return ", label=\"\", style=dotted, arrowhead=none, tooltip=\"its shape alone\"";
    if (!layer->alive)
        return ", color=\"#c8ced4\", fontcolor=\"#9aa3ad\"";
    return k == 0 ? ", weight=8" : "";
}

/* Hidden blocks have no edges: what goes out of the last of them goes out of the one that is drawn. */
static void append_edges(GString *out, const FvDrawing *drawing)
{
    for (guint i = 0; i < fv_plan_layers(drawing->plan); i++) {
        const FvPlanLayer layer = fv_plan_layer(drawing->plan, i);
        const FvGraphNode *node = drawing->graph->nodes->pdata[i];
        if (drawing->shown[i] != i || drawing->head[i] != (int) i || layer.passes)
            continue;
        g_autofree char *to = g_strdup_printf("n%u", i);
        for (int k = 0; k < layer.input_count; k++)
            append_edge(out, drawing, drawing->shown[drawing->source[layer.inputs[k]]], to,
                        edge_style(&layer, k, layer.input_count - node->layer->shape_inputs));
    }
}

/* -------------------------------------------------------------------- losses */

static void append_losses(GString *out, const FvDrawing *drawing)
{
    const GPtrArray *losses = drawing->graph->losses;
    for (guint i = 0; i < losses->len; i++) {
        const FvTerm *term = losses->pdata[i];
        g_autofree char *text = fv_term_text(drawing->graph, term);
        g_autofree char *factor = fv_number_text(term->weight);
        g_autofree char *said = term->weight == 1 ? g_strdup(text) : g_strdup_printf("%s \u00d7 %s", factor, text);
        g_autofree char *label = quoted(said);
        g_autofree char *id = g_strdup_printf("loss%u", i);
        g_string_append_printf(out,
                               "  %s [label=%s, shape=box, style=\"rounded,filled\", fillcolor=\"#fbe3e1\", "
                               "color=\"#c9706a\", margin=\"0.12,0.06\", height=0.3];\n",
                               id, label);
        if (term->value >= 0)
            append_edge(out, drawing, drawing->shown[drawing->source[term->value]], id, ", style=dashed");
        if (losses->len > 1)
            g_string_append_printf(out, "  %s -> loss [style=dashed];\n", id);
    }
    if (losses->len > 1)
        g_string_append(out,
                        "  loss [label=\"loss\", shape=ellipse, style=filled, fillcolor=\"#f3c9c5\", "
                        "color=\"#c9706a\", height=0.3];\n");
}

char *fv_dot_text(const FvPlan *plan, const FvGraph *graph)
{
    g_autoptr(FvDrawing) drawing = fv_drawing_new(plan, graph);
    g_autoptr(GString) out = g_string_new(NULL);
    g_autofree char *name = quoted(graph->stem);
    g_autofree char *title = escaped(graph->stem);
    g_autofree char *flops = count_text(fv_plan_flops(plan));
    g_autofree char *parameters = grouped(fv_plan_parameter_count(plan));
    g_string_append_printf(out,
                           "digraph %s {\n"
                           "  graph [rankdir=TB, bgcolor=white, fontname=\"" FONT
                           "\", fontsize=11, labeljust=l, "
                           "labelloc=t, style=rounded, nodesep=0.3, ranksep=0.3, pad=0.25];\n"
                           "  node [shape=plain, fontname=\"" FONT
                           "\", fontsize=11];\n"
                           "  edge [fontname=\"" FONT
                           "\", fontsize=9, color=\"#7b8794\", fontcolor=\"#45505c\", "
                           "arrowsize=0.6];\n"
                           "  label=<<FONT POINT-SIZE=\"16\"><B>%s</B></FONT><BR ALIGN=\"LEFT\"/>"
                           "<FONT POINT-SIZE=\"10\" COLOR=\"" QUIET
                           "\">%s parameters \u00b7 %s FLOPs an image</FONT><BR ALIGN=\"LEFT\"/>>;\n",
                           name, title, parameters, flops);
    append_block(out, drawing, drawing->top, 0);
    append_edges(out, drawing);
    append_losses(out, drawing);
    g_string_append(out, "}\n");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

char *fv_dot_svg(const FvPlan *plan, const FvGraph *graph, GError **error)
{
    g_autofree char *program = g_find_program_in_path("dot");
    g_autofree char *text = fv_dot_text(plan, graph);
    g_autofree char *svg = NULL, *said = NULL;
    if (!program) {
        g_set_error_literal(error, FV_ERROR, FV_ERROR_IO,
                            "Graphviz draws it, but its program \"dot\" is not in PATH (Debian: apt install graphviz)");
        return NULL;
    }
    g_autoptr(GSubprocess) process = g_subprocess_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                                          G_SUBPROCESS_FLAGS_STDERR_PIPE,
                                                      error, program, "-Tsvg", NULL);
    if (!process || !g_subprocess_communicate_utf8(process, text, NULL, &svg, &said, error))
        return NULL;
    if (!g_subprocess_get_successful(process) || !svg || *svg == '\0') {
        g_set_error(error, FV_ERROR, FV_ERROR_IO, "dot: %.300s", said && *said ? g_strchomp(said) : "failed");
        return NULL;
    }
    return g_steal_pointer(&svg);
}
